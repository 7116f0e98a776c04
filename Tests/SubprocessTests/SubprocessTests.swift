import Foundation
import Subprocess
import TestSupport
import Testing
import Threads

@Suite struct SubprocessTests {
    private let environment = ["PATH": "/usr/bin:/bin"]

    private func shell(
        _ script: String, environment: [String: String]? = nil, within time: Duration = .seconds(20),
        outputBytes: Int = 1 << 20, processorSeconds: Int? = nil, memoryBytes: Int? = nil
    ) -> Subprocess {
        Subprocess(
            program: "/bin/sh", arguments: ["-c", script], environment: environment ?? self.environment,
            limits: .init(
                time: time, outputBytes: outputBytes, processorSeconds: processorSeconds, memoryBytes: memoryBytes))
    }

    @Test func whatGoesInComesOut() {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let cat = Subprocess(
            program: "/bin/cat", environment: [:], limits: .init(time: .seconds(20), outputBytes: bytes.count))
        let isEqual = cat.run(input: bytes).outcome == .exited(status: 0, output: bytes)
        #expect(isEqual)
        #expect(cat.run().outcome == .exited(status: 0, output: []))
    }

    @Test func theStatusAndTheComplaintAreTold() {
        let ended = shell("echo out; echo because >&2; exit 7").run()
        #expect(ended.outcome == .exited(status: 7, output: Array("out\n".utf8)))
        #expect(ended.complaint == "because\n")
    }

    @Test func aComplaintIsKeptToItsLimit() {
        let ended = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2").run()
        #expect(ended.outcome == .exited(status: 0, output: []))
        #expect(ended.complaint == String(repeating: "x", count: 4096))
    }

    @Test func aSignalIsTold() { #expect(shell("kill -9 $$").run().outcome == .signalled(9)) }

    @Test func whatIsNotThereIsNotStarted() {
        let limits = Subprocess.Limits(time: .seconds(1), outputBytes: 1)
        for program in ["/no/such/program", "/etc/passwd", "/tmp"] {
            guard case .notStarted = Subprocess(program: program, environment: [:], limits: limits).run().outcome else {
                Issue.record("\(program) was started")
                return
            }
        }
        let zero = Subprocess(program: "/bin/true", arguments: ["a\0b"], environment: [:], limits: limits)
        #expect(zero.run().outcome == .notStarted("a text holds a zero byte"))
    }

    @Test(arguments: ["sleep 60", "exec >&- 2>&-; sleep 60", "trap '' TERM; while :; do :; done"])
    func whatHangsIsEndedInTime(script: String) {
        let spent = ContinuousClock().measure {
            #expect(shell(script, within: .milliseconds(300)).run(input: [1]).outcome == .timedOut)
        }
        #expect(spent < .seconds(2))
    }

    @Test func anEndlessComplaintKeepsNobodyFromTheClock() {
        #expect(shell("exec yes >&2", within: .milliseconds(300)).run().outcome == .timedOut)
    }

    @Test func itEndsWhenItsCallerStops() {
        let calls = Monitor(0)
        let ended = shell("sleep 60").run {
            calls.withLock { calls in
                calls += 1
                return calls > 2
            }
        }
        #expect(ended.outcome == .stopped)
    }

    @Test(arguments: [("exit 0", Subprocess.Outcome.exited(status: 0, output: [])), ("sleep 60", .timedOut)])
    func whatItStartedGoesWithIt(rest: String, outcome: Subprocess.Outcome) throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/pid"
        // The grandchild keeps standard output open: nobody may wait for it.
        let script = "(trap '' HUP TERM; exec sleep 61) & echo $! > \(file); \(rest)"
        #expect(shell(script, within: .seconds(1)).run().outcome == outcome)
        let number = try #require(Int32(try Places.text(of: file).trimmingCharacters(in: .whitespacesAndNewlines)))
        try eventually("the grandchild ends") {
            // One that nobody waited for (there is no init here to do so) is dead as well.
            guard let state = try? Places.text(of: "/proc/\(number)/stat") else { return true }
            return state.contains(") Z ")
        }
    }

    @Test func tooMuchOutputEndsIt() {
        let spent = ContinuousClock().measure {
            #expect(shell("head -c 100000000 /dev/zero; sleep 60").run().outcome == .tooMuchOutput)
        }
        #expect(spent < .seconds(5))
    }

    @Test(arguments: [999, 1000, 1001]) func theLimitItselfIsAllowed(count: Int) {
        let outcome = shell("head -c \(count) /dev/zero", outputBytes: 1000).run().outcome
        let zeros = [UInt8](repeating: 0, count: count)
        #expect(outcome == (count <= 1000 ? .exited(status: 0, output: zeros) : .tooMuchOutput))
    }

    @Test func aClosedInputIsNoFault() {
        let ended = shell("exec <&-; sleep 0.2; echo done").run(input: [UInt8](repeating: 1, count: 1 << 20))
        #expect(ended.outcome == .exited(status: 0, output: Array("done\n".utf8)))
    }

    @Test func itInheritsNoOpenFile() throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/etc/passwd"))
        let leak = dup2(file.fileDescriptor, 200)
        defer { close(leak) }
        let ls = Subprocess(
            program: "/bin/ls", arguments: ["-l", "/proc/self/fd"], environment: [:],
            limits: .init(time: .seconds(5), outputBytes: 1 << 16))
        guard case .exited(0, let output) = ls.run().outcome else { Issue.record("ls failed"); return }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").filter { $0.contains("->") }
        // The fourth is the directory that ls reads.
        #expect(lines.count == 4, "\(lines)")
        #expect(lines.filter { $0.contains("pipe:") }.count == 3)
    }

    @Test func itsEnvironmentIsExactlyTheGivenOne() {
        let env = Subprocess(
            program: "/usr/bin/env", environment: ["A": "1", "B": "two words = ünd $HOME"],
            limits: .init(time: .seconds(5), outputBytes: 1 << 16))
        guard case .exited(0, let output) = env.run().outcome else { Issue.record("env failed"); return }
        let lines = Set(String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init))
        #expect(lines == ["A=1", "B=two words = ünd $HOME"])
    }

    @Test func itHearsSignalsAlthoughOurThreadsDoNot() {
        let outcome = Monitor<Subprocess.Outcome?>(nil)
        // A thread of ours blocks every signal; a child must not inherit that.
        startThread { [self] in
            let result = shell("kill -TERM $$; sleep 5").run().outcome
            outcome.withLock { $0 = result }
        }
        #expect(outcome.wait { $0 } == .signalled(SIGTERM))
    }

    @Test func itsProcessorTimeIsLimited() {
        let ended = shell("while :; do :; done", within: .seconds(20), processorSeconds: 1).run()
        #expect(ended.outcome == .signalled(SIGKILL))
    }

    @Test func itsMemoryIsLimited() {
        let program = "import sys; sys.stdin.read(); b = bytearray(400 << 20); print('had it')"
        let python = { (memoryBytes: Int?) in
            Subprocess(
                program: "/usr/bin/env", arguments: ["python3", "-c", program],
                environment: ProcessInfo.processInfo.environment,
                limits: .init(time: .seconds(20), outputBytes: 100, memoryBytes: memoryBytes)
            ).run(input: [1])
        }
        #expect(python(nil).outcome == .exited(status: 0, output: Array("had it\n".utf8)))
        let refused = python(256 << 20)
        #expect(refused.outcome == .exited(status: 1, output: []))
        #expect(refused.complaint.contains("MemoryError"))
    }

    /// In a process of its own: other tests open files beside this one.
    @Test func nothingIsLeftBehind() async {
        await #expect(processExitsWith: .success) {
            let shell = Subprocess(
                program: "/bin/sh", arguments: ["-c", "cat >/dev/null; exit 1"], environment: ["PATH": "/usr/bin:/bin"],
                limits: .init(time: .seconds(20), outputBytes: 1 << 20))
            let open = { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
            _ = shell.run()
            let before = try open()
            for _ in 0..<50 { #expect(shell.run(input: [1, 2, 3]).outcome == .exited(status: 1, output: [])) }
            #expect(try open() == before)
        }
    }

    @Test func manyAtOnceKeepTheirOutputsApart() {
        let right = Monitor(0)
        atOnce(16) { number in
            let text = String(repeating: "\(number) ", count: 50_000)
            let cat = Subprocess(
                program: "/bin/cat", environment: [:], limits: .init(time: .seconds(30), outputBytes: 1 << 20))
            if cat.run(input: Array(text.utf8)).outcome == .exited(status: 0, output: Array(text.utf8)) {
                right.withLock { $0 += 1 }
            }
        }
        #expect(right.withLock { $0 } == 16)
    }

    @Test func aProgramIsFoundAsAShellWould() throws {
        #expect(Subprocess.find("sh", in: "/nowhere:/bin:/usr/bin") == "/bin/sh")
        #expect(Subprocess.find("/bin/sh", in: "") == "/bin/sh")
        for missing in ["", "no-such-program", "/bin", "/etc/passwd", "./sh"] {
            #expect(Subprocess.find(missing, in: "/bin:/etc") == nil, "\(missing)")
        }
    }
}
