/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds aside.
public struct Instant: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }

    public init(unixSeconds: Int64) { self.init(rawValue: unixSeconds * 1000) }

    public static func < (left: Instant, right: Instant) -> Bool { left.rawValue < right.rawValue }

    public func advanced(by duration: Duration) -> Instant {
        // Exactly: a quotient of durations is a Double, which may fall a millisecond short.
        let parts = duration.components
        return Instant(rawValue: rawValue + parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }

    public func distance(to other: Instant) -> Duration { .milliseconds(other.rawValue - rawValue) }

    /// UTC with milliseconds: `2026-11-22T10:15:02.123Z`.
    public var rfc3339: String { CivilTime(microseconds: rawValue * 1000).text(fractionDigits: 3) }
}

/// When Polar says that something was so: microseconds since 1970, as exact as Polar's own time stamps.
///
/// It orders the snapshots of one order and is never compared with our clock.
public struct PolarClock: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }

    /// Reads RFC 3339, for instance `2026-11-20T10:15:02.123456Z`; `nil` if it is none.
    public init?(_ text: String) {
        guard let microseconds = CivilTime.microseconds(rfc3339: text) else { return nil }
        self.init(rawValue: microseconds)
    }

    public static func < (left: PolarClock, right: PolarClock) -> Bool { left.rawValue < right.rawValue }

    public var instant: Instant { Instant(rawValue: rawValue / 1000) }

    /// As Polar writes it: `2026-11-20T10:15:02.123456Z`
    public var text: String { CivilTime(microseconds: rawValue).text(fractionDigits: 6) }
}

/// Days and hours in UTC, without a calendar library in every process.
///
/// Source: https://howardhinnant.github.io/date_algorithms.html
struct CivilTime {
    private let year: Int64
    private let month: Int64
    private let day: Int64
    private let microsecondOfDay: Int64

    init(microseconds: Int64) {
        let dayLength: Int64 = 86_400_000_000
        var days = microseconds / dayLength
        var rest = microseconds % dayLength
        if rest < 0 { (days, rest) = (days - 1, rest + dayLength) }
        microsecondOfDay = rest

        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    func text(fractionDigits: Int) -> String {
        func padded(_ number: Int64, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = microsecondOfDay / 1_000_000
        let fraction = padded(microsecondOfDay % 1_000_000, 6).prefix(fractionDigits)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + (fraction.isEmpty ? "" : ".\(fraction)") + "Z"
    }

    /// `YYYY-MM-DDThh:mm:ss[.f]` and `Z` or `±hh:mm`; digits beyond microseconds are cut off.
    static func microseconds(rfc3339 text: String) -> Int64? {
        // The longest has 38 bytes, all of them ASCII.
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        var rest = Substring(text)
        func number(_ width: Int, in range: ClosedRange<Int64>) -> Int64? {
            let digits = rest.prefix(width)
            guard digits.utf8.count == width, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let value = Int64(digits), range.contains(value)
            else { return nil }
            rest = rest.dropFirst(width)
            return value
        }
        func take(_ characters: Set<Character>) -> Character? {
            guard let first = rest.first, characters.contains(first) else { return nil }
            return rest.removeFirst()
        }
        guard let year = number(4, in: 1970...9999), take(["-"]) != nil, let month = number(2, in: 1...12),
            take(["-"]) != nil, let day = number(2, in: 1...daysIn(month, of: year)), take(["T", "t", " "]) != nil,
            let hour = number(2, in: 0...23), take([":"]) != nil, let minute = number(2, in: 0...59),
            take([":"]) != nil, let second = number(2, in: 0...60)
        else { return nil }

        var fraction: Int64 = 0
        if take(["."]) != nil {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard (1...12).contains(digits.count), let value = Int64(digits.prefix(6)) else { return nil }
            fraction = (0..<(6 - min(6, digits.count))).reduce(value) { value, _ in value * 10 }
            rest = rest.dropFirst(digits.count)
        }
        guard let zone = take(["Z", "z", "+", "-"]) else { return nil }
        var offset: Int64 = 0
        if zone == "+" || zone == "-" {
            guard let hours = number(2, in: 0...23), take([":"]) != nil, let minutes = number(2, in: 0...59) else {
                return nil
            }
            offset = (zone == "+" ? 1 : -1) * (hours * 3600 + minutes * 60)
        }
        guard rest.isEmpty else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + fraction
    }

    private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
