extension Migration {
    /// Sessions that can be listed and ended, and who may have the trial.
    static let sessions = Migration(
        version: 10,
        name: "sessions",
        sql: [
            // What the issuer said of the address, 1 for verified; NULL: nothing.
            "ALTER TABLE sessions ADD COLUMN email_verified INTEGER CHECK (email_verified IN (0, 1))",
            // The issuer's own session (`sid`), and roughly what signed in and from where, in words of ours.
            "ALTER TABLE sessions ADD COLUMN issuer_session TEXT",
            "ALTER TABLE sessions ADD COLUMN agent TEXT",
            "ALTER TABLE sessions ADD COLUMN network TEXT",
            "ALTER TABLE sessions ADD COLUMN used_ms INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE sessions ADD COLUMN admin_used_ms INTEGER NOT NULL DEFAULT 0",
            "UPDATE sessions SET used_ms = created_ms, admin_used_ms = created_ms",
            "CREATE INDEX sessions_by_user ON sessions (user_id, created_ms)",
            """
            CREATE INDEX sessions_by_issuer_session ON sessions (issuer_session) WHERE issuer_session IS NOT NULL
            """,
            // Each logout token counts once.
            """
            CREATE TABLE logout_tokens (
                id_hash    BLOB    NOT NULL PRIMARY KEY CHECK (length(id_hash) = 32),
                expires_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX logout_tokens_by_expiry ON logout_tokens (expires_ms)",

            // NULL: seen before this step; then the trial was given, and the address is noted with the next sight.
            """
            ALTER TABLE users ADD COLUMN trial TEXT CHECK (
                trial IN ('given', 'given_unnoted', 'unverified', 'repeated', 'limited', 'none'))
            """,
            // Addresses that had their trial, each as HMAC-SHA256 under the key below: nobody can be found in here.
            """
            CREATE TABLE trial_emails (
                email_hash BLOB NOT NULL PRIMARY KEY CHECK (length(email_hash) = 32)
            ) STRICT, WITHOUT ROWID
            """,
            "INSERT INTO keys VALUES ('trial_email', randomblob(32))",
            // Days since 1970, in UTC.
            "CREATE TABLE trial_days (day INTEGER PRIMARY KEY, trials INTEGER NOT NULL) STRICT",
            // When a token of an issuer last carried email_verified.
            """
            CREATE TABLE email_claims (
                issuer  TEXT    NOT NULL PRIMARY KEY,
                seen_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
        ])
}
