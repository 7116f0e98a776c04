extension Migration {
    /// What orders and their reconciliation need.
    static let sales = Migration(version: 11, name: "sales", sql: [])
}
