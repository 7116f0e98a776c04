import Database
import SQLite
import TestSupport
import Testing
import Threads

@Suite struct WriterTests {
    private let directory: TemporaryDirectory
    private let path: String
    private let broken = Monitor<[DatabaseError]>([])

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/t.db"
        try SQLiteConnection(path: path, mode: .create).execute(
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER CHECK (b < 1000000), c BLOB) STRICT")
    }

    private func writer(maximumGroup: Int = 64) throws -> SQLiteEngine {
        try SQLiteEngine(path: path, maximumGroup: maximumGroup) { [broken] error in
            broken.withLock { $0.append(error) }
        }
    }

    private func values() throws -> [Int64] {
        try SQLiteConnection(path: path, mode: .read).query("SELECT b FROM t ORDER BY b") { $0.integer(0) }
    }

    /// How often the file's WAL was committed to: a frame that ends a transaction names the file's size.
    ///
    /// Source: https://www.sqlite.org/fileformat2.html#walformat
    private func commits() throws -> Int {
        let bytes = try Array(Bytes.of(path + "-wal"))
        return stride(from: 32, to: bytes.count - 23, by: 24 + 4096).filter { start in
            bytes[(start + 4)..<(start + 8)].contains { $0 != 0 }
        }.count
    }

    private static func insert(_ value: Int64) -> @Sendable (borrowing Transaction) throws(DatabaseError) -> Int64 {
        { transaction throws(DatabaseError) in
            try transaction.connection.execute("INSERT INTO t (b) VALUES ($1)", .integer(value))
            return value
        }
    }

    @Test func changesThatWaitShareACommitAndEachSeesItsOwnResult() throws {
        let writer = try writer()
        let before = try commits()
        // The first holds the writer until all the others wait.
        let gate = Monitor(0)
        let results = Monitor<[Int64]>([])
        startThread {
            let _: Void? = try? writer.write { _ throws(DatabaseError) in gate.wait { $0 == 32 ? () : nil } }
        }
        atOnce(32) { number in
            gate.withLock { $0 += 1 }
            guard let result = try? writer.write(Self.insert(Int64(number))) else { return }
            if result == number { results.withLock { $0.append(result) } }
        }
        #expect(results.withLock { $0.sorted() } == Array(0..<32))
        #expect(try values() == Array(0..<32))
        // A few may have come too late for the shared one, but not each by itself.
        #expect((1...8).contains(try commits() - before))
    }

    @Test func aGroupOfOneCommitsEachByItself() throws {
        let writer = try writer(maximumGroup: 1)
        let before = try commits()
        atOnce(8) { number in _ = try? writer.write(Self.insert(Int64(number))) }
        #expect(try commits() - before == 8)
    }

    @Test func aBrokenRuleOfOursRollsItsChangeBack() throws {
        let writer = try writer()
        #expect(throws: WriteError.failed(DatabaseError(brokenRule: "a rule", at: "here"))) {
            try writer.write { transaction throws(DatabaseError) in
                try transaction.connection.execute("INSERT INTO t (b) VALUES (1)")
                throw DatabaseError(brokenRule: "a rule", at: "here")
            }
        }
        #expect(try values() == [])
    }

    @Test func aChangeIsThereForEverybodyOnceItIsAnswered() throws {
        let writer = try writer()
        for value in Int64(0)..<50 {
            _ = try writer.write(Self.insert(value))
            #expect(try values().last == value)
        }
    }

    @Test func writersOfOneFileTakeTurns() throws {
        let writers = [try writer(maximumGroup: 1), try writer(maximumGroup: 1), try writer(maximumGroup: 1)]
        let counts = Monitor([0, 0, 0])
        let isOver = Monitor(false)
        atOnce(3) { number in
            // Until the fastest has 300: how far did the others get?
            while !isOver.withLock({ $0 }) {
                guard (try? writers[number].write(Self.insert(Int64(number)))) != nil else { return }
                let mine = counts.withLock { counts in
                    counts[number] += 1
                    return counts[number]
                }
                if mine == 300 { isOver.withLock { $0 = true } }
            }
        }
        let final = counts.withLock { $0 }
        #expect(try values().count == final.reduce(0, +), "none was lost, none was refused")
        #expect((final.min() ?? 0) > 20, "nobody starves: \(final)")
    }
}
