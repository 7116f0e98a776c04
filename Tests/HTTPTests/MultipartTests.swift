import HTTP
import TestSupport
import Testing

/// A form that was read, as a whole or in pieces.
struct ReadForm: Equatable {
    struct Part: Equatable {
        let name: String
        let filename: String?
        let contentType: String?
        var bytes: [UInt8] = []

        var text: String? { String(validating: bytes, as: UTF8.self) }
    }

    private(set) var parts: [Part] = []

    /// - Parameter pieceBytes: how long the next piece is.
    init(
        body: [UInt8], contentType: String, pieceBytes: () -> Int = { 1 << 20 }
    ) throws(Multipart.Fault) {
        var reader = try MultipartReader(contentType: contentType)
        var rest = body[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieceBytes())
            rest = rest.dropFirst(piece.count)
            for event in try reader.read(piece) { take(event) }
        }
        try reader.finish()
    }

    private mutating func take(_ event: Multipart.Event) {
        switch event {
        case .part(let part):
            parts.append(Part(name: part.name, filename: part.filename, contentType: part.contentType))
        case .bytes(let bytes):
            #expect(!bytes.isEmpty && !parts.isEmpty)
            parts[parts.count - 1].bytes += bytes
        }
    }

    subscript(name: String) -> Part? { parts.first { $0.name == name } }

    /// What came of it, so that two readings can be compared.
    static func outcome(
        _ body: [UInt8], _ contentType: String, pieceBytes: () -> Int = { 1 << 20 }
    ) -> Result<ReadForm, Multipart.Fault> {
        do throws(Multipart.Fault) {
            return .success(try ReadForm(body: body, contentType: contentType, pieceBytes: pieceBytes))
        } catch {
            return .failure(error)
        }
    }
}

@Suite struct MultipartTests {
    private static let type = "multipart/form-data; boundary=cut"

    private static func body(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// One part whose header is `header` and whose bytes are `x`.
    private static func one(_ header: String) -> [UInt8] { body("--cut\r\n\(header)\r\n\r\nx\r\n--cut--") }

    @Test func readsWhatABrowserSends() throws {
        let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
        let image: [UInt8] = [0xFF, 0xD8, 0x0D, 0x0A, 0x2D, 0x2D, 0x0D, 0x00, 0x0D, 0x0A]
        let body =
            Self.body(
                """
                --\(boundary)\r\nContent-Disposition: form-data; name="form_token"\r\n\r\nabc\r\n--\(boundary)\r
                Content-Disposition: form-data; name="image"; filename="a b.jpg"\r\nContent-Type: image/jpeg\r\n\r\n
                """) + image + Self.body("\r\n--\(boundary)--\r\n")
        let form = try ReadForm(body: body, contentType: "multipart/form-data; boundary=\(boundary)")
        #expect(form.parts.map(\.name) == ["form_token", "image"])
        #expect(form["form_token"]?.text == "abc")
        #expect(form["form_token"]?.filename == nil)
        #expect(form["form_token"]?.contentType == nil)
        let part = try #require(form["image"])
        #expect(part.filename == "a b.jpg")
        #expect(part.contentType == "image/jpeg")
        #expect(Array(part.bytes) == image)
        #expect(part.text == nil)
        #expect(form["Image"] == nil)
    }

    @Test(arguments: [
        ("name=a", "a", nil), ("name=\"a\"", "a", nil), ("NAME=\"a\"", "a", nil), ("name=\"\"", "", nil),
        ("name=\"a\"; filename=\"b.png\"", "a", "b.png"), ("filename=b.png; name=a", "a", "b.png"),
        ("name=a;filename=\"\"", "a", ""), ("name=\"a;b\"; filename=\"c=d\"", "a;b", "c=d"), ("name=a;", "a", nil),
        ("name=a; ; filename=b", "a", "b"), ("name=\"a\\\"b\"", "a\"b", nil), ("name=\"a%22b\"", "a\"b", nil),
        ("name=\"a%0D%0Ab\"", "a\r\nb", nil), ("name=a; filename=\"100%25.png\"", "a", "100%25.png"),
        ("name=a; filename=\"%2\"", "a", "%2"), ("name=a; filename=\"C:\\a\\b.png\"", "a", "C:\\a\\b.png"),
        ("name=a; filename=\"a\\\\b\"", "a", "a\\b"),
        ("name=\"\u{E9}\"; filename=\"\u{1F600}.png\"", "\u{E9}", "\u{1F600}.png"),
        ("name=a; filename*=UTF-8''b", "a", nil), ("name=a; filename=\"a\"\t", "a", "a"),
        ("name=\"a\u{301}\"", "a\u{301}", nil), ("name=a; filename=\"..\\/../etc\"", "a", "..\\/../etc"),
    ])
    func readsADisposition(_ parameters: String, _ name: String, _ filename: String?) throws {
        let form = try ReadForm(
            body: Self.one("Content-Disposition: form-data; \(parameters)"), contentType: Self.type)
        #expect(form.parts.map(\.name) == [name])
        #expect(form.parts[0].filename == filename)
        #expect(form.parts[0].text == "x")
    }

    @Test(arguments: [
        "", "Content-Type: text/plain", "Content-Disposition: form-data", "Content-Disposition: form-data; filename=a",
        "Content-Disposition: attachment; name=a", "Content-Disposition: form-data name=a",
        "Content-Disposition: form-data; name", "Content-Disposition: form-data; name=",
        "Content-Disposition: ; name=a",
        "Content-Disposition: form-data; name=\"a", "Content-Disposition: form-data; name=\"a\\\"",
        "Content-Disposition: form-data; name=\"a\"b", "Content-Disposition: form-data; name=a b",
        "Content-Disposition: form-data; name=a\"", "Content-Disposition: form-data; name=a; name=a",
        "Content-Disposition: form-data; name=a; NAME=b", "Content-Disposition: form-data; =a",
        "Content-Disposition: form-data; n me=a; name=a", "Content-Disposition form-data; name=a",
        "Content-Disposition : form-data; name=a", " Content-Disposition: form-data; name=a", ": a",
        "Content-Disposition: form-data;\r\n name=a", "Content-Disposition: form-data; name=a\n",
        "Content-Disposition: form-data; name=\"a\0\"", "Content-Disposition: form-data; name=\"a\u{7F}\"",
        "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
        "Content-Disposition: form-data; name=a\r\nContent-Type: a/b\r\ncontent-type: a/c",
        "Content-Disposition: form-data; name=\"a\rb\"", "Content-Disposition: form-data; name=a\r",
    ])
    func refusesAHeader(_ header: String) {
        #expect(throws: Multipart.Fault.badHeader) {
            try ReadForm(body: Self.one(header), contentType: Self.type)
        }
    }

    @Test func aHeaderThatIsNotUTF8IsRefused() {
        let body =
            Self.body("--cut\r\nContent-Disposition: form-data; name=") + [0xFF] + Self.body("\r\n\r\n\r\n--cut--")
        #expect(throws: Multipart.Fault.badHeader) { try ReadForm(body: body, contentType: Self.type) }
    }

    @Test(arguments: [
        "content-disposition:form-data;name=a", "CONTENT-DISPOSITION: FORM-DATA; name=a",
        "X-Other: 1\r\nContent-Disposition: \t form-data; name=a \t",
        "Content-Disposition: form-data; name=a\r\nEmpty:",
    ])
    func readsAHeader(_ header: String) throws {
        #expect(try ReadForm(body: Self.one(header), contentType: Self.type).parts.map(\.name) == ["a"])
    }

    @Test(arguments: [
        "boundary=cut", "boundary=\"cut\"", "BOUNDARY=cut", "charset=utf-8; boundary=cut", "boundary=cut;",
        " boundary=cut ",
    ])
    func readsAContentType(_ parameters: String) throws {
        let body = Self.one("Content-Disposition: form-data; name=a")
        for type in ["multipart/form-data;", "Multipart/Form-Data ; "] {
            #expect(try ReadForm(body: body, contentType: type + parameters).parts.count == 1)
        }
    }

    @Test(arguments: [
        "", "multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=\"cut", "multipart/mixed; boundary=cut",
        "application/x-www-form-urlencoded", "image/png", "multipart/form-data boundary=cut",
        "multipart/form-data; boundary=cut; boundary=other", "multipart/form-data; boundary=\"cut \"",
        "multipart/form-data; boundary=\"c\\\"ut\"", "multipart/form-data; boundary=c*t",
        "multipart/form-data; boundary=\"c\r\nt\"", "multipart/form-data; boundary=c\u{FC}t",
    ])
    func refusesAContentType(_ type: String) {
        #expect(throws: Multipart.Fault.notMultipart) { try ReadForm(body: Self.body("--cut--"), contentType: type) }
    }

    @Test(arguments: [1, 70])
    func theLongestBoundary(_ count: Int) throws {
        let boundary = String(repeating: "'", count: count)
        let body = Self.body("--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--\(boundary)--")
        #expect(
            try ReadForm(body: body, contentType: "multipart/form-data; boundary=\(boundary)")["a"]?.bytes.count == 0)
        let longer = String(repeating: "'", count: 71)
        #expect(throws: Multipart.Fault.notMultipart) {
            try ReadForm(body: body, contentType: "multipart/form-data; boundary=\(longer)")
        }
    }

    @Test(arguments: [
        "--cut--", "\r\n--cut--", "preamble\r\n--cut--\r\nepilogue", "--cut-- \t\r\n", "--cut--\r\n--cut\r\n",
    ])
    func aFormMayBeEmpty(_ text: String) throws {
        #expect(try ReadForm(body: Self.body(text), contentType: Self.type).parts.isEmpty)
    }

    @Test func whatStandsAroundTheFormIsPassedOver() throws {
        let form = "\r\n--cut \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--cut-- \r\nafter"
        for before in ["", "before", "--cu", "x--cut", "a\r\n--cu\r\n--"] {
            let parts = try ReadForm(body: Self.body(before + form), contentType: Self.type).parts
            #expect(parts.map(\.text) == ["x"])
        }
    }

    @Test(arguments: ["--cutx\r\n", "--cut-\r\n", "--cut--xy", "--cut\n\r\n", "--cut \u{B}\r\n"])
    func aLongerLineIsNoBoundary(_ text: String) {
        #expect(throws: Multipart.Fault.badBoundary) { try ReadForm(body: Self.body(text), contentType: Self.type) }
    }

    @Test(arguments: [
        "\r", "\n", "\r\n", "\r\n--", "\r\n--cu", "\r\r\n--cu\r\n-cut", "--cut", "\r--cut", "\n--cut", "\r\n--CUT",
    ])
    func whatOnlyResemblesABoundaryBelongsToThePart(_ text: String) throws {
        let body = Self.body("--cut\r\nContent-Disposition: form-data; name=a\r\n\r\n\(text)\r\n--cut--")
        let bytes = try #require(try ReadForm(body: body, contentType: Self.type)["a"]).bytes
        #expect(Array(bytes) == Array(text.utf8))
    }

    @Test func whatIsCutShortIsRefused() {
        let body = Self.body(
            "--cut\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--cut\r\nContent-Disposition: form-data; name=b\r\n\r\n\r\n--cut--"
        )
        #expect(throws: Never.self) { try ReadForm(body: body, contentType: Self.type) }
        for count in 0..<body.count {
            #expect(throws: Multipart.Fault.cutShort, "\(count) bytes") {
                try ReadForm(body: Array(body[..<count]), contentType: Self.type)
            }
        }
    }

    @Test func twentyPartsAreReadAndOneMoreIsNot() throws {
        func form(_ count: Int) -> [UInt8] {
            let part = "--cut\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"
            return Self.body(String(repeating: part, count: count) + "--cut--")
        }
        #expect(try ReadForm(body: form(20), contentType: Self.type).parts.count == 20)
        #expect(throws: Multipart.Fault.tooManyParts) { try ReadForm(body: form(21), contentType: Self.type) }
    }

    @Test func aHeaderOfEightKilobytesIsReadAndOneByteMoreIsNot() throws {
        func form(_ count: Int) -> [UInt8] {
            let header = "Content-Disposition: form-data; name=a\r\nX: "
            let filler = String(repeating: "x", count: count - header.utf8.count - 2)
            return Self.one(header + filler)
        }
        #expect(try ReadForm(body: form(8192), contentType: Self.type).parts.count == 1)
        #expect(throws: Multipart.Fault.headerTooLong) { try ReadForm(body: form(8193), contentType: Self.type) }
        let endless = Self.body("--cut\r\n" + String(repeating: "a", count: 20_000))
        #expect(throws: Multipart.Fault.headerTooLong) { try ReadForm(body: endless, contentType: Self.type) }
    }

    @Test func theFirstOfOneNameCounts() throws {
        let body = Self.body(
            "--cut\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--cut\r\nContent-Disposition: form-data; name=a\r\n\r\n2\r\n--cut--"
        )
        let form = try ReadForm(body: body, contentType: Self.type)
        #expect(form["a"]?.text == "1")
        #expect(form.parts.count == 2)
    }

    /// Bodies that are worst for a search: one that went back for each start would take many minutes.
    @Test(arguments: ["-", "\r\n", "\r\n-", "\r\n--", "\r", "\r\n" + String(repeating: "-", count: 71)])
    func theSearchIsLinear(_ unit: String) {
        let boundary = String(repeating: "-", count: 70)
        let start = "--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n"
        let body = Self.body(start + String(repeating: unit, count: 400_000 / unit.utf8.count))
        let time = ContinuousClock().measure {
            _ = try? ReadForm(body: body, contentType: "multipart/form-data; boundary=\(boundary)")
        }
        #expect(time < .seconds(20))
    }
}
