extension Migration {
    /// Users and their ledger. Amounts are whole credits; `created_ms` is Unix milliseconds.
    static let ledger = Migration(
        version: 1,
        name: "users and the ledger",
        sql: [
            """
            CREATE TABLE users (
                id         TEXT    NOT NULL PRIMARY KEY CHECK (length(CAST(id AS BLOB)) BETWEEN 1 AND 255),
                balance    INTEGER NOT NULL DEFAULT 0 CHECK (balance >= 0),
                debt       INTEGER NOT NULL DEFAULT 0 CHECK (debt >= 0),
                email      TEXT,
                name       TEXT,
                created_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE ledger_entry (
                id              INTEGER PRIMARY KEY,
                user_id         TEXT    NOT NULL REFERENCES users (id),
                kind            TEXT    NOT NULL CHECK (kind IN ('trial', 'purchase', 'charge', 'refund', 'clawback',
                                                                 'repayment', 'restoration', 'adjustment')),
                amount          INTEGER NOT NULL CHECK (
                                    CASE WHEN kind IN ('trial', 'purchase', 'refund', 'restoration') THEN amount > 0
                                         WHEN kind IN ('charge', 'clawback', 'repayment') THEN amount < 0
                                         ELSE amount <> 0 END),
                balance_after   INTEGER NOT NULL CHECK (balance_after >= 0),
                idempotency_key TEXT    NOT NULL UNIQUE,
                order_id        TEXT    CHECK ((order_id IS NOT NULL)
                                    = (kind IN ('purchase', 'clawback', 'repayment', 'restoration'))),
                generation_id   TEXT    CHECK ((generation_id IS NOT NULL) = (kind IN ('charge', 'refund'))),
                actor           TEXT    CHECK (kind <> 'adjustment' OR actor IS NOT NULL),
                reason          TEXT    CHECK (kind <> 'adjustment' OR coalesce(reason, '') <> ''),
                created_ms      INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX ledger_entry_by_user ON ledger_entry (user_id, id)",
            "CREATE INDEX ledger_entry_by_order ON ledger_entry (order_id) WHERE order_id IS NOT NULL",
            "CREATE INDEX ledger_entry_by_generation ON ledger_entry (generation_id) WHERE generation_id IS NOT NULL",
            "CREATE INDEX ledger_entry_purchases ON ledger_entry (user_id) WHERE kind = 'purchase'",
            """
            CREATE TRIGGER ledger_entry_is_never_changed BEFORE UPDATE ON ledger_entry
            BEGIN SELECT RAISE(ABORT, 'ledger entries are never changed'); END
            """,
            """
            CREATE TRIGGER ledger_entry_is_never_removed BEFORE DELETE ON ledger_entry
            BEGIN SELECT RAISE(ABORT, 'ledger entries are never removed'); END
            """,
            // REPLACE removes a row without asking the trigger above.
            """
            CREATE TRIGGER ledger_entry_is_never_replaced BEFORE INSERT ON ledger_entry
            WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.id OR idempotency_key = NEW.idempotency_key)
            BEGIN SELECT RAISE(ABORT, 'ledger entries are never replaced'); END
            """,
            """
            CREATE TRIGGER a_ledger_entry_continues_the_balance BEFORE INSERT ON ledger_entry
            WHEN NEW.balance_after IS NOT (SELECT balance + NEW.amount FROM users WHERE id = NEW.user_id)
            BEGIN SELECT RAISE(ABORT, 'a ledger entry continues the balance'); END
            """,
            """
            CREATE TRIGGER a_ledger_entry_moves_the_balance AFTER INSERT ON ledger_entry
            BEGIN UPDATE users SET balance = NEW.balance_after WHERE id = NEW.user_id; END
            """,
            """
            CREATE TRIGGER a_balance_is_moved_by_the_ledger_alone BEFORE UPDATE OF balance ON users
            WHEN NEW.balance IS NOT (SELECT balance_after FROM ledger_entry WHERE user_id = NEW.id
                                     ORDER BY id DESC LIMIT 1)
            BEGIN SELECT RAISE(ABORT, 'a balance is moved by the ledger alone'); END
            """,
            """
            CREATE TRIGGER a_user_begins_with_nothing BEFORE INSERT ON users WHEN NEW.balance <> 0 OR NEW.debt <> 0
            BEGIN SELECT RAISE(ABORT, 'a user begins with nothing'); END
            """,
            """
            CREATE TRIGGER a_user_with_entries_stays BEFORE DELETE ON users
            WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE user_id = OLD.id)
            BEGIN SELECT RAISE(ABORT, 'a user with entries stays'); END
            """,
            """
            CREATE TABLE billing_settings (
                id                 INTEGER PRIMARY KEY CHECK (id = 1),
                pack_price_cents   INTEGER NOT NULL CHECK (pack_price_cents BETWEEN 50 AND 1000000),
                credits_per_pack   INTEGER NOT NULL CHECK (credits_per_pack BETWEEN 1 AND 1000000),
                refund_on_failure  INTEGER NOT NULL CHECK (refund_on_failure IN (0, 1)),
                free_trial_credits INTEGER NOT NULL CHECK (free_trial_credits BETWEEN 0 AND 10000),
                currency           TEXT    NOT NULL CHECK (length(currency) = 3),
                version            INTEGER NOT NULL,
                updated_ms         INTEGER,
                updated_by         TEXT
            ) STRICT
            """,
            "INSERT INTO billing_settings VALUES (1, 500, 420, 1, 10, 'usd', 1, NULL, NULL)",
        ])
}
