private import Core
private import FoundationEssentials

/// A time as Polar writes it: UTC, microseconds.
struct Moment: Comparable, Hashable, Sendable, Codable {
    var microseconds: Int64

    static func < (left: Moment, right: Moment) -> Bool { left.microseconds < right.microseconds }

    static func + (moment: Moment, duration: Duration) -> Moment {
        Moment(microseconds: moment.microseconds + Int64(duration / .microseconds(1)))
    }

    static func - (moment: Moment, duration: Duration) -> Moment { moment + (.zero - duration) }

    static func now() -> Moment {
        Moment(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000))
    }

    var seconds: Int64 { microseconds / 1_000_000 }

    /// `2026-11-20T10:15:02.123456Z`
    var text: String { PolarClock(rawValue: microseconds).text }

    /// `10:15:02`
    var clock: String { String(text.dropFirst(11).prefix(8)) }

    /// RFC 3339, or a day alone, as query parameters carry it; `nil` if it is none.
    init?(_ text: String) {
        guard let clock = PolarClock(text) ?? PolarClock(text + "T00:00:00Z") else { return nil }
        microseconds = clock.rawValue
    }

    init(microseconds: Int64) { self.microseconds = microseconds }
}
