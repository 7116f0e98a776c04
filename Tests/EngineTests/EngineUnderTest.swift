import Database
import SQLite
import TestSupport
import Testing
import Threads

/// An engine as its contract meets it. Every engine there is stands in ``all``.
struct EngineUnderTest: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A place of its own in a directory.
    let place: @Sendable (_ directory: String) -> any Place
    /// `id` counts by itself; `a` is a whole number but 13, `b` a text that stands once, `c` bytes.
    let table: String

    static let all = [
        EngineUnderTest(
            testDescription: "SQLite", place: { SQLiteFile($0 + "/t.db") },
            table: """
                CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER CHECK (a <> 13), b TEXT UNIQUE, c BLOB) STRICT
                """)
    ]
}

/// An open database with the table, in a directory of its own.
final class Ground: Sendable {
    typealias Insert = @Sendable (borrowing Transaction) throws(DatabaseError) -> Int64

    let path: String
    let engine: any Engine
    let broken: Monitor<[DatabaseError]>
    private let directory: TemporaryDirectory

    init(_ kind: EngineUnderTest, commitGroup: Int = 64) throws {
        let broken = Monitor<[DatabaseError]>([])
        directory = try TemporaryDirectory()
        path = directory.path
        self.broken = broken
        let place = kind.place(path)
        let table = kind.table
        try place.migrate { transaction throws(DatabaseError) in try transaction.connection.execute(table) }
        engine = try place.open(commitGroup: commitGroup) { error in broken.withLock { $0.append(error) } }
    }

    static func insert(_ number: Int64) -> Insert {
        { transaction throws(DatabaseError) in
            try transaction.connection.execute("INSERT INTO t (a) VALUES ($1)", .integer(number))
            return number
        }
    }

    func numbers() throws -> [Int64] {
        try engine.read { connection throws(DatabaseError) in
            try connection.query("SELECT a FROM t ORDER BY a") { $0.integer(0) }
        }
    }
}
