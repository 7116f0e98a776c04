import Core
import Pages
import Testing

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
    ])
    func moneyIsShownInItsCurrency(_ minor: Int64, _ currency: String, _ text: String) {
        #expect(Format.money(minor, currency) == text)
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
