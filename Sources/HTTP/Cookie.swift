/// Reads the `Cookie` header and writes `Set-Cookie`.
///
/// Source: https://www.rfc-editor.org/rfc/rfc6265
public struct Cookies: Equatable, Sendable {
    private let pairs: [(name: Substring, value: Substring)]

    public init(header: String?) {
        pairs = (header ?? "").split(separator: ";").compactMap { pair in
            guard let equals = pair.firstIndex(of: "=") else { return nil }
            let name = pair[..<equals].drop { $0 == " " }
            return (name, pair[pair.index(after: equals)...])
        }
    }

    /// The value of the only cookie of that name. Two of one name are somebody's trick: then there is none.
    public subscript(name: String) -> String? {
        let matching = pairs.filter { $0.name == name }
        return matching.count == 1 ? String(matching[0].value) : nil
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
