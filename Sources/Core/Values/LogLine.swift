public import JSON

/// One line of log: an event that happened, and the facts about it.
///
/// `event` is a dotted noun and a verb in the past: `order.granted`. Facts have dotted keys with units last:
/// `request.duration_ms`. Nothing is interpolated into the event.
public struct LogLine: Sendable {
    /// `info`: nothing changed. `notice`: credits or work changed. `warning`: refused, not ours. `error`: look at it.
    public enum Level: String, Sendable, CaseIterable { case debug, info, notice, warning, error }

    public let level: Level
    public let event: String
    public let facts: [String: any LogValue]

    public init(_ level: Level, _ event: String, _ facts: [String: any LogValue] = [:]) {
        self.level = level
        self.event = event
        self.facts = facts
    }

    /// The same line with the id of the request that it belongs to.
    public func of(request id: String) -> LogLine {
        LogLine(level, event, facts.merging(["request.id": id]) { $1 })
    }

    /// One JSON object with sorted names, without the line feed.
    public func json(at now: Instant) -> String {
        var members = facts.mapValues(\.json)
        members["event"] = .string(event)
        members["level"] = .string(level.rawValue)
        members["time"] = .string(now.rfc3339)
        return JSON.object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }).text
    }
}

/// What may be logged. ``Secret`` is deliberately absent.
public protocol LogValue: Sendable { var json: JSON { get } }

extension Bool: LogValue { public var json: JSON { .bool(self) } }
extension Int: LogValue { public var json: JSON { .integer(Int64(self)) } }
extension Int64: LogValue { public var json: JSON { .integer(self) } }
extension String: LogValue { public var json: JSON { .string(self) } }
extension Credits: LogValue { public var json: JSON { .integer(rawValue) } }
extension UserID: LogValue { public var json: JSON { .string(text) } }
extension Identifier: LogValue { public var json: JSON { .string(text) } }
