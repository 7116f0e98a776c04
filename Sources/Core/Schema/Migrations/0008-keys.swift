extension Migration {
    /// The client's idempotency keys beside the effects they name.
    static let keys = Migration(
        version: 8,
        name: "keys",
        sql: [
            // What was refused is decided anew; what has no answer belongs to nobody any more.
            "DELETE FROM idempotency_keys WHERE status IS NULL OR status NOT BETWEEN 200 AND 399",
            """
            ALTER TABLE idempotency_keys
            ADD COLUMN generation_id TEXT CHECK (status IS NULL OR status BETWEEN 200 AND 399)
            """,
            // A checkout waits for Polar outside of any transaction: until it is answered, its key leads to its row.
            """
            ALTER TABLE idempotency_keys
            ADD COLUMN checkout_id TEXT CHECK ((checkout_id IS NOT NULL) = (status IS NULL))
            """,
            """
            ALTER TABLE idempotency_keys
            ADD COLUMN claimed_ms INTEGER CHECK (claimed_ms IS NULL OR checkout_id IS NOT NULL)
            """,
            "ALTER TABLE generations ADD COLUMN request_key TEXT",
            // By status in general it was also chosen for the jobs that wait, and sorted all of them for each claim.
            "DROP INDEX IF EXISTS generations_by_status",
            "CREATE INDEX generations_failed ON generations (seq) WHERE status = 'failed'",
            """
            CREATE UNIQUE INDEX generations_by_request_key ON generations (user_id, request_key)
            WHERE request_key IS NOT NULL
            """,
        ])
}
