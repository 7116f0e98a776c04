import Core
import Testing

@testable import Pages

@Suite struct FormatTests {
    @Test(arguments: [
        (0, "0 credits"), (1, "1 credit"), (-1, "−1 credit"), (999, "999 credits"), (1000, "1,000 credits"),
        (1260, "1,260 credits"), (1_000_000, "1,000,000 credits"), (Int64.min, "−9,223,372,036,854,775,808 credits"),
    ])
    func numbersAreGroupedAndCredits(_ value: Int64, _ text: String) {
        #expect(Format.credits(value) == text)
    }

    @Test(arguments: [
        (1500, "usd", "$15.00"), (5, "usd", "$0.05"), (123_456_789, "eur", "€1,234,567.89"), (500, "jpy", "¥500"),
        (500, "krw", "500 KRW"), (1500, "chf", "15.00 CHF"), (-1500, "usd", "−$15.00"),
        (1_234_005, "kwd", "1,234.005 KWD"),
        (0, "usd", "$0.00"), (.min, "jpy", "−¥9,223,372,036,854,775,807"),
    ])
    func moneyIsShownInItsCurrency(_ minor: Int64, _ currency: String, _ text: String) {
        #expect(Format.money(minor, currency) == text)
    }

    @Test(
        arguments: [
            ("5", "usd", 500), ("5.0", "usd", 500), ("5.00", "usd", 500), ("0.05", "usd", 5), ("005.10", "usd", 510),
            ("0", "usd", 0), ("500", "jpy", 500), ("1.25", "kwd", 1250), ("1.005", "kwd", 1005),
            ("92233720368547758.07", "usd", .max), ("92233720368547758.08", "usd", nil), ("5.001", "usd", nil),
            ("5,00", "usd", nil), ("1,000", "usd", nil), ("5.", "usd", nil), (".5", "usd", nil), (".", "usd", nil),
            ("", "usd", nil), ("-5", "usd", nil), ("+5", "usd", nil), ("5.-1", "usd", nil), ("5.0.0", "usd", nil),
            ("$5", "usd", nil), ("5 ", "usd", nil), ("5e2", "usd", nil), ("٥", "usd", nil), ("5.0", "jpy", nil),
            ("5.", "jpy", nil), ("1.0000", "kwd", nil),
        ] as [(String, String, Int64?)])
    func moneyIsReadAsPeopleWriteIt(_ text: String, _ currency: String, _ minor: Int64?) {
        #expect(Format.minor(text, currency) == minor)
    }

    @Test(arguments: [
        (500, "usd", "5.00"), (1_000_000, "usd", "10000.00"), (5, "usd", "0.05"), (500, "jpy", "500"),
        (1005, "kwd", "1.005"),
    ])
    func whatAFieldShowsIsReadAsTheSame(_ minor: Int64, _ currency: String, _ text: String) {
        #expect(Format.amount(minor, currency) == text && Format.minor(text, currency) == minor)
    }

    @Test(arguments: [
        (500, 420, "1.19¢"), (500, 500, "1¢"), (50, 1_000_000, "0¢"), (50, 4000, "0.01¢"), (1_000_000, 1, "1,000,000¢"),
    ])
    func aCreditHasItsPrice(_ cents: Int64, _ credits: Int64, _ text: String) {
        #expect(Format.unitPrice(cents, credits: credits, "usd") == text)
    }

    static let ages: [(Int64, String)] = [
        (-5, "just now"), (0, "just now"), (59, "just now"), (60, "1 minute ago"), (3599, "59 minutes ago"),
        (3600, "1 hour ago"), (86_399, "23 hours ago"), (86_400, "1 day ago"), (5_183_999, "59 days ago"),
        (5_184_000, "2 months ago"), (63_072_000, "2 years ago"),
    ]

    @Test(arguments: ages)
    func timesAreRelative(_ seconds: Int64, _ text: String) {
        let now = Instant(unixSeconds: 1_795_000_000)
        #expect(Format.relative(Instant(unixSeconds: 1_795_000_000 - seconds), now: now) == text)
    }
}
