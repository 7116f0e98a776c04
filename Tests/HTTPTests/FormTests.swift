import HTTP
import Testing

@Suite struct FormTests {
    @Test(arguments: [
        ("", []), ("&", []), ("&&a=1&", [["a", "1"]]), ("a", [["a", ""]]), ("a=", [["a", ""]]), ("=b", [["", "b"]]),
        ("=", [["", ""]]), ("a=1&b=2", [["a", "1"], ["b", "2"]]), ("a=b=c", [["a", "b=c"]]),
        ("a+b=c+d", [["a b", "c d"]]), ("a%2Bb=%26%3D", [["a+b", "&="]]), ("n=%00", [["n", "\0"]]),
        ("k=%C3%A9", [["k", "\u{E9}"]]), ("k=\u{E9}", [["k", "\u{E9}"]]), ("k=%c3%A9", [["k", "\u{E9}"]]),
        ("a=1&a=2", [["a", "1"], ["a", "2"]]), ("a;b=1", [["a;b", "1"]]),
    ])
    func reads(_ text: String, _ fields: [[String]]) throws {
        #expect(try Form(text).fields.map { [$0.name, $0.value] } == fields)
    }

    @Test(arguments: [
        ("a=%", Form.Fault.badPercentEncoding), ("a=%4", .badPercentEncoding), ("a=%zz", .badPercentEncoding),
        ("a=%4g", .badPercentEncoding), ("%=1", .badPercentEncoding), ("a=%+1", .badPercentEncoding),
        ("a=%ff", .notUTF8), ("a=%c3", .notUTF8), ("%ed%a0%80=1", .notUTF8), ("a=%c0%80", .notUTF8),
    ])
    func refuses(_ text: String, _ fault: Form.Fault) { #expect(throws: fault) { try Form(text) } }

    @Test func aHundredFieldsAreReadAndOneMoreIsNot() throws {
        let hundred = (1...100).map { "f\($0)=\($0)" }.joined(separator: "&")
        #expect(try Form(hundred).fields.count == 100)
        #expect(throws: Form.Fault.tooManyFields) { try Form(hundred + "&f=1") }
    }

    @Test func theFirstOfOneNameCounts() throws {
        let form = try Form("a=1&a=2")
        #expect(form["a"] == "1")
        #expect(form["b"] == nil)
    }

    @Test func aMalformedQueryIsAnEmptyForm() {
        #expect(Request(method: .get, path: "/", query: "a=%").parameters == Form())
        #expect(Request(method: .get, path: "/", query: "a=1").parameters["a"] == "1")
    }
}

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b", "a%20b"), ("a+b", "a%2Bb"),
        ("a/b?c=d&e#f", "a%2Fb%3Fc%3Dd%26e%23f"),
        ("\u{E9}", "%C3%A9"), ("\n\0", "%0A%00"), ("%41", "%2541"), ("\u{7F}", "%7F"), ("*'()!", "%2A%27%28%29%21"),
    ])
    func writes(_ text: String, _ encoded: String) { #expect(PercentEncoding.encoded(text) == encoded) }

    @Test func whatIsWrittenIsReadAgain() throws {
        let text = String(decoding: UInt8(0)...0x7F, as: UTF8.self) + "\u{80}\u{7FF}\u{FFFF}\u{10FFFF}"
        let form = try Form("\(PercentEncoding.encoded(text))=\(PercentEncoding.encoded(text))")
        #expect(form.fields.count == 1)
        #expect(form.fields[0].name.utf8.elementsEqual(text.utf8))
        #expect(form.fields[0].value.utf8.elementsEqual(text.utf8))
    }
}
