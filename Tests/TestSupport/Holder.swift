import Foundation

/// A shell that keeps something for us, and takes it away even if the tests crash or are killed.
///
/// Its script reads from us, and goes on to the end when there is nothing more to read.
public final class Holder: Sendable {
    public let environment: [String: String]
    private let shell = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// - Parameter name: what the script knows as `$0`.
    public init(_ script: String, _ name: String, environment: [String: String]) throws {
        self.environment = environment
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        // A trap that does nothing, not '': what is ignored would stay so in every program that the script starts.
        shell.arguments = ["-c", "trap : INT TERM PIPE\n" + script, name]
        shell.environment = environment
        shell.standardInput = input
        shell.standardOutput = output
        try shell.run()
    }

    deinit { release() }

    /// All that the script says before it closes its output.
    public func said() -> String {
        let data = try? output.fileHandleForReading.readToEnd()
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// Lets the script go on, and waits for its end.
    public func release() {
        try? input.fileHandleForWriting.close()
        shell.waitUntilExit()
    }
}
