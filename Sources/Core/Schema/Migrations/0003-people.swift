extension Migration {
    /// Sessions, admins, what admins did, and the answers that an idempotency key brings back.
    static let people = Migration(
        version: 3,
        name: "sessions, admins and idempotency keys",
        sql: [
            """
            CREATE TABLE sessions (
                token_hash BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
                user_id    TEXT    NOT NULL,
                email      TEXT,
                name       TEXT,
                created_ms INTEGER NOT NULL,
                expires_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX sessions_by_expiry ON sessions (expires_ms)",
            """
            CREATE TABLE keys (
                name  TEXT NOT NULL PRIMARY KEY,
                value BLOB NOT NULL CHECK (length(value) = 32)
            ) STRICT, WITHOUT ROWID
            """,
            "INSERT INTO keys VALUES ('form_token', randomblob(32))",
            """
            CREATE TABLE admins (
                user_id    TEXT    NOT NULL PRIMARY KEY,
                granted_ms INTEGER NOT NULL,
                granted_by TEXT    NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE audit_log (
                id         INTEGER PRIMARY KEY,
                actor      TEXT    NOT NULL,
                action     TEXT    NOT NULL,
                subject    TEXT    NOT NULL,
                old        TEXT,
                new        TEXT,
                created_ms INTEGER NOT NULL
            ) STRICT
            """,
            """
            CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END
            """,
            """
            CREATE TRIGGER audit_log_is_never_removed BEFORE DELETE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'the audit log is never removed'); END
            """,
            """
            CREATE TRIGGER audit_log_is_never_replaced BEFORE INSERT ON audit_log
            WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = NEW.id)
            BEGIN SELECT RAISE(ABORT, 'the audit log is never replaced'); END
            """,
            """
            CREATE TABLE idempotency_keys (
                user_id      TEXT    NOT NULL,
                key          TEXT    NOT NULL,
                request_hash BLOB    NOT NULL,
                status       INTEGER,
                headers      TEXT,
                body         BLOB,
                created_ms   INTEGER NOT NULL,
                PRIMARY KEY (user_id, key)
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_ms)",
        ])
}
