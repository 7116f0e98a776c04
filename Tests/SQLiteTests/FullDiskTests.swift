import Database
import SQLite
import TestSupport
import Testing
import Threads

/// A database that has no room, by SQLite's own limit: the same code as a full disk gives.
@Suite struct FullDiskTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let broken = Monitor<[DatabaseError]>([])

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/t.db"
        try SQLiteConnection(path: path, mode: .create).execute("CREATE TABLE t (a INTEGER PRIMARY KEY, c BLOB) STRICT")
    }

    private static func limit(_ pages: Int64) -> @Sendable (borrowing Transaction) throws(DatabaseError) -> Void {
        { transaction throws(DatabaseError) in
            try transaction.connection.execute("PRAGMA max_page_count = \(pages)")
        }
    }

    private static func insert(_ bytes: Int) -> @Sendable (borrowing Transaction) throws(DatabaseError) -> Void {
        { transaction throws(DatabaseError) in
            try transaction.connection.execute(
                "INSERT INTO t (c) VALUES ($1)", .blob([UInt8](repeating: 1, count: bytes)))
        }
    }

    @Test func fullIsAnAnswerAndLaterThereIsRoomAgain() throws {
        let writer = try SQLiteEngine(path: path) { [broken] error in broken.withLock { $0.append(error) } }
        try writer.write(Self.limit(20))
        let error = #expect(throws: WriteError.self) { try writer.write(Self.insert(200_000)) }
        guard case .failed(let reason) = error else { Issue.record("\(String(describing: error))"); return }
        #expect(reason.kind == .full && reason.isTransient)
        try writer.write(Self.insert(10))
        try writer.write(Self.limit(1_000_000))
        try writer.write(Self.insert(200_000))
        let lengths = try SQLiteConnection(path: path, mode: .read).query("SELECT length(c) FROM t") { $0.integer(0) }
        #expect(lengths == [10, 200_000])
        #expect(broken.withLock { $0.isEmpty }, "a full disk ends no process")
    }

    @Test func everyOneOfTheGroupIsToldTheTruth() throws {
        let writer = try SQLiteEngine(path: path) { [broken] error in broken.withLock { $0.append(error) } }
        try writer.write(Self.limit(30))
        let gate = Monitor(0)
        let written = Monitor<Int64>(0)
        startThread {
            let _: Void? = try? writer.write { _ throws(DatabaseError) in gate.wait { $0 == 16 ? () : nil } }
        }
        atOnce(16) { number in
            gate.withLock { $0 += 1 }
            let isLarge = number == 7
            do throws(WriteError) {
                try writer.write(Self.insert(isLarge ? 500_000 : 1))
                written.withLock { $0 += isLarge ? 1000 : 1 }
            } catch {
                guard case .failed = error else { Issue.record("\(error)"); return }
            }
        }
        let rows = try SQLiteConnection(path: path, mode: .read).query("SELECT count(*) FROM t") { $0.integer(0) }
        #expect(rows == [written.withLock { $0 }], "who was told that it is there, is there, and nobody else")
        try writer.write(Self.insert(1))
    }
}

@Suite struct DamagedFileTests {
    /// What SQLite finds damaged ends the writer: nothing more is written on top of it.
    @Test func aDamagedFileBreaksTheWriter() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/t.db"
        let broken = Monitor<[DatabaseError]>([])
        let creation = try SQLiteConnection(path: path, mode: .create)
        try creation.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, c BLOB) STRICT")
        try creation.execute("INSERT INTO t (c) VALUES (x'00')")
        try creation.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try Bytes.overwrite(path, from: 4096, with: [UInt8](repeating: 0xFF, count: 4096))

        let writer = try SQLiteEngine(path: path) { error in broken.withLock { $0.append(error) } }
        let insert: @Sendable (borrowing Transaction) throws(DatabaseError) -> Void = {
            transaction throws(DatabaseError) in
            try transaction.connection.execute("INSERT INTO t (c) VALUES (x'01')")
        }
        let error = #expect(throws: WriteError.self) { try writer.write(insert) }
        guard case .failed(let reason) = error else { Issue.record("\(String(describing: error))"); return }
        #expect(!reason.isTransient)
        broken.wait { $0.isEmpty ? nil : () }
        #expect(throws: WriteError.failed(reason)) { try writer.write(insert) }
        #expect(broken.withLock { $0 } == [reason], "told once")
    }
}
