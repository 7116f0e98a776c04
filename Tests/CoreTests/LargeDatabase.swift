import Database
import TestSupport

@testable import Core

/// A database with many of everything, written past the rules and still as they want it.
enum LargeDatabase {
    /// - Parameter users: twice as many payments and twenty times as many ledger entries come with them.
    static func fill(_ test: TestStore, users: Int64, until end: Instant = TestStore.now) throws {
        let connection = try test.connection()
        try connection.execute("PRAGMA temp_store = MEMORY")
        try connection.execute("BEGIN IMMEDIATE")
        try connection.execute(
            "CREATE TEMP TABLE large AS SELECT $1 AS users, $2 AS end_ms", .integer(users), .integer(end.rawValue))
        let triggers = try connection.query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'") {
            (name: $0.text(0), sql: $0.text(1))
        }
        for trigger in triggers { try connection.execute("DROP TRIGGER \(trigger.name)") }
        for statement in try statements() { try connection.execute(statement) }
        for trigger in triggers { try connection.execute(trigger.sql) }
        try connection.execute("COMMIT")
    }

    private static func statements() throws -> [String] {
        let lines = try Places.text(of: "\(Places.repository)/Tests/Fixtures/large.sql")
            .split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("--") }
        return lines.joined(separator: "\n").split(separator: ";\n").map(String.init)
            .filter { $0.contains { !$0.isWhitespace } }
    }
}
