extension Migration {
    /// Retention, and plans without a scan.
    static let upkeep = Migration(version: 12, name: "upkeep", sql: [])
}
