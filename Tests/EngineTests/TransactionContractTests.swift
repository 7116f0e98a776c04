import Database
import TestSupport
import Testing
import Threads

/// What a transaction is to every engine.
@Suite struct TransactionContractTests {
    @Test(arguments: EngineUnderTest.all)
    func aChangeThatFailsDoesNotHarmItsNeighbours(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        let gate = Monitor(0)
        let failures = Monitor<[Int]>([])
        startThread {
            let _: Void? = try? ground.engine.write { _ throws(DatabaseError) in gate.wait { $0 == 20 ? () : nil } }
        }
        atOnce(20) { number in
            gate.withLock { $0 += 1 }
            do throws(WriteError) {
                try ground.engine.write { transaction throws(DatabaseError) in
                    _ = try Ground.insert(Int64(number) + 100)(transaction)
                    // Every fourth has written already when it fails.
                    guard number % 4 == 0 else { return }
                    _ = try Ground.insert(13)(transaction)
                }
            } catch {
                if case .failed = error { failures.withLock { $0.append(number) } }
            }
        }
        #expect(failures.withLock { $0.sorted() } == [0, 4, 8, 12, 16])
        #expect(try ground.numbers() == (100..<120).filter { $0 % 4 != 0 })
        #expect(ground.broken.withLock { $0.isEmpty })
        #expect(try ground.engine.write(Ground.insert(99)) == 99)
    }

    /// What a change takes back itself is gone, and the rest of it stays.
    @Test(arguments: EngineUnderTest.all)
    func aSavepointTakesBackItsPart(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        _ = try ground.engine.write { transaction throws(DatabaseError) in
            _ = try Ground.insert(1)(transaction)
            try transaction.connection.execute("SAVEPOINT part")
            _ = try Ground.insert(2)(transaction)
            do throws(DatabaseError) { _ = try Ground.insert(13)(transaction) } catch {
                #expect(error.kind == .brokenRule)
            }
            try transaction.connection.execute("ROLLBACK TO part")
            try transaction.connection.execute("RELEASE part")
            return try Ground.insert(3)(transaction)
        }
        #expect(try ground.numbers() == [1, 3])
    }

    @Test(arguments: EngineUnderTest.all)
    func whoReadsDoesNotWaitForWhoWrites(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        _ = try ground.engine.write(Ground.insert(1))
        let isIn = Monitor(false)
        let mayEnd = Monitor(false)
        let done = Monitor(false)
        startThread {
            _ = try? ground.engine.write { transaction throws(DatabaseError) in
                _ = try Ground.insert(2)(transaction)
                isIn.withLock { $0 = true }
                mayEnd.wait { $0 ? () : nil }
            }
            done.withLock { $0 = true }
        }
        isIn.wait { $0 ? () : nil }
        // It would wait for ever if it waited at all.
        #expect(try ground.numbers() == [1])
        mayEnd.withLock { $0 = true }
        done.wait { $0 ? () : nil }
        #expect(try ground.numbers() == [1, 2])
    }

    @Test(arguments: EngineUnderTest.all)
    func whoReadsSeesOneStateThroughout(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        try ground.engine.read { connection throws(DatabaseError) in
            let first = try connection.integer("SELECT count(*) FROM t")
            do { _ = try ground.engine.write(Ground.insert(1)) } catch { Issue.record("\(error)") }
            let second = try connection.integer("SELECT count(*) FROM t")
            #expect(first == 0 && second == 0)
        }
        #expect(try ground.numbers() == [1])
    }

    /// Its turn did not come within its patience: it is told so, and is never run.
    @Test(arguments: EngineUnderTest.all)
    func whatWaitedTooLongIsNeverRun(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind, commitGroup: 1)
        let isIn = Monitor(false)
        let mayEnd = Monitor(false)
        let result = Monitor<Int64?>(nil)
        startThread {
            let written = try? ground.engine.write { transaction throws(DatabaseError) in
                isIn.withLock { $0 = true }
                mayEnd.wait { $0 ? () : nil }
                return try Ground.insert(1)(transaction)
            }
            result.withLock { $0 = written ?? -1 }
        }
        isIn.wait { $0 ? () : nil }
        #expect(throws: WriteError.failed(.noTurn)) {
            try ground.engine.write(within: .milliseconds(1), Ground.insert(2))
        }
        #expect(result.withLock { $0 } == nil)
        mayEnd.withLock { $0 = true }
        #expect(result.wait { $0 } == 1)
        #expect(try ground.engine.write(Ground.insert(3)) == 3)
        #expect(try ground.numbers() == [1, 3])
        #expect(DatabaseError.noTurn.isTransient)
    }

    @Test(arguments: EngineUnderTest.all)
    func whatWasWrittenIsCounted(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind, commitGroup: 1)
        for number in Int64(1)...5 { _ = try ground.engine.write(Ground.insert(number)) }
        let work = ground.engine.work
        #expect(work.commits == 5 && work.changes == 5 && work.waited >= .zero)
    }

    /// A step of the schema is whole or not there.
    @Test(arguments: EngineUnderTest.all)
    func aStepOfTheSchemaThatFailsLeavesNothing(_ kind: EngineUnderTest) throws {
        let directory = try TemporaryDirectory()
        let place = kind.place(directory.path)
        let table = kind.table
        #expect(throws: WriteError.self) {
            try place.migrate { transaction throws(DatabaseError) in
                try transaction.connection.execute(table)
                try transaction.connection.execute(table)
            }
        }
        try place.migrate { transaction throws(DatabaseError) in try transaction.connection.execute(table) }
        let condition = try place.condition()
        #expect(condition.schema == 0 && condition.synchronous == 2)
    }
}
