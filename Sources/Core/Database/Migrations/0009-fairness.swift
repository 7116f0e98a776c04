extension Migration {
    /// Limits and turns of each user's generations.
    static let fairness = Migration(version: 9, name: "fairness", sql: [])
}
