/// Reads the `Cookie` header and writes `Set-Cookie`.
///
/// Source: https://www.rfc-editor.org/rfc/rfc6265
public struct Cookies: Equatable, Sendable {
    private typealias Bytes = ArraySlice<UInt8>

    private let pairs: [(name: Bytes, value: Bytes)]

    public init(header: String?) {
        pairs = Array((header ?? "").utf8).split(separator: UInt8(ascii: ";")).compactMap { pair in
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let name = pair[..<equals].drop { $0 == UInt8(ascii: " ") }
            return name.allSatisfy(\.isTokenCharacter) ? (name, pair[(equals + 1)...]) : nil
        }
    }

    /// The value of the only cookie of that name, if it is ASCII. Two of one name are somebody's trick: then there is
    /// none.
    public subscript(name: String) -> String? {
        let matching = pairs.filter { $0.name.elementsEqual(name.utf8) }
        guard matching.count == 1, matching[0].value.allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: matching[0].value, as: UTF8.self)
    }

    public static func == (left: Cookies, right: Cookies) -> Bool {
        left.pairs.elementsEqual(right.pairs) { $0.name == $1.name && $0.value == $1.value }
    }

    /// A `Set-Cookie` value for the whole site, out of reach of scripts, not sent from other sites' forms.
    ///
    /// - Parameter lifetime: whole seconds; zero removes the cookie.
    public static func set(_ name: String, to value: String, lifetime: Duration, isSecure: Bool) -> String {
        "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(lifetime.components.seconds)"
            + (isSecure ? "; Secure" : "")
    }
}
