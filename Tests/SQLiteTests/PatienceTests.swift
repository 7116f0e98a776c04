import Database
import Glibc
import TestSupport
import Testing
import Threads

@testable import SQLite

/// The lane has an end: who waits too long is told so, and nothing of it is ever written.
@Suite struct PatienceTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let broken = Monitor<[DatabaseError]>([])

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/t.db"
        try SQLiteConnection(path: path, mode: .create).execute(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER, c BLOB) STRICT")
    }

    private func writer(patience: Duration = .milliseconds(300)) throws -> SQLiteEngine {
        try SQLiteEngine(path: path, patience: patience) { [broken] error in broken.withLock { $0.append(error) } }
    }

    private func values() throws -> [Int64] {
        try SQLiteConnection(path: path, mode: .read).query("SELECT b FROM t ORDER BY b") { $0.integer(0) }
    }

    private static func insert(_ value: Int64) -> @Sendable (borrowing Transaction) throws(DatabaseError) -> Int64 {
        { transaction throws(DatabaseError) in
            try transaction.connection.execute("INSERT INTO t (b) VALUES ($1)", .integer(value))
            return value
        }
    }

    /// Both ways in which somebody else can hold everything up.
    enum Obstacle: CaseIterable { case lane, lock }

    private func hold(_ obstacle: Obstacle) throws -> () throws -> Void {
        switch obstacle {
        case .lane:
            let lane = unsafe open(path + ".lane", O_RDWR | O_CREAT, 0o600)
            #expect(lane >= 0 && flock(lane, LOCK_EX) == 0)
            return { close(lane) }
        case .lock:
            let other = try SQLiteConnection(path: path, mode: .write)
            try other.execute("BEGIN IMMEDIATE")
            return { try other.execute("ROLLBACK") }
        }
    }

    @Test(arguments: Obstacle.allCases)
    func whatWaitedTooLongIsNeverWritten(_ obstacle: Obstacle) throws {
        let writer = try writer()
        let release = try hold(obstacle)
        let refused = Monitor(0)
        let started = ContinuousClock.now
        atOnce(16) { number in
            do throws(WriteError) { _ = try writer.write(Self.insert(Int64(number))) } catch {
                if error == .failed(.noTurn) { refused.withLock { $0 += 1 } }
            }
        }
        let waited = started.duration(to: .now)
        #expect(refused.withLock { $0 } == 16)
        #expect(waited >= .milliseconds(300) && waited < .seconds(3), "\(waited)")
        #expect(DatabaseError.noTurn.isTransient)
        try release()
        // The writer itself has not given up.
        try eventually("it writes again", within: .seconds(5)) { (try? writer.write(Self.insert(99))) == 99 }
        #expect(try values().filter { $0 != 99 } == [])
        #expect(broken.withLock { $0.isEmpty })
    }

    @Test func itGoesOnAsSoonAsTheTurnComes() throws {
        let writer = try writer(patience: .seconds(60))
        let release = try hold(.lane)
        let result = Monitor<Int64?>(nil)
        startThread {
            let written = try? writer.write(Self.insert(7))
            result.withLock { $0 = written ?? -1 }
        }
        #expect(result.withLock { $0 } == nil)
        try release()
        #expect(result.wait { $0 } == 7)
    }

    /// With readers that overlap there is never a moment without one.
    @Test func theLogStaysShortBesideOverlappingReaders() throws {
        let writer = try writer(patience: .seconds(60))
        let isOver = Monitor(false)
        for _ in 0..<2 {
            startThread {
                while !isOver.withLock({ $0 }) {
                    _ = try? writer.read { connection throws(DatabaseError) in
                        try connection.integer(
                            """
                            WITH RECURSIVE n (i) AS (SELECT (SELECT count(*) FROM t) UNION ALL
                                                     SELECT i + 1 FROM n LIMIT 100000)
                            SELECT max(i) FROM n
                            """)
                    }
                }
            }
        }
        defer { isOver.withLock { $0 = true } }
        var longest: Int64 = 0
        for number in 0..<600 {
            let bytes = [UInt8](repeating: UInt8(number & 0xFF), count: 256 << 10)
            try writer.write { transaction throws(DatabaseError) in
                try transaction.connection.execute(
                    "INSERT INTO t (a, c) VALUES ($1, $2) ON CONFLICT DO UPDATE SET c = $2",
                    .integer(Int64(number % 8)), .blob(bytes))
            }
            longest = max(longest, writer.logBytes)
        }
        #expect(longest < 64 << 20, "of 150 MiB written: \(longest)")
    }

    /// Each is made at the same place, after the other, and read while the next one is made.
    @Test func copiesDoNotMeet() throws {
        let writer = try writer(patience: .seconds(60))
        for value in Int64(0)..<100 { _ = try writer.write(Self.insert(value)) }
        let path = path
        atOnce(8) { _ in
            for _ in 0..<20 {
                do throws(DatabaseError) {
                    let copy = try SQLiteConnection.privateCopy(of: path, by: path + ".copy")
                    let counted = try copy.integer("SELECT count(*) FROM t")
                    let checked = try copy.query("PRAGMA integrity_check") { $0.text(0) }
                    #expect(counted == 100 && checked == ["ok"])
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
    }

    @Test func aCopyIsWholeAndAlone() throws {
        let writer = try writer()
        for value in Int64(0)..<10 { _ = try writer.write(Self.insert(value)) }
        let copy = try SQLiteConnection.privateCopy(of: path, by: path + ".copy")
        _ = try writer.write(Self.insert(10))
        #expect(try copy.integer("SELECT count(*) FROM t") == 10)
        #expect(try copy.query("PRAGMA integrity_check") { $0.text(0) } == ["ok"])
        try SQLiteConnection.copy(of: path, to: path + ".second")
        #expect(try SQLiteConnection(path: path + ".second", mode: .copy).integer("SELECT count(*) FROM t") == 11)
        #expect(
            try Bytes.names(in: directory.path) == [
                "t.db", "t.db-shm", "t.db-wal", "t.db.lane", "t.db.open", "t.db.second",
            ])
    }
}
