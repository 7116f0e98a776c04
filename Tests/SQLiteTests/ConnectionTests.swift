import Database
import SQLite
import TestSupport
import Testing

@Suite struct ConnectionTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/t.db"
    }

    /// Beyond what every engine can.
    @Test func aTextMayHoldAZeroByte() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        #expect(try connection.query("SELECT $1", "nul \u{0} inside") { $0.text(0) } == ["nul \u{0} inside"])
    }

    @Test func aStatementIsUsedAgainWithOtherValues() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        for value in Int64(1)...100 {
            #expect(try connection.query("SELECT $1 + 1", .integer(value)) { $0.integer(0) } == [value + 1])
        }
    }

    /// SQLite numbers parameters as they appear, and calls `$2` the first if it comes first.
    @Test(arguments: [
        ("SELECT $2, $1", ["b", "a"]), ("SELECT $1, $1, $2", ["a", "a", "b"]),
        ("SELECT $2, $2, $1, $2", ["b", "b", "a", "b"]),
        ("SELECT $10, $2, $9, $1, $3, $4, $5, $6, $7, $8", ["j", "b", "i", "a", "c", "d", "e", "f", "g", "h"]),
    ])
    func aParameterIsTheOneOfItsNumber(_ sql: String, _ expected: [String]) throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        let letters = Array("abcdefghij".prefix(Set(expected).count)).map { Value.text(String($0)) }
        for _ in 1...2 {
            let found = try connection.query(sql, letters) { row in
                expected.indices.map { row.text(Int32($0)) }
            }
            #expect(found == [expected])
        }
    }

    @Test func aFailedStatementIsUsableAgain() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        try connection.execute("CREATE TABLE t (a INTEGER UNIQUE) STRICT")
        let insert = "INSERT INTO t VALUES ($1)"
        try connection.execute(insert, 1)
        let error = #expect(throws: DatabaseError.self) { try connection.execute(insert, 1) }
        #expect(error?.isTransient == true)
        try connection.execute(insert, 2)
        #expect(try connection.query("SELECT a FROM t ORDER BY a") { $0.integer(0) } == [1, 2])
    }

    @Test func anErrorNamesTheStatementAndNoValue() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        try connection.execute("CREATE TABLE t (a TEXT CHECK (a <> 'hunter2')) STRICT")
        let error = #expect(throws: DatabaseError.self) {
            try connection.execute("INSERT INTO t VALUES ($1)", .text("hunter2"))
        }
        #expect(error?.description.contains("INSERT INTO t VALUES ($1)") == true)
        #expect(error?.sql.contains("hunter2") == false)
    }

    @Test func onlyCreatingCreates() {
        #expect(throws: DatabaseError.self) { try SQLiteConnection(path: path, mode: .read) }
        #expect(throws: DatabaseError.self) { try SQLiteConnection(path: path, mode: .write) }
    }

    @Test(arguments: [
        ("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1"), ("cell_size_check", "1"),
        ("trusted_schema", "0"), ("wal_autocheckpoint", "1000"),
    ])
    func aWriterIsSetUpForMoney(_ pragma: String, _ value: String) throws {
        _ = try SQLiteConnection(path: path, mode: .create)
        let writer = try SQLiteConnection(path: path, mode: .write)
        let found = try writer.query("PRAGMA \(pragma)") { row -> String in
            switch row[0] {
            case .integer(let number): String(number)
            case .text(let text): text
            case .blob, .null: ""
            }
        }
        #expect(found == [value])
    }

    @Test func aTextInDoubleQuotesIsNoText() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        #expect(throws: DatabaseError.self) { try connection.query("SELECT \"nothing\"") { $0[0] } }
    }

    @Test func theSchemaCannotBeRewritten() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        try connection.execute("CREATE TABLE t (a INTEGER) STRICT")
        try? connection.execute("PRAGMA writable_schema = ON")
        #expect(throws: DatabaseError.self) { try connection.execute("DELETE FROM sqlite_schema") }
    }
}
