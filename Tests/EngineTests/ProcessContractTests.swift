import Database
import Foundation
import Glibc
import TestSupport
import Testing

/// What several processes are to every engine. The others are this very bundle, told to run ``OtherProcess`` alone.
@Suite(.serialized) struct ProcessContractTests {
    private func start(_ kind: EngineUnderTest, at path: String, _ task: OtherProcess.Task) throws -> RunningProgram {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try Program(bundle).start(
            ["--testing-library", "swift-testing", "--filter", "EngineTests.OtherProcess"],
            environment: ["ENGINE": kind.testDescription, "ENGINE_PATH": path, "ENGINE_TASK": task.rawValue])
    }

    /// The numbers that a process was told are written.
    private func acknowledged(_ path: String) throws -> [Int64] {
        try Places.text(of: path + "/acknowledged").split(separator: "\n").compactMap { Int64($0) }
    }

    @Test(arguments: EngineUnderTest.all)
    func twoProcessesTakeTurns(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        let others = [
            try start(kind, at: ground.path, .hundred), try start(kind, at: ground.path, .hundred),
        ]
        for number in Int64(101)...200 { _ = try ground.engine.write(Ground.insert(number)) }
        for other in others { #expect(other.wait(within: .seconds(60)) == 0, "\((try? other.output()) ?? "")") }
        #expect(try ground.numbers().count == 300, "none was lost, none was refused")
    }

    /// Whatever moment it is killed at: what it was told is written stands, and nothing stands half.
    @Test(arguments: EngineUnderTest.all)
    func whoIsKilledLeavesNothingHalf(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        for storm in 1...8 {
            let before = (try? acknowledged(ground.path).count) ?? 0
            let other = try start(kind, at: ground.path, .pairs)
            try eventually("it writes", within: .seconds(60)) {
                ((try? acknowledged(ground.path).count) ?? 0) > before + storm * 5
            }
            other.signal(SIGKILL)
            #expect(other.wait(within: .seconds(10)) == -SIGKILL)
            let rows = try ground.engine.read { connection throws(DatabaseError) in
                try connection.query("SELECT a, count(*) FROM t GROUP BY a ORDER BY a") {
                    [$0.integer(0), $0.integer(1)]
                }
            }
            #expect(rows.filter { $0[1] != 2 } == [], "half of a pair")
            let missing = Set(try acknowledged(ground.path)).subtracting(rows.map { $0[0] })
            #expect(missing == [], "acknowledged and lost")
            let faults = try ground.engine.examine(room: nil) { connection throws(DatabaseError) in
                try connection.query(connection.dialect.damages) { $0.text(0) }
            }
            #expect(faults == [])
        }
        #expect(try ground.engine.write(Ground.insert(-1)) == -1, "nobody's death keeps the turn")
    }
}

/// Not a test: what the other process does.
@Suite struct OtherProcess {
    enum Task: String { case hundred, pairs }

    private static let environment = ProcessInfo.processInfo.environment

    @Test(.enabled(if: environment["ENGINE_TASK"] != nil)) func works() throws {
        let kind = try #require(EngineUnderTest.all.first { $0.testDescription == Self.environment["ENGINE"] })
        let path = try #require(Self.environment["ENGINE_PATH"])
        let task = try #require(Self.environment["ENGINE_TASK"].flatMap(Task.init))
        let engine = try kind.place(path).open(commitGroup: 64) { Issue.record("\($0)") }
        switch task {
        case .hundred: for number in Int64(101)...200 { _ = try engine.write(Ground.insert(number)) }
        case .pairs: try writePairs(with: engine, to: path + "/acknowledged")
        }
    }

    private func writePairs(with engine: any Engine, to path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let start = try engine.read { connection throws(DatabaseError) in
            try connection.integer("SELECT coalesce(max(a), 1000) FROM t")
        }
        for number in (start + 1)... {
            try engine.write { transaction throws(DatabaseError) in
                _ = try Ground.insert(number)(transaction)
                _ = try Ground.insert(number)(transaction)
            }
            let line = Array("\(number)\n".utf8)
            #expect(unsafe write(file, line, line.count) == line.count)
        }
    }
}
