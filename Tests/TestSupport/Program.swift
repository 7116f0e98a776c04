import Dispatch
import Foundation
import Glibc

/// An executable: one of ours by its name, any other by its path.
public struct Program: Sendable {
    private let path: String

    public init(_ name: String) { path = name.contains("/") ? name : "\(Places.products)/\(name)" }

    /// Runs it to its end with exactly this environment.
    public func run(
        _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = [],
        within limit: Duration = .seconds(60)
    ) throws -> Ended {
        let running = try start(arguments, environment: environment, input: input)
        guard let status = running.wait(within: limit) else {
            throw NeverCame(description: "\(path) did not end within \(limit)")
        }
        return Ended(status: status, output: try running.output(), errors: try running.errors())
    }

    /// Starts it and returns; it is killed when the value goes.
    public func start(
        _ arguments: [String] = [], environment: [String: String] = [:], input: [UInt8] = []
    ) throws -> RunningProgram {
        try RunningProgram(path, arguments, environment: environment, input: input)
    }

    public struct Ended: Sendable {
        /// The exit status, or the signal that ended it as a negative number.
        public let status: Int32
        public let output: String
        public let errors: String
    }
}

/// A program that runs, its input and outputs in files: no pipe can fill up and block it.
public final class RunningProgram: Sendable {
    private let process = Process()
    private let ended = DispatchSemaphore(value: 0)
    private let directory: String

    public var pid: Int32 { process.processIdentifier }

    fileprivate init(
        _ path: String, _ arguments: [String], environment: [String: String], input: [UInt8]
    ) throws {
        directory = try Places.temporaryDirectory()
        for (name, content) in [("input", input), ("output", []), ("errors", [])] {
            try Data(content).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
        }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(directory)/input"))
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(directory)/output"))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(directory)/errors"))
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
    }

    deinit {
        if process.isRunning {
            kill(pid, SIGKILL)
            ended.wait()
        }
        try? FileManager.default.removeItem(atPath: directory)
    }

    public func signal(_ number: Int32) { kill(pid, number) }

    /// Its status once it has ended; `nil` if it has not within that time. May be asked again.
    public func wait(within limit: Duration) -> Int32? {
        let nanoseconds = limit.components.seconds * 1_000_000_000 + limit.components.attoseconds / 1_000_000_000
        guard ended.wait(timeout: .now() + .nanoseconds(Int(nanoseconds))) == .success else { return nil }
        ended.signal()
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    public func output() throws -> String { try Places.text(of: "\(directory)/output") }
    public func errors() throws -> String { try Places.text(of: "\(directory)/errors") }
}
