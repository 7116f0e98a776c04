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
    var text: String {
        let (year, month, day) = date
        let second = seconds % 86_400
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
            + ".\(padded(microseconds % 1_000_000, 6))Z"
    }

    /// `10:15:02`
    var clock: String { String(text.dropFirst(11).prefix(8)) }

    /// Source: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    private var date: (year: Int64, month: Int64, day: Int64) {
        let days = seconds / 86_400 + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// RFC 3339, as query parameters carry it; `nil` if it is none.
    init?(_ text: String) {
        let strategies: [Date.ISO8601FormatStyle] = [
            .iso8601, .init(includingFractionalSeconds: true),
            .init().year().month().day(),
        ]
        for strategy in strategies {
            if let date = try? strategy.parse(text) {
                microseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
                return
            }
        }
        return nil
    }

    init(microseconds: Int64) { self.microseconds = microseconds }
}
