import JSON
import Testing

@testable import Core

@Suite struct IdentifierTests {
    @Test(arguments: [
        "", "57107b74-8400-4d80-a2fc-54c2b4239cb", "57107b74-8400-4d80-a2fc-54c2b4239cb3a",
        "57107b7484004d80a2fc54c2b4239cb3",
        "57107b74x8400-4d80-a2fc-54c2b4239cb3", "57107b74-8400-4d80-a2fc-54c2b4239cbg",
        "{57107b74-8400-4d80-a2fc-54c2b4239c}",
        "57107b74-8400-4d80-a2fc-54c2b4239cb\u{FF13}",
    ])
    func isAUUIDOrNothing(_ text: String) { #expect(Order.ID(text) == nil) }

    @Test func forgetsItsCase() throws {
        #expect(Order.ID("57107B74-8400-4D80-A2FC-54C2B4239CB3") == Order.ID("57107b74-8400-4d80-a2fc-54c2b4239cb3"))
        #expect(Order.ID(random: .init(repeating: 0xFF, count: 16)).text == "ffffffff-ffff-4fff-bfff-ffffffffffff")
    }

    @Test(arguments: [
        ("a", true), ("", false), (String(repeating: "a", count: 255), true),
        (String(repeating: "a", count: 256), false),
        (String(repeating: "\u{E9}", count: 127), true), (String(repeating: "\u{E9}", count: 128), false),
        ("auth0|1 2", true), ("a\nb", false), ("a\0", false), ("a\u{7F}", false),
    ])
    func aUserIs1To255BytesWithoutControls(_ text: String, _ isOne: Bool) {
        #expect((UserID(text) != nil) == isOne)
    }

    @Test func usersThatLookTheSameAreTwo() throws {
        let (left, right) = (try #require(UserID("\u{E9}")), try #require(UserID("e\u{301}")))
        #expect(left != right)
        #expect(Set([left, right]).count == 2)
    }
}

@Suite struct TimeTests {
    @Test func secondsAreAddedExactly() {
        for seconds in Int64(0)...5000 {
            #expect(Instant(rawValue: 7).advanced(by: .seconds(seconds)).rawValue == 7 + seconds * 1000)
        }
        #expect(Instant(rawValue: 7).advanced(by: .milliseconds(-5)).rawValue == 2)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-20T10:15:02.123456Z", 1_795_169_702_123_456),
            ("2026-11-20T10:15:02.1Z", 1_795_169_702_100_000),
            ("2026-11-20T10:15:02.1234567899Z", 1_795_169_702_123_456),
            ("2026-11-20t11:15:02+01:00", 1_795_169_702_000_000), ("2026-11-20 08:45:02-01:30", 1_795_169_702_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000), ("2000-02-29T23:59:59z", 951_868_799_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        ] as [(String, Int64)])
    func readsRFC3339(_ text: String, _ microseconds: Int64) {
        #expect(PolarClock(text)?.rawValue == microseconds)
    }

    @Test(arguments: [
        "", "2026-11-20", "2026-11-20T10:15:02", "2026-11-20T10:15Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-20T24:00:00Z",
        "2026-11-20T10:60:00Z", "2026-11-20T10:15:61Z", "2026-11-20T10:15:02.Z", "2026-11-20T10:15:02+1:00",
        "2026-11-20T10:15:02+24:00", "2026-11-20T10:15:02Zx", "26-11-20T10:15:02Z", "1969-12-31T23:59:59Z",
        "2026-11-20T10:15:02,5Z", "+026-11-20T10:15:02Z", "2026-11-20T10:15:02.1234567890123Z",
        "\u{0662}026-11-20T10:15:02Z",
    ])
    func refuses(_ text: String) { #expect(PolarClock(text) == nil) }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_795_169_702_123, "2026-11-20T10:15:02.123Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func writesRFC3339(_ milliseconds: Int64, _ text: String) {
        #expect(Instant(rawValue: milliseconds).rfc3339 == text)
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        for day in Int64(0)..<146_097 {
            let instant = Instant(unixSeconds: day * 86_400)
            #expect(PolarClock(instant.rfc3339)?.instant == instant)
        }
    }
}

@Suite struct LogTests {
    @Test func aLineIsOneJSONObjectWithSortedNames() {
        let line = LogLine(.notice, "order.granted", ["entry.credits": 500, "order.id": "o\"1\"\n", "a": true])
        #expect(
            line.of(request: "r1").json(at: Instant(rawValue: 12)) == #"""
                {"a":true,"entry.credits":500,"event":"order.granted","level":"notice","order.id":"o\"1\"\n",\#
                "request.id":"r1","time":"1970-01-01T00:00:00.012Z"}
                """#)
    }

    @Test func aSecretPrintsNothing() {
        struct Holder { let secret = Secret("hunter2") }
        #expect("\(Secret("hunter2"))" == "‹secret›")
        #expect(String(reflecting: [Secret("hunter2")]) == "[‹secret›]")
        #expect(!String(reflecting: Holder()).contains("hunter2"))
        var dumped = ""
        dump(Holder(), to: &dumped)
        // As an element of an array: the address in the name of a local type can hold any digits.
        #expect(!dumped.contains("hunter2") && !dumped.contains("- 104"))
    }
}
