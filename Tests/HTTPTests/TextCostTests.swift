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

    @Test func aFormWithLongRunsOfMarksIsRefused() throws {
        let thirty = String(repeating: "\u{301}\u{327}", count: 15)
        for text in ["e\(thirty)", "\(thirty)e\(thirty)", "\(thirty)\u{E9}\(thirty)"] {
            #expect(text.isStreamSafe)
            #expect(try Form("a=\(text)").fields.first?.value == text)
            #expect(!"\(text)\u{301}".isStreamSafe)
            for form in ["a=\(text)\u{301}", "\(text)\u{301}=a"] {
                #expect(throws: Form.Fault.notUTF8) { try Form(form) }
            }
        }
    }

    @Test(arguments: [
        ("\"a\"", true), ("W/\"a\"", true), ("\"b\", W/\"a\" ,\"c\"", true), ("\"b\"", false), ("a", false),
        ("", false), ("\"a\u{301}\"", false), ("\"xa\"", false), ("*", false),
    ])
    func aTagIsFoundInAListAsItIs(_ header: String, _ isListed: Bool) {
        #expect(EntityTag.isListed("\"a\"", in: header) == isListed)
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
