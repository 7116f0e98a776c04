import Clients
import Core
import Foundation
import Images
import TestSupport
import Testing

@Suite struct CommandGeneratorTests {
    private let input = GenerationInput(bytes: [1, 2, 3], kind: .png, prompt: "two words; $HOME `id`")

    private func generate(_ command: String, within timeout: Duration = .seconds(10)) throws -> [UInt8] {
        try CommandGenerator(command: command, path: "/usr/bin:/bin", timeout: timeout).generate(input)
    }

    /// Arguments are split at spaces, so a script goes through a file.
    private func script(_ text: String, within timeout: Duration = .seconds(10)) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        try Places.write(text, to: directory.path + "/script")
        return try generate("sh \(directory.path)/script", within: timeout)
    }

    @Test func whatComesOutIsThePicture() throws {
        #expect(try generate("cat") == [1, 2, 3])
        #expect(try generate("/usr/bin/head -c 2") == [1, 2])
    }

    @Test func noShellReadsTheCommand() throws {
        #expect(try generate("echo $PATH; `id` | cat") == Array("$PATH; `id` | cat\n".utf8))
    }

    @Test func thePromptIsInTheEnvironmentAndLittleElse() throws {
        let lines = String(decoding: try generate("env"), as: UTF8.self).split(separator: "\n")
        let scratch = try #require(lines.first { $0.hasPrefix("TMPDIR=") }?.dropFirst(7)).description
        #expect(
            Set(lines) == ["PATH=/usr/bin:/bin", "GENERATION_PROMPT=two words; $HOME `id`", "TMPDIR=\(scratch)"])
        #expect(!FileManager.default.fileExists(atPath: scratch), "it goes with the command")
    }

    @Test func itsOwnDirectoryHoldsFilesWhileItRuns() throws {
        #expect(try script("cd $TMPDIR && mkdir a && ln -s / a/l && cat >a/f && cat $(mktemp) a/f") == [1, 2, 3])
        #expect(FileManager.default.fileExists(atPath: "/etc/passwd"))
    }

    @Test(arguments: [
        ("echo nudity >&2; exit 65", GenerationFault.refused("nudity ")),
        ("echo later >&2; exit 75", .limited("not now: later ", retryAfter: nil)),
        ("echo no key >&2; exit 78", .failed("GENERATOR_COMMAND: status 78: no key ")),
        ("exit 77", .failed("GENERATOR_COMMAND: status 77: ")), ("exit 1", .failed("GENERATOR_COMMAND: status 1: ")),
        ("kill -9 $$", .failed("GENERATOR_COMMAND: signal 9: ")),
        ("exit 0", .unreadable("no output: ")),
        ("head -c 70000000 /dev/zero", .unreadable("too much output")), ("sleep 60", .timedOut),
    ])
    func howItEndsTellsWhy(text: String, fault: GenerationFault) {
        #expect(throws: fault) { try script(text, within: .seconds(text.hasPrefix("sleep") ? 1 : 20)) }
    }

    @Test func itEndsWhenTheWorkerStops() throws {
        let generator = try CommandGenerator(command: "sleep 60", path: "/bin", timeout: .seconds(60))
        #expect(throws: GenerationFault.stopped) { try generator.generate(input, isStopping: { true }) }
    }

    @Test(arguments: ["", " ", "no-such-program", "/etc/passwd"]) func aProgramThatIsNoneIsToldAtOnce(command: String) {
        let error = #expect(throws: MissingTool.self) {
            try CommandGenerator(command: command, path: "/usr/bin", timeout: .seconds(1))
        }
        #expect(error?.description == "GENERATOR_COMMAND names no program that can be run")
    }
}
