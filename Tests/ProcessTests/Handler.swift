import Foundation
import Glibc
import TestSupport

/// `polar-orders` on a listening socket that outlives it, as systemd and `deploy/stack` hold one.
final class Handler {
    static let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"

    let directory: TemporaryDirectory
    let socketPath: String
    private let socket: UnixSocket
    private var process = Process()
    private let log: String

    var environment: [String: String] {
        [
            "CREDITS_DATABASE": "\(directory.path)/credits.db", "POLAR_SERVER": "sandbox",
            "POLAR_PRODUCT_ID": Self.product, "POLAR_WEBHOOK_SECRET": Self.secret, "FASTCGI_THREADS": "4",
            "LOG_LEVEL": "info",
        ]
    }

    init() throws {
        directory = try TemporaryDirectory()
        socketPath = directory.path + "/orders.sock"
        log = directory.path + "/log"
        socket = try UnixSocket.listening(at: socketPath)
        guard unsafe chmod(directory.path, 0o755) == 0, try creditctl("migrate").status == 0,
            FileManager.default.createFile(atPath: log, contents: nil)
        else { throw NeverCame(description: "No database") }
        try start()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    func creditctl(_ arguments: String...) throws -> Program.Ended {
        try Program("creditctl").run(arguments, environment: environment)
    }

    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "\(Places.products)/polar-orders")
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
        try eventually("polar-orders ends", within: limit) { !process.isRunning }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
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
