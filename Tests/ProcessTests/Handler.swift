import Foundation
import Glibc
import TestSupport

/// `polar-orders`, or another, on a listening socket that outlives it, as systemd and `deploy/stack` hold one.
final class Handler {
    static let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"

    let directory: TemporaryDirectory
    let socketPath: String
    private let socket: UnixSocket
    private var process = Process()
    private let log: String
    private let program: String
    private let settings: [String: String]

    /// How it gets its socket.
    enum Activation {
        case standardInput
        /// As systemd does: on descriptor 3, told by the environment for the process `$$` or another.
        case systemd(process: String)
    }

    var environment: [String: String] {
        [
            "CREDITS_DATABASE": "\(directory.path)/credits.db", "CREDITS_IMAGES": directory.path + "/images",
            "POLAR_SERVER": "sandbox", "POLAR_PRODUCT_ID": Self.product, "POLAR_WEBHOOK_SECRET": Self.secret,
            "FASTCGI_THREADS": "4", "LOG_LEVEL": "info",
        ].merging(settings) { $1 }
    }

    init(
        _ program: String = "polar-orders", _ settings: [String: String] = [:],
        by activation: Activation = .standardInput
    ) throws {
        self.program = program
        self.settings = settings
        directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/images", withIntermediateDirectories: false)
        socketPath = directory.path + "/orders.sock"
        log = directory.path + "/log"
        socket = try UnixSocket.listening(at: socketPath)
        guard unsafe chmod(directory.path, 0o755) == 0, try creditctl("migrate").status == 0,
            FileManager.default.createFile(atPath: log, contents: nil)
        else { throw NeverCame(description: "No database") }
        try start(by: activation)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    func creditctl(_ arguments: String...) throws -> Program.Ended {
        try Program("creditctl").run(arguments, environment: environment)
    }

    func start(by activation: Activation = .standardInput) throws {
        process = Process()
        let path = "\(Places.products)/\(program)"
        switch activation {
        case .standardInput: process.executableURL = URL(fileURLWithPath: path)
        case .systemd(let pid):
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=\(pid) exec \"$0\"", path]
        }
        process.environment = environment
        process.standardInput = FileHandle(fileDescriptor: socket.descriptor, closeOnDealloc: false)
        let errors = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try errors.seekToEnd()
        process.standardOutput = errors
        process.standardError = errors
        try process.run()
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Its exit status, or the signal that ended it as a negative number.
    func end(within limit: Duration) throws -> Int32 {
        try eventually("\(program) ends", within: limit) { !process.isRunning }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// The most memory that it has had at once, in bytes.
    func peakMemory() throws -> Int {
        let status = try Places.text(of: "/proc/\(process.processIdentifier)/status")
        let kilobytes = status.firstMatch(of: /VmHWM:\s+(\d+) kB/).flatMap { Int($0.1) }
        return try 1024 * (kilobytes ?? { throw NeverCame(description: status) }())
    }

    /// The files in its directory of images, the lock aside.
    func images() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path + "/images").filter {
            !$0.hasPrefix(".lock")
        }
    }

    func lines() throws -> [String] { try Places.text(of: log).split(separator: "\n").map(String.init) }

    func connect() throws -> UnixSocket { try UnixSocket.connected(to: socketPath) }

    /// `nil` if there was no whole answer.
    func answer(to request: FastCGIRequest) throws -> FastCGIAnswer? {
        let connection = try connect()
        connection.write(request.beginning() + request.ending())
        return FastCGIAnswer(records: connection.readToEnd())
    }

    func deliver(_ event: OrderEvent, id: String = UUID().uuidString) throws -> FastCGIAnswer? {
        try answer(to: FastCGIRequest(SignedWebhook(Array(event.body.utf8), id: id, secret: Self.secret)))
    }
}
