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

    @Test(arguments: [
        Value.integer(.min), .integer(.max), .integer(0), .text(""), .text("nul \u{0} inside"), .text("\u{1F600}"),
        .text("e\u{301}"), .blob([]), .blob([0]), .blob([0, 255]), .null,
    ])
    func comesBackAsItWentIn(_ value: Value) throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        let returned = try connection.query("SELECT $1", value) { $0[0] }
        #expect(returned == [value])
    }

    @Test func aLargeBlobComesBack() throws {
        let blob = [UInt8](repeating: 7, count: 1_100_000)
        let connection = try SQLiteConnection(path: path, mode: .create)
        try connection.execute("CREATE TABLE t (a BLOB) STRICT")
        try connection.execute("INSERT INTO t VALUES ($1)", .blob(blob))
        #expect(try connection.query("SELECT a FROM t") { $0.blob(0) } == [blob])
    }

    @Test func optionalValuesKnowNull() throws {
        let connection = try SQLiteConnection(path: path, mode: .create)
        let row = try connection.query("SELECT NULL, 1, NULL, 'a'") {
            ($0.optionalInteger(0), $0.optionalInteger(1), $0.optionalText(2), $0.optionalText(3))
        }[0]
        #expect(row.0 == nil && row.1 == 1 && row.2 == nil && row.3 == "a")
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

    @Test func aReaderCannotWrite() throws {
        try SQLiteConnection(path: path, mode: .create).execute("CREATE TABLE t (a INTEGER) STRICT")
        let reader = try SQLiteConnection(path: path, mode: .read)
        #expect(throws: DatabaseError.self) { try reader.execute("INSERT INTO t VALUES (1)") }
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
