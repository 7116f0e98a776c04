import TestSupport
import Testing

@testable import Pages

/// What a hostile name can make of a page: text, and nothing else.
struct EscapingTests {
    /// Every code point that is invisible, turns the direction of text or joins what follows it, before each byte that
    /// means something to HTML.
    private static let hostile: String = {
        let scalars = (0...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter(isHostile)
        return scalars.reduce(into: "x") { text, scalar in
            for special in ["<i a=b>", ">", "\"", "'", "&lt;", "&", " ", "=", "`"] {
                text.unicodeScalars.append(scalar)
                text += special
            }
        }
    }()

    private static func isHostile(_ scalar: Unicode.Scalar) -> Bool {
        let joinsWhatFollows: Set<UInt32> = [
            0x0D4E, 0x111C2, 0x111C3, 0x113D1, 0x1193F, 0x11941, 0x11A3A, 0x11A84, 0x11A85, 0x11A86, 0x11A87, 0x11A88,
            0x11A89, 0x11D46, 0x11F02,
        ]
        switch scalar.properties.generalCategory {
        // The parser takes these for an end of line or refuses them, whatever stands beside them.
        case .control: return ![0x00, 0x0C, 0x0D].contains(scalar.value)
        case .format, .lineSeparator, .paragraphSeparator: return true
        case _: return joinsWhatFollows.contains(scalar.value) || scalar.properties.isJoinControl
        }
    }

    @Test func namesNoTemplateWithoutEscaping() {
        for (name, bytes) in Renderer.templates {
            #expect(!String(decoding: bytes, as: UTF8.self).contains(/\{\{[{&]/), "\(name) writes a value as it is")
        }
    }

    @Test func noFieldOfAnyTemplateCanAddToItsTree() throws {
        let fields = Fields()
        for (name, _) in Renderer.templates {
            for areShown in [true, false] {
                let pages = ["harmless", Self.hostile].map { Renderer.rendered(name, fields.values($0, areShown)) }
                let shapes = try MarkupTree.shapes(of: pages)
                #expect(shapes[0] == shapes[1], "\(name), sections \(areShown ? "shown" : "left out")")
            }
        }
    }

    @Test func theHostileTextHoldsWhatFusesInSwift() {
        #expect(Self.hostile.contains("\u{600}<"), "the case that was found")
        #expect(Self.hostile.unicodeScalars.count > 2000)
        #expect(!"\u{600}<".contains("<" as Character), "the fault is one of Swift's characters")
    }
}

/// What the templates ask for. Names are looked up outwards: one flat dictionary serves them all.
private struct Fields {
    private var variables: Set<String> = []
    private var sections: Set<String> = []

    init() {
        let everything = Renderer.templates.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        for tag in everything.matches(of: /\{\{(?<kind>[#^]?)(?<name>[A-Za-z][A-Za-z.]*)(\(\))?\}\}/) {
            if tag.kind.isEmpty { variables.insert(String(tag.name)) } else { sections.insert(String(tag.name)) }
        }
    }

    /// Every variable is the text; every section is there once, or none is.
    func values(_ text: String, _ areShown: Bool) -> [String: Any] {
        var values: [String: Any] = [:]
        for name in sections { values[name] = areShown ? text as Any : false }
        for name in variables where areShown || !sections.contains(name) {
            let parts = name.split(separator: ".").map(String.init)
            if parts.count == 2 {
                var inner = values[parts[0]] as? [String: Any] ?? [:]
                inner[parts[1]] = text
                values[parts[0]] = inner
            } else if !(values[name] is [String: Any]) {
                values[name] = text
            }
        }
        return values
    }
}
