import Core
import Testing

/// What may stand in a name, an address or a reason.
struct PlainTextTests {
    private static let invisible: [Unicode.Scalar] = [
        "\u{600}", "\u{605}", "\u{6DD}", "\u{70F}", "\u{890}", "\u{8E2}", "\u{D4E}", "\u{110BD}", "\u{111C2}",
        "\u{1193F}",
        "\u{11A3A}", "\u{11A84}", "\u{11D46}", "\u{11F02}", "\u{AD}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{200E}",
        "\u{202A}",
        "\u{202E}", "\u{2028}", "\u{2029}", "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{FFF9}", "\u{E0001}", "\u{E007F}",
    ]
    private static let controls = (Array(0...0x1F) + Array(0x7F...0x9F)).compactMap { Unicode.Scalar(UInt32($0)) }

    @Test(arguments: [
        "Ada Lovelace", "Zoë", "Zoe\u{308}", "李小龍", "محمد", "नेहा", "😀", "O'Brien <ada@example.com> & \"co\"", "\u{D4D}x",
    ])
    func whatShowsIsPlain(_ text: String) {
        #expect(PlainText.isPlain(text) && PlainText.cleaned(text) == text && Reason.checked(text) == text)
    }

    @Test(arguments: invisible)
    func whatIsInvisibleIsRefusedInAReasonAndLeftOutOfAName(_ scalar: Unicode.Scalar) throws {
        let text = "a\(scalar)<b"
        #expect(!PlainText.isPlain(text) && Reason.checked(text) == nil)
        #expect(PlainText.cleaned(text).map { Array($0.utf8) } == Array("a<b".utf8))
        let profile = Profile(user: try #require(UserID("ada")), email: "\(text)@example.com", name: text)
        #expect(profile.name == "a<b" && profile.email == nil, "another address would be somebody else's")
    }

    @Test(arguments: controls)
    func aControlCharacterIsRefusedEverywhere(_ scalar: Unicode.Scalar) throws {
        let text = "a\(scalar)b"
        #expect(Reason.checked(text) == nil && PlainText.cleaned(text) == nil)
        let profile = Profile(user: try #require(UserID("ada")), email: text, name: text)
        #expect(profile.name == nil && profile.email == nil)
    }

    @Test(arguments: ["", " ", "\u{3000}\u{A0}", "\u{200B}"])
    func whatShowsNothingIsNothing(_ text: String) {
        #expect(PlainText.cleaned(text) == nil && Reason.checked(text) == nil)
    }

    @Test func lengthsAreCountedInBytes() {
        #expect(Reason.checked(String(repeating: "ë", count: 500)) != nil)
        #expect(Reason.checked(String(repeating: "ë", count: 500) + "x") == nil)
        #expect(PlainText.cleaned(String(repeating: "x", count: 255)) != nil)
        #expect(PlainText.cleaned(String(repeating: "x", count: 256)) == nil)
    }
}
