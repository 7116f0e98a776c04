public import Core
internal import Files
internal import Subprocess

/// Any program as the image service: a picture on standard input, a picture on standard output, the prompt in
/// `GENERATION_PROMPT`; `PATH` is all else that it knows of us, and a directory of its own for temporary files in `TMPDIR`.
/// It keeps its network; of files, it sees what its user sees but our own.
///
/// It ends with 0, with 65 (`EX_DATAERR`) if it refuses the picture, or with 75 (`EX_TEMPFAIL`) if it can do nothing now,
/// whatever the picture. Any other end is this picture's fault.
///
/// Source: https://man.freebsd.org/cgi/man.cgi?query=sysexits
public struct CommandGenerator: Sendable {
    private static let maximumBytes = 64 << 20
    private static let maximumProcesses = 512

    private let program: String
    private let arguments: [String]
    private let path: String
    private let timeout: Duration
    private let cage: Cage
    private let memoryBytes: Int

    /// - Parameters:
    ///   - command: the program and its arguments with spaces between; no shell reads it.
    ///   - path: where programs are looked for.
    ///   - memoryBytes: what each of its processes may hold.
    ///   - hidden: paths that it must not see, and all that begin with one of them.
    public init(
        command: String, path: String, timeout: Duration, memoryBytes: Int = 2 << 30, hidden: [String] = []
    ) throws(MissingTool) {
        let words = command.split(separator: " ").map(String.init)
        guard let first = words.first, let program = Subprocess.find(first, in: path) else {
            throw MissingTool("GENERATOR_COMMAND names no program that can be run")
        }
        self.program = program
        arguments = Array(words.dropFirst())
        self.path = path
        self.timeout = timeout
        self.memoryBytes = memoryBytes
        cage = .command(without: hidden)
    }

    /// - Parameter isStopping: the program is ended once it says so.
    public func generate(
        _ input: GenerationInput, isStopping: () -> Bool = { false }
    ) throws(GenerationFault) -> [UInt8] {
        guard let scratch = ScratchDirectory() else {
            throw .limited("no directory for temporary files can be made", retryAfter: nil)
        }
        defer { scratch.remove() }
        let subprocess = Subprocess(
            program: program, arguments: arguments,
            environment: ["PATH": path, "GENERATION_PROMPT": input.prompt, "TMPDIR": scratch.path],
            limits: .init(
                time: timeout, outputBytes: Self.maximumBytes, dataBytes: memoryBytes,
                processes: Self.maximumProcesses),
            cage: cage)
        let ended = subprocess.run(input: input.bytes, isStopping: isStopping)
        switch ended.outcome {
        case .exited(0, let output):
            guard !output.isEmpty else { throw .unreadable("no output: \(ended.complaintLine)") }
            return output
        case .exited(65, _): throw .refused(ended.complaintLine)
        case .exited(75, _): throw .limited("not now: \(ended.complaintLine)", retryAfter: nil)
        case .exited(let status, _): throw .failed(ended.line("GENERATOR_COMMAND: status \(status)"))
        case .signalled(let number): throw .failed(ended.line("GENERATOR_COMMAND: signal \(number)"))
        case .timedOut: throw .timedOut
        case .tooMuchOutput: throw .unreadable("too much output")
        case .stopped: throw .stopped
        case .notStarted(let reason): throw .misconfigured(reason)
        }
    }
}

extension Subprocess.Ended {
    /// How it ended, and what it said of that.
    func line(_ end: String) -> String { "\(end): \(complaintLine)" }

    /// As much of its complaint as belongs in a line of log.
    var complaintLine: String { String(complaint.prefix(200).map { $0.isNewline ? " " : $0 }) }
}
