extension Migration {
    /// The client's idempotency keys beside the effects they name.
    static let keys = Migration(version: 8, name: "keys", sql: [])
}
