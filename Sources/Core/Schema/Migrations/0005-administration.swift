extension Migration {
    /// What a person settled where no rule could, indexes for the lists that people read, and what the operator's tools
    /// and the metrics remember.
    static let administration = Migration(
        version: 5,
        name: "administration",
        sql: [
            "ALTER TABLE payments ADD COLUMN assigned_user TEXT REFERENCES users (id)",
            "ALTER TABLE payments ADD COLUMN note TEXT",
            "ALTER TABLE payments ADD COLUMN dispute_us INTEGER NOT NULL DEFAULT 0",
            "CREATE INDEX payments_by_time ON payments (created_ms, order_id)",
            "CREATE INDEX payments_by_state ON payments (state, created_ms, order_id)",
            "DROP INDEX payments_parked",

            "ALTER TABLE deliveries ADD COLUMN replayed_ms INTEGER",
            "CREATE INDEX deliveries_by_verdict ON deliveries (verdict, id)",
            "CREATE INDEX deliveries_by_age ON deliveries (received_ms)",

            "CREATE INDEX users_by_email ON users (email COLLATE NOCASE) WHERE email IS NOT NULL",
            "CREATE INDEX users_in_debt ON users (debt) WHERE debt > 0",
            "CREATE INDEX users_by_time ON users (created_ms, id)",
            "CREATE INDEX generations_by_status ON generations (status, seq)",
            "CREATE INDEX audit_log_by_subject ON audit_log (subject, id)",

            // Two million entries are too many to add up for a page.
            """
            CREATE TABLE ledger_days (
                day     INTEGER NOT NULL,
                kind    TEXT    NOT NULL,
                entries INTEGER NOT NULL,
                credits INTEGER NOT NULL,
                PRIMARY KEY (day, kind)
            ) STRICT, WITHOUT ROWID
            """,
            "INSERT INTO ledger_days SELECT created_ms / 86400000, kind, count(*), sum(amount) FROM ledger_entry GROUP BY 1, 2",
            """
            CREATE TRIGGER a_ledger_entry_counts_for_its_day AFTER INSERT ON ledger_entry
            BEGIN
                INSERT INTO ledger_days VALUES (NEW.created_ms / 86400000, NEW.kind, 1, NEW.amount)
                ON CONFLICT DO UPDATE SET entries = entries + 1, credits = credits + NEW.amount;
            END
            """,
            """
            CREATE TABLE counters (
                name   TEXT    NOT NULL,
                labels TEXT    NOT NULL,
                value  INTEGER NOT NULL,
                PRIMARY KEY (name, labels)
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE operations (
                name  TEXT    NOT NULL PRIMARY KEY,
                facts TEXT    NOT NULL,
                at_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
        ])
}
