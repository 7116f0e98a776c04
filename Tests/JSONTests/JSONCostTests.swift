import JSON
import Testing

/// What text costs that was made to be compared.
@Suite(.serialized) struct JSONCostTests {
    /// Names of one letter and many marks, which differ at their ends alone.
    private static func object(marks: Int) -> [UInt8] {
        let tail = String(repeating: "\u{301}\u{327}", count: marks / 2)
        return Array("{\"e\(tail)a\":1,\"e\(tail)b\":2,\"e\(tail)c\":3}".utf8)
    }

    @Test func marksOnOneLetterCostNoMoreThanLetters() {
        let clock = ContinuousClock()
        let marked = Self.object(marks: 10_000)
        let plain = Array(
            "{\"\(String(repeating: "x", count: marked.count - 30))\":1,\"a\":2,\"b\":3}".utf8)
        func best(_ text: [UInt8]) -> Duration {
            (0..<5).map { _ in clock.measure { #expect((try? JSON(text))?.members?.count == 3) } }.min() ?? .zero
        }
        #expect(best(marked) < best(plain) * 6)
    }

    @Test func namesThatLookTheSameAreTwoNames() throws {
        let json = try JSON(Array("{\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        #expect(json["\u{E9}"]?.integer == 1)
        #expect(json["e\u{301}"]?.integer == 2)
        #expect(JSON.string("\u{E9}") != JSON.string("e\u{301}"))
    }

    @Test(arguments: [2, 8, 9, 10, 100]) func aNameTwiceIsFoundAmongManyNames(_ count: Int) throws {
        let members = (1..<count).map { "\"n\($0)\":0" }
        #expect(try JSON(Array("{\(members.joined(separator: ","))}".utf8)).members?.count == count - 1)
        for name in ["n1", "n\(count - 1)"] {
            let text = "{\(members.joined(separator: ",")),\"\(name)\":0}"
            #expect { try JSON(Array(text.utf8)) } throws: { ($0 as? JSONError)?.reason == .duplicateName }
        }
    }
}
