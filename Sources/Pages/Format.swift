public import Core

/// Numbers and times as people read them, in English.
public enum Format {
    /// `1,260`
    public static func number(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude))
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { grouped += "," }
            grouped.append(digit)
        }
        return (value < 0 ? "−" : "") + grouped
    }

    /// `1,260 credits`, `1 credit`
    public static func credits(_ value: Int64) -> String {
        number(value) + (value == 1 || value == -1 ? " credit" : " credits")
    }

    /// `+420`, `−1`
    public static func signed(_ value: Int64) -> String { (value > 0 ? "+" : "") + number(value) }

    /// Minor units: `$15.00`, `¥500`, `15.00 CHF`.
    public static func money(_ minor: Int64, _ currency: String) -> String {
        let code = currency.lowercased()
        let symbol = ["usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"][code]
        let sign = minor < 0 ? "−" : ""
        let (whole, fraction) = parts(of: Int64(clamping: minor.magnitude), currency)
        let amount = number(whole) + fraction
        return symbol.map { sign + $0 + amount } ?? "\(sign)\(amount) \(currency.uppercased())"
    }

    /// Minor units as a field shows and ``minor(_:_:)`` takes them: `10000.00`, `500`. Not below zero.
    static func amount(_ minor: Int64, _ currency: String) -> String {
        let (whole, fraction) = parts(of: minor, currency)
        return "\(whole)\(fraction)"
    }

    /// The minor units in an amount as people write it, digits with or without a point and decimals: 500 of `5`, `5.0` and
    /// `5.00`. `nil` for anything else: a comma, a sign, a symbol, more decimals than the currency has, too large a number.
    static func minor(_ text: String, _ currency: String) -> Int64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let missing = decimals(of: currency) - (parts.count == 2 ? parts[1].count : 0)
        guard missing >= 0, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(digits.contains) }) else { return nil }
        return Int64(String(decoding: parts.joined(), as: UTF8.self) + String(repeating: "0", count: missing))
    }

    /// The whole units and the rest, with its point: 15 and `.00`.
    private static func parts(of minor: Int64, _ currency: String) -> (whole: Int64, fraction: String) {
        let decimals = decimals(of: currency)
        let unit = (0..<decimals).reduce(Int64(1)) { unit, _ in unit * 10 }
        let (whole, rest) = minor.quotientAndRemainder(dividingBy: unit)
        return (whole, decimals == 0 ? "" : ".\(String(unit + rest).dropFirst())")
    }

    /// What amounts of a currency are counted in: `US cents`.
    public static func minorName(_ currency: String) -> String {
        let code = currency.uppercased()
        return switch decimals(of: currency) {
        case _ where code == "USD": "US cents"
        case 0: code
        case 3: "thousandths of \(code)"
        case _: "hundredths of \(code)"
        }
    }

    /// What one credit costs: `1.19¢`; `nil` where there is nothing smaller than the minor unit to show it in.
    public static func unitPrice(_ packPriceCents: Int64, credits: Int64, _ currency: String) -> String? {
        guard currency.lowercased() == "usd", credits > 0 else { return nil }
        let hundredths = (packPriceCents * 100 + credits / 2) / credits
        return hundredths % 100 == 0
            ? "\(number(hundredths / 100))¢"
            : "\(number(hundredths / 100)).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)¢"
    }

    /// `640 kB`, `3 MB`, `3.4 MB`
    public static func bytes(_ value: Int64) -> String {
        guard value >= 1 << 20 else { return "\(number(max(1, (value + 512) >> 10))) kB" }
        let tenths = (value / 1024 * 10 + 512) / 1024
        return tenths % 10 == 0 ? "\(number(tenths / 10)) MB" : "\(number(tenths / 10)).\(tenths % 10) MB"
    }

    /// `just now`, `5 minutes ago`, `3 days ago`
    public static func relative(_ instant: Instant, now: Instant) -> String {
        let seconds = instant.distance(to: now).components.seconds
        func ago(_ count: Int64, _ unit: String) -> String { "\(count) \(unit)\(count == 1 ? "" : "s") ago" }
        return switch seconds {
        case ..<60: "just now"
        case ..<3600: ago(seconds / 60, "minute")
        case ..<86_400: ago(seconds / 3600, "hour")
        case ..<(60 * 86_400): ago(seconds / 86_400, "day")
        case ..<(730 * 86_400): ago(seconds / (30 * 86_400), "month")
        case _: ago(seconds / (365 * 86_400), "year")
        }
    }

    /// `2026-11-22 10:15 UTC`
    public static func exact(_ instant: Instant) -> String {
        let text = instant.rfc3339
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }

    /// `22 Nov 2026`, in UTC.
    public static func day(_ instant: Instant) -> String {
        let parts = instant.rfc3339.prefix(10).split(separator: "-")
        let month = Int(parts[1]).map { months[$0 - 1] } ?? ""
        return "\(parts[2].hasPrefix("0") ? parts[2].dropFirst() : parts[2]) \(month) \(parts[0])"
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// How many digits stand behind the point.
    ///
    /// Source: https://docs.stripe.com/currencies#zero-decimal, #three-decimal
    private static func decimals(of currency: String) -> Int {
        let code = currency.lowercased()
        return zeroDecimal.contains(code) ? 0 : threeDecimal.contains(code) ? 3 : 2
    }

    private static let threeDecimal: Set<String> = ["bhd", "jod", "kwd", "omr", "tnd"]
    private static let zeroDecimal: Set<String> = [
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
    ]
}

/// A moment, relative for reading and exact for hovering and machines.
struct Moment {
    let relative: String
    let exact: String

    init(_ instant: Instant, now: Instant) {
        relative = Format.relative(instant, now: now)
        exact = instant.rfc3339
    }
}
