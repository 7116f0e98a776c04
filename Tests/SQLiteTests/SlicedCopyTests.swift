import Database
import Glibc
import TestSupport
import Testing
import Threads

@testable import SQLite

/// A copy that is made while others write is one committed state, and leaves the log short.
@Suite(.serialized) struct SlicedCopyTests {
    private let directory: TemporaryDirectory
    private let path: String
    private static let rows: Int64 = 6000
    private static let sum: Int64 = 1_000_000

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/t.db"
    }

    /// 24 MB: many slices.
    private func fill() throws { try Self.fill(SQLiteConnection(path: path, mode: .create), rowBytes: 4000) }

    private static func fill(_ connection: SQLiteConnection, rowBytes: Int) throws {
        for name in ["a", "b", "extra"] {
            try connection.execute("CREATE TABLE \(name) (id INTEGER PRIMARY KEY, v INTEGER, c BLOB) STRICT")
        }
        try connection.execute("INSERT INTO b VALUES (1, $1, NULL)", .integer(sum))
        try connection.execute(
            """
            WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
            INSERT INTO a SELECT i, 0, randomblob(\(rowBytes)) FROM n
            """)
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    private func writer() throws -> SQLiteEngine {
        try SQLiteEngine(path: path, patience: .seconds(60)) { error in Issue.record("\(error)") }
    }

    /// Moves 1 from one table to the other and lets a third grow and shrink.
    private static func move(_ number: Int, on connection: Connection) throws(DatabaseError) {
        try connection.execute("UPDATE a SET v = v + 1 WHERE id = $1", .integer(Int64(number) * 7919 % rows + 1))
        try connection.execute(
            "INSERT INTO extra (c) VALUES ($1)", .blob([UInt8](repeating: UInt8(number & 0xFF), count: 20_000)))
        if number % 50 == 49 { try connection.execute("DELETE FROM extra WHERE id % 3 > 0") }
        try connection.execute("UPDATE b SET v = v - 1")
    }

    private static func moved(_ copy: SQLiteConnection) throws(DatabaseError) -> Int64 {
        #expect(try copy.query("PRAGMA integrity_check") { $0.text(0) } == ["ok"])
        let moved = try copy.integer("SELECT sum(v) FROM a")
        #expect(try moved + copy.integer("SELECT v FROM b") == sum)
        return moved
    }

    private func underLoad(_ body: () throws -> Void) throws {
        try fill()
        let isOver = Monitor(false)
        let writing = Monitor(2)
        for number in 0..<2 {
            let writer = try writer()
            startThread {
                var turn = number
                while !isOver.withLock({ $0 }) {
                    do throws(WriteError) {
                        try writer.write { [turn] transaction throws(DatabaseError) in
                            try Self.move(turn, on: transaction.connection)
                        }
                    } catch {
                        Issue.record("\(error)")
                    }
                    turn += 2
                }
                writing.withLock { $0 -= 1 }
            }
        }
        defer {
            isOver.withLock { $0 = true }
            writing.wait { $0 == 0 ? () : nil }
        }
        try body()
    }

    @Test(arguments: [false, true])
    func aCopyIsOneCommittedState(whileSomebodyReads: Bool) throws {
        let log = WriteAheadLog(of: path)
        var (last, longest): (Int64, Int64) = (-1, 0)
        try underLoad {
            for _ in 0..<8 {
                let reader = try SQLiteConnection(path: path, mode: .read)
                if whileSomebodyReads {
                    try reader.execute("BEGIN")
                    _ = try reader.integer("SELECT count(*) FROM b")
                }
                let moved = try Self.moved(sliced())
                // Writers wait for a reader who stays once the log is long, which a copy is not.
                #expect(moved > last || whileSomebodyReads && moved == last, "nobody is kept from writing")
                last = moved
                longest = max(longest, log.bytes)
            }
        }
        let end = try Self.moved(sliced())
        #expect(try end == SQLiteConnection(path: path, mode: .read).integer("SELECT sum(v) FROM a"))
        // Whoever reads without an end lets it grow, copy or not.
        #expect(whileSomebodyReads || longest < 40 << 20, "\(longest)")
    }

    /// Not in one step.
    private func sliced() throws -> SQLiteConnection {
        let copy = directory.path + "/copy"
        _ = unsafe unlink(copy)
        let descriptor = unsafe open(copy, O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        #expect(try SlicedCopy.make(of: path, to: descriptor))
        try Bytes.overwrite(copy, from: 18, with: [1, 1])
        return try SQLiteConnection(path: copy, mode: .copy)
    }

    @Test func copiersDoNotMeet() throws {
        let path = path
        try underLoad {
            atOnce(3) { number in
                do throws(DatabaseError) {
                    for round in 0..<3 {
                        let copy = path + ".\(number).\(round)"
                        try SQLiteConnection.copy(of: path, to: copy)
                        _ = try Self.moved(SQLiteConnection(path: copy, mode: .copy))
                    }
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
    }

    /// At any time, whoever knows nothing of the copier commits, checkpoints, begins the log anew, reads, makes
    /// the file shorter: the copy is what its last transaction saw.
    @Test(arguments: 0..<12)
    func strangersDoWhatTheyLike(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        try fillSmall()
        let stranger = try Self.stranger(path)
        let reader = try SQLiteConnection(path: path, mode: .read)
        var isReading = false
        let target = unsafe open(path + ".copy", O_RDWR | O_CREAT, 0o600)
        defer { close(target) }
        let copy = try #require(try SlicedCopy(of: path, to: target))
        var (moves, steps) = (0, 0)
        repeat {
            if steps == 0 || Int.random(in: 0..<3, using: &random) == 0 { #expect(try copy.goOn()) }
            for _ in 0..<Int.random(in: 0..<5, using: &random) where steps < 300 {
                switch Int.random(in: 0..<12, using: &random) {
                case 0..<6:
                    try stranger.execute("BEGIN IMMEDIATE")
                    try Self.move(moves, on: stranger)
                    try stranger.execute("COMMIT")
                    moves += 1
                case 6: _ = try? stranger.execute("PRAGMA wal_checkpoint(PASSIVE)")
                case 7: _ = try? stranger.execute("PRAGMA wal_checkpoint(RESTART)")
                case 8, 9: _ = try? stranger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                case 10: if Int.random(in: 0..<20, using: &random) == 0 { try stranger.execute("VACUUM") }
                case _:
                    try reader.execute(isReading ? "COMMIT" : "BEGIN")
                    if !isReading { _ = try reader.integer("SELECT count(*) FROM b") }
                    isReading.toggle()
                }
            }
            steps += 1
        } while try !copy.copySlice(within: .zero)
        try expectCopied(copy)
        #expect(moves > 20)
    }

    /// Also while the copier goes from one transaction to the next.
    @Test func aStrangerBeginsTheLogAnewAllTheTime() throws {
        try fillSmall()
        let (path, isOver, hasEnded) = (path, Monitor(false), Monitor(false))
        startThread {
            do throws(DatabaseError) {
                let stranger = try Self.stranger(path)
                var moves = 0
                while !isOver.withLock({ $0 }) {
                    try stranger.execute("BEGIN IMMEDIATE")
                    try Self.move(moves, on: stranger)
                    if moves % 10 == 0 { try stranger.execute("DELETE FROM extra") }
                    try stranger.execute("COMMIT")
                    moves += 1
                    try? stranger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                }
            } catch {
                Issue.record("\(error)")
            }
            hasEnded.withLock { $0 = true }
        }
        defer {
            isOver.withLock { $0 = true }
            hasEnded.wait { $0 ? () : nil }
        }
        for _ in 0..<12 {
            _ = unsafe unlink(path + ".copy")
            let target = unsafe open(path + ".copy", O_RDWR | O_CREAT, 0o600)
            defer { close(target) }
            let copy = try #require(try SlicedCopy(of: path, to: target))
            var patience = Duration.milliseconds(1)
            repeat {
                #expect(try copy.goOn())
                patience = patience * 5 / 4
            } while try !copy.copySlice(within: patience)
            try expectCopied(copy)
        }
    }

    private func fillSmall() throws {
        let small = try SQLiteConnection(path: path, mode: .copy)
        try small.execute("PRAGMA page_size = 512")
        try small.execute("PRAGMA synchronous = OFF")
        try small.execute("PRAGMA journal_mode = WAL")
        try Self.fill(small, rowBytes: 400)
    }

    private static func stranger(_ path: String) throws(DatabaseError) -> SQLiteConnection {
        let stranger = try SQLiteConnection(path: path, mode: .copy, busyTimeout: .zero)
        try stranger.execute("PRAGMA synchronous = OFF")
        return stranger
    }

    private func expectCopied(_ copy: SlicedCopy) throws {
        try Bytes.overwrite(path + ".copy", from: 18, with: [1, 1])
        let copied = try SQLiteConnection(path: path + ".copy", mode: .copy)
        _ = try Self.moved(copied)
        #expect(try Self.content(copied) == Self.content(copy.snapshot))
    }

    private static func content(_ connection: Connection) throws -> [String] {
        try ["a", "b", "extra"].flatMap { table in
            try connection.query("SELECT id || ' ' || coalesce(v, '') || ' ' || hex(c) FROM \(table) ORDER BY id") {
                $0.text(0)
            }
        }
    }

    @Test func aDatabaseWithoutALogIsCopiedInOneStep() throws {
        let plain = directory.path + "/plain.db"
        try Self.fill(SQLiteConnection(path: plain, mode: .copy), rowBytes: 40)
        #expect(try Self.moved(SQLiteConnection.privateCopy(of: plain, by: plain + ".copy")) == 0)
        #expect(try SlicedCopy(of: plain, to: -1) == nil)
        #expect(try !Bytes.names(in: directory.path).contains { $0.hasPrefix("plain.db-") })
    }

    /// What is noted in one turn is as much as the database is.
    @Test func aDatabaseThatChangesAllOverIsCopied() throws {
        try fill()
        let (path, isOver, hasEnded) = (path, Monitor(false), Monitor(0))
        startThread {
            var commits = 0
            do throws(DatabaseError) {
                let writer = try SQLiteConnection(path: path, mode: .write)
                try writer.execute("PRAGMA synchronous = OFF")
                while !isOver.withLock({ $0 }) {
                    try writer.execute("UPDATE a SET v = v + 1")
                    commits += 1
                }
            } catch {
                Issue.record("\(error)")
            }
            hasEnded.withLock { $0 = commits }
        }
        defer {
            isOver.withLock { $0 = true }
            #expect(hasEnded.wait { $0 > 0 ? $0 : nil } > 1)
        }
        for _ in 0..<3 {
            let copy = try sliced()
            #expect(try copy.query("PRAGMA integrity_check") { $0.text(0) } == ["ok"])
            #expect(try copy.integer("SELECT count(DISTINCT v) FROM a") == 1)
        }
    }

    /// Without a slice that is long enough.
    @Test func whatTheCopierGivesUpIsCopiedInOneStep() throws {
        try underLoad {
            let copy = path + ".copy"
            try SQLiteConnection.copy(of: path, to: copy, slice: .seconds(4))
            _ = try Self.moved(SQLiteConnection(path: copy, mode: .copy))
        }
    }

    @Test func theSmallestDatabasesAreCopied() throws {
        let small = directory.path + "/small.db"
        try SQLiteConnection(path: small, mode: .create).execute("SELECT 1")
        let copy = try SQLiteConnection.privateCopy(of: small, by: small + ".copy")
        #expect(try copy.integer("SELECT count(*) FROM sqlite_schema") == 0)
        try SQLiteConnection(path: small, mode: .write).execute("CREATE TABLE t (a INTEGER) STRICT")
        let second = try SQLiteConnection.privateCopy(of: small, by: small + ".copy")
        #expect(try second.query("SELECT name FROM sqlite_schema") { $0.text(0) } == ["t"])
        #expect(try second.query("PRAGMA journal_mode") { $0.text(0) } == ["delete"])
    }

    @Test func aCopyBesideAShrunkDatabaseIsAsShort() throws {
        try fill()
        try SQLiteConnection(path: path, mode: .write).execute("DELETE FROM a WHERE id > 10")
        try SQLiteConnection(path: path, mode: .write).execute("VACUUM")
        let copy = try sliced()
        #expect(try copy.integer("PRAGMA page_count") < 60)
        #expect(try Self.moved(copy) == 0)
    }
}
