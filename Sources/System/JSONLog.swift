public import Core
private import Logging

/// The log of a process: one JSON object a line on standard error, through swift-log.
public struct JSONLog: Sendable {
    private let logger: Logger

    /// - Parameter level: lines below it are left out.
    public init(program: String, level: LogLine.Level) {
        var logger = Logger(label: program) { JSONLinesHandler(program: $0) }
        logger.logLevel = level.level
        self.logger = logger
    }

    public func callAsFunction(_ line: LogLine) {
        logger.log(
            level: line.level.level, "\(line.event)", metadata: ["line": .stringConvertible(Carrier(line: line))])
    }
}

/// Takes a whole line through swift-log, whose own metadata knows texts alone.
private struct Carrier: CustomStringConvertible, Sendable {
    let line: LogLine
    var description: String { line.event }
}

/// Writes what it is given as a ``LogLine``; a library's message becomes one with its text.
private struct JSONLinesHandler: LogHandler {
    let program: String
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = LogLine(.notice, "\(event.message)")
        if case .stringConvertible(let value) = event.metadata?["line"], let carrier = value as? Carrier {
            line = carrier.line
        }
        let named = LogLine(line.level, line.event, line.facts.merging(["program": program]) { $1 })
        System.write(named.json(at: System.now()) + "\n")
    }
}

extension LogLine.Level {
    fileprivate var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        }
    }
}
