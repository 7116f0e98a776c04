import JSON
import TestSupport
import Testing

/// A text that is refused, for one reason.
struct BadText: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: JSONError.Reason
    let bytes: [UInt8]

    init(_ description: String, _ reason: JSONError.Reason, _ text: String) {
        self.init(description, reason, Array(text.utf8))
    }

    init(_ description: String, _ reason: JSONError.Reason, _ bytes: [UInt8]) {
        (testDescription, self.reason, self.bytes) = (description, reason, bytes)
    }

    static let structures = [
        BadText("nothing", .endsEarly, ""),
        BadText("white space alone", .endsEarly, " \n\t\r"),
        BadText("two values", .moreAfterTheEnd, "1 2"),
        BadText("a value and a bracket", .moreAfterTheEnd, "{}}"),
        BadText("a comma after the last member", .notAValue, #"{"a":1,}"#),
        BadText("a comma after the last element", .notAValue, "[1,]"),
        BadText("a comma before the first element", .notAValue, "[,1]"),
        BadText("two commas", .notAValue, "[1,,2]"),
        BadText("no comma", .notAValue, "[1 2]"),
        BadText("no colon", .notAValue, #"{"a" 1}"#),
        BadText("a name without a value", .notAValue, #"{"a":}"#),
        BadText("a name that is no string", .notAValue, "{1:2}"),
        BadText("a name without quotes", .notAValue, "{a:2}"),
        BadText("single quotes", .notAValue, "{'a':2}"),
        BadText("the wrong bracket", .notAValue, #"{"a":1]"#),
        BadText("a line comment", .notAValue, "// a\n1"),
        BadText("a block comment", .notAValue, "[/* a */1]"),
        BadText("a hash comment", .moreAfterTheEnd, "1 # a"),
        BadText("a word", .notAValue, "undefined"),
        BadText("a word in capitals", .notAValue, "TRUE"),
        BadText("half a word", .notAValue, "tru"),
        BadText("a word and more", .moreAfterTheEnd, "truest"),
        BadText("white space of another kind", .notAValue, "\u{A0}1"),
        BadText("a form feed", .notAValue, "\u{C}1"),
        BadText("a vertical tab", .notAValue, "\u{B}1"),
        BadText("a NUL byte before", .notAValue, [0x00, 0x31]),
        BadText("a NUL byte behind", .moreAfterTheEnd, [0x31, 0x00]),
        BadText("a NUL byte between", .notAValue, [0x5B, 0x00, 0x5D]),
        BadText("a record separator", .notAValue, [0x1E, 0x31]),
    ]

    static let names = [
        BadText("a name twice", .duplicateName, #"{"a":1,"a":1}"#),
        BadText("a name twice, the second escaped", .duplicateName, #"{"a":1,"\u0061":2}"#),
        BadText("the empty name twice", .duplicateName, #"{"":1,"":2}"#),
        BadText("a name twice within data", .duplicateName, #"{"type":"x","data":{"id":1,"id":2}}"#),
        BadText("a name twice within an array", .duplicateName, #"[[{"a":[{"b":1,"c":2,"b":3}]}]]"#),
    ]

    static let encodings = [
        BadText("a byte order mark", .notAValue, [0xEF, 0xBB, 0xBF, 0x7B, 0x7D]),
        BadText("UTF-16, little end first", .notAValue, [0x7B, 0x00, 0x7D, 0x00]),
        BadText("UTF-16 with its mark", .notUTF8, [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]),
        BadText("UTF-16, big end first", .notAValue, [0x00, 0x7B, 0x00, 0x7D]),
        BadText("UTF-32", .notAValue, [0x7B, 0, 0, 0, 0x7D, 0, 0, 0]),
        BadText("a lone continuation byte", .notUTF8, [0x22, 0x80, 0x22]),
        BadText("half a character", .notUTF8, [0x22, 0xC3, 0x22]),
        BadText("a character in too many bytes", .notUTF8, [0x22, 0xC0, 0xAF, 0x22]),
        BadText("a NUL in two bytes", .notUTF8, [0x22, 0xC0, 0x80, 0x22]),
        BadText("a surrogate in UTF-8", .notUTF8, [0x22, 0xED, 0xA0, 0x80, 0x22]),
        BadText("beyond Unicode", .notUTF8, [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22]),
        BadText("Latin-1", .notUTF8, [0x22, 0xE9, 0x22]),
    ]

    static let strings = [
        BadText("a string without end", .endsEarly, "\"a"),
        BadText("a string that ends in an escape", .endsEarly, "\"a\\"),
        BadText("a line feed in a string", .badString, "\"a\nb\""),
        BadText("a tab in a string", .badString, "\"a\tb\""),
        BadText("a NUL in a string", .badString, [0x22, 0x00, 0x22]),
        BadText("a control character behind an escape", .badString, [0x22, 0x5C, 0x6E, 0x01, 0x22]),
        BadText("an escape that is none", .badString, #""\x41""#),
        BadText("an escaped single quote", .badString, #""\'""#),
        BadText("a capital U", .badString, #""\U0041""#),
        BadText("three digits", .badString, #""\u004""#),
        BadText("a sign among the digits", .badString, #""\u+041""#),
        BadText("no digits", .badString, #""\uzzzz""#),
        BadText("digits of another script", .badString, "\"\\u\u{FF10}\u{FF10}\""),
        BadText("a leading surrogate alone", .badString, #""\ud83d""#),
        BadText("a leading surrogate and a letter", .badString, #""\ud83da""#),
        BadText("a leading surrogate and another", .badString, #""\ud83d\ud83d""#),
        BadText("a leading surrogate and a character", .badString, #""\ud83d\u0041""#),
        BadText("a trailing surrogate alone", .badString, #""\ude00""#),
        BadText("a pair in the wrong order", .badString, #""\ude00\ud83d""#),
    ]

    static let numbers = [
        BadText("a plus sign", .notAValue, "+1"),
        BadText("a minus alone", .endsEarly, "-"),
        BadText("a minus before a word", .badNumber, "-a"),
        BadText("two minuses", .badNumber, "--1"),
        BadText("a zero before a digit", .moreAfterTheEnd, "01"),
        BadText("a negative with a zero first", .moreAfterTheEnd, "-012"),
        BadText("a point alone", .notAValue, ".5"),
        BadText("a point at the end", .endsEarly, "1."),
        BadText("a point and an exponent", .badNumber, "1.e5"),
        BadText("an exponent without digits", .endsEarly, "1e"),
        BadText("an exponent with a sign alone", .badNumber, "[1e+]"),
        BadText("two points", .moreAfterTheEnd, "1.2.3"),
        BadText("hexadecimal", .moreAfterTheEnd, "0x10"),
        BadText("an underscore", .moreAfterTheEnd, "1_000"),
        BadText("NaN", .notAValue, "NaN"),
        BadText("Infinity", .notAValue, "Infinity"),
        BadText("minus infinity", .badNumber, "-Infinity"),
        BadText("a digit of another script", .notAValue, "\u{0661}"),
    ]
}

@Suite struct JSONReadingTests {
    @Test(arguments: BadText.structures + BadText.names + BadText.encodings + BadText.strings + BadText.numbers)
    func refuses(_ text: BadText) {
        let error = #expect(throws: JSONError.self) { try JSON(text.bytes) }
        #expect(error?.reason == text.reason)
    }

    @Test func sixtyFourLevelsAreReadAndSixtyFiveAreNot() throws {
        func nested(_ depth: Int, _ open: String, _ middle: String, _ close: String) -> [UInt8] {
            Array((String(repeating: open, count: depth) + middle + String(repeating: close, count: depth)).utf8)
        }
        _ = try JSON(nested(64, "[", "", "]"))
        _ = try JSON(nested(64, #"{"a":"#, "1", "}"))
        for bytes in [nested(65, "[", "", "]"), nested(65, #"{"a":"#, "1", "}"), nested(300_000, "[", "", "")] {
            let error = #expect(throws: JSONError.self) { try JSON(bytes) }
            #expect(error?.reason == .tooDeep)
        }
    }

    /// A number is an integer if it is written as one and fits; else it keeps its digits.
    @Test(arguments: [
        ("0", JSON.integer(0)), ("-1", -1), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .decimal("9223372036854775808")),
        ("-9223372036854775809", .decimal("-9223372036854775809")), ("1e400", .decimal("1e400")),
        ("1.0", .decimal("1.0")), ("1e3", .decimal("1e3")), ("1E-3", .decimal("1E-3")), ("-0", .decimal("-0")),
        ("1.0000000000000000001", .decimal("1.0000000000000000001")), ("-0.5e+7", .decimal("-0.5e+7")),
    ])
    func keepsNumbersExactly(_ text: String, _ value: JSON) throws {
        #expect(try JSON(Array(text.utf8)) == value)
        #expect(try JSON(Array(text.utf8)).text == text)
    }

    @Test func aMillionDigitsAreRead() throws {
        let digits = String(repeating: "9", count: 1_000_000)
        #expect(try JSON(Array(digits.utf8)) == .decimal(digits))
    }

    @Test(arguments: [
        (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "A\u{E9}\u{20AC}"),
        (#""\ud83d\ude00""#, "\u{1F600}"), (#""\uD800\uDC00""#, "\u{10000}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
        (#""\u0000""#, "\0"), (#""a\u0000b""#, "a\0b"), (#""\uffff""#, "\u{FFFF}"),
        ("\"\u{7F}\u{85}\"", "\u{7F}\u{85}"),
    ])
    func readsStrings(_ text: String, _ value: String) throws {
        let read = try #require(try JSON(Array(text.utf8)).string)
        #expect(read.utf8.elementsEqual(value.utf8))
    }

    @Test func membersKeepTheirOrderAndNullCountsAsAbsent() throws {
        let json = try JSON(Array(#" { "b" : 1 , "a" : null , "c" : [ true , false ] } "#.utf8))
        #expect(json.members?.map(\.name) == ["b", "a", "c"])
        #expect(json["a"] == nil)
        #expect(json["none"] == nil)
        #expect(json["b"]?.integer == 1)
        #expect(json["c"]?.array == [true, false])
        #expect(json["c"]?["b"] == nil)
    }

    @Test func aNameIsFoundByItsBytes() throws {
        let json = try JSON(Array("{\"\u{E9}\":1}".utf8))
        #expect(json["\u{E9}"] == 1)
        #expect(json["e\u{301}"] == nil)
    }

    @Test(arguments: Fixtures.versions, Fixtures.payloads)
    func noTruncationOfAPayloadIsRead(version: String, payload: String) throws {
        let bytes = try Fixtures.bytes("\(version)/\(payload).json")
        _ = try JSON(bytes)
        // Each refusal ends the reading where the text does, so all of them together cost the square of its length.
        for length in stride(from: 0, to: bytes.count, by: 29) {
            #expect(throws: JSONError.self) { try JSON(Array(bytes.prefix(length))) }
        }
    }

    @Test func noCutOfASmallPayloadIsRead() throws {
        let bytes = try Fixtures.bytes("2026-10/07-refund.created-succeeded.json")
        for length in 0..<bytes.count { #expect(throws: JSONError.self) { try JSON(Array(bytes.prefix(length))) } }
    }
}
