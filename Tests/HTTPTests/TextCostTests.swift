import HTTP
import Testing

/// Headers that were made to be costly, against ones of the same length that were not.
@Suite(.serialized) struct TextCostTests {
    private static let marks = String(repeating: "\u{301}\u{327}", count: 4_000)
    private static let letters = String(repeating: "x", count: marks.utf8.count)

    private func expectSameCost(_ work: (String) -> Void) {
        func best(_ text: String) -> Duration {
            (0..<5).map { _ in ContinuousClock().measure { for _ in 0..<10 { work(text) } } }.min() ?? .zero
        }
        #expect(best(Self.marks) < best(Self.letters) * 6)
    }

    @Test func marksInACookieCostNoMoreThanLetters() {
        expectSameCost { _ = Cookies(header: "s\($0)=1; s=2")["s"] }
    }

    @Test func marksInAcceptCostNoMoreThanLetters() {
        expectSameCost { _ = ContentNegotiation.prefersHTML("text/html\($0), */*") }
    }

    @Test(arguments: [
        ("s\u{301}=1; s=2", "2"), ("s=1\u{301}", nil), ("s=é; s=1", nil), ("é=1", nil), ("s=1; é=2", "1"),
    ])
    func aCookieIsASCII(_ header: String, _ value: String?) { #expect(Cookies(header: header)["s"] == value) }

    @Test(arguments: [
        ("text/html; q=1", "text/html"), (" Text/HTML\t", "text/html"), ("text/\u{E9}", nil), ("text/html\u{301}", nil),
        ("text/\u{212A}", nil), ("", ""),
    ])
    func aMediaTypeIsASCII(_ text: String, _ essence: String?) { #expect(MediaType.essence(text) == essence) }
}
