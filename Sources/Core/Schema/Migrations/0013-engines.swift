extension Migration {
    /// What other engines could not take as it stood: a collation of SQLite's own, and arithmetic that is no guard.
    static let engines = Migration(
        version: 13,
        name: "engines",
        sql: [
            "CREATE INDEX users_by_address ON users (lower(email)) WHERE email IS NOT NULL",
            "DROP INDEX users_by_email",
            "DROP TRIGGER a_ledger_entry_counts_for_its_day",
        ])
}
