extension Migration {
    /// Sessions that can be listed and ended, and who may have the trial.
    static let sessions = Migration(version: 10, name: "sessions", sql: [])
}
