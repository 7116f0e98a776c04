extension Migration {
    /// Retention, and plans without a scan.
    static let upkeep = Migration(
        version: 12,
        name: "upkeep",
        sql: [
            "CREATE INDEX admins_by_grant ON admins (granted_ms, user_id)",
            // What is still to be forgotten, not what is.
            "CREATE INDEX deliveries_with_body ON deliveries (received_ms) WHERE body IS NOT NULL",
            // Sales that came to nothing, and pictures that are still there.
            """
            CREATE INDEX checkouts_given_up ON checkouts (created_ms)
            WHERE has_paid_order = 0 AND status <> 'succeeded'
            """,
            """
            CREATE INDEX generations_kept ON generations (coalesce(completed_ms, created_ms)) WHERE deleted_ms IS NULL
            """,
        ])
}
