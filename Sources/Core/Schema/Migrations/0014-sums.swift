extension Migration {
    /// Sums out of the way of the transactions that add to them, and triggers that only refuse.
    static let sums = Migration(
        version: 14,
        name: "sums",
        sql: [
            """
            CREATE TABLE sums (
                name   TEXT    NOT NULL,
                key    TEXT    NOT NULL,
                day    INTEGER NOT NULL,
                count  INTEGER NOT NULL,
                amount INTEGER NOT NULL,
                PRIMARY KEY (name, key, day)
            ) STRICT, WITHOUT ROWID
            """,
            // What was not taken into them yet.
            """
            CREATE TABLE sum_changes (
                id     INTEGER PRIMARY KEY,
                name   TEXT    NOT NULL,
                key    TEXT    NOT NULL,
                day    INTEGER NOT NULL,
                count  INTEGER NOT NULL,
                amount INTEGER NOT NULL
            ) STRICT
            """,
            "INSERT INTO sums SELECT 'ledger', kind, day, entries, credits FROM ledger_days",
            """
            INSERT INTO sums SELECT 'sold', environment || ' ' || currency, day, orders, sold_cents FROM money_days
            WHERE orders <> 0 OR sold_cents <> 0
            """,
            """
            INSERT INTO sums SELECT 'refunded', environment || ' ' || currency, day, 0, refunded_cents FROM money_days
            WHERE refunded_cents <> 0
            """,
            // Those that wait or are in hand are counted when somebody asks.
            """
            INSERT INTO sums SELECT 'generations', status, 0, generations, 0 FROM generation_counts
            WHERE status IN ('completed', 'failed', 'cancelled')
            """,
            """
            INSERT INTO sums
            SELECT 'counters', CASE labels WHEN '' THEN name ELSE name || '{' || labels || '}' END, 0, value, 0
            FROM counters
            """,
            "DROP TRIGGER a_ledger_entry_moves_the_balance",
            // Whoever does not move the balance after an entry writes no second one.
            "DROP TRIGGER a_ledger_entry_continues_the_balance",
            """
            CREATE TRIGGER a_ledger_entry_continues_the_balance BEFORE INSERT ON ledger_entry
            WHEN NEW.balance_after IS NOT (SELECT balance + NEW.amount FROM users WHERE id = NEW.user_id)
                OR NEW.balance_after IS NOT NEW.amount + coalesce(
                    (SELECT balance_after FROM ledger_entry WHERE user_id = NEW.user_id ORDER BY id DESC LIMIT 1), 0)
            BEGIN SELECT RAISE(ABORT, 'a ledger entry continues the balance'); END
            """,
            "DROP TRIGGER a_sale_counts_for_its_day",
            "DROP TRIGGER a_sale_that_changes_is_counted_anew",
            "DROP TRIGGER a_generation_is_counted",
            "DROP TRIGGER a_generation_that_moves_on_is_counted_anew",
            "DROP TRIGGER image_bytes_are_counted",
            "DROP TRIGGER image_bytes_that_change_are_counted_anew",
            "DROP TABLE ledger_days",
            "DROP TABLE money_days",
            "DROP TABLE generation_counts",
            "DROP TABLE counters",
        ])
}
