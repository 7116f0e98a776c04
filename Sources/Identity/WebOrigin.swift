/// Scheme, host and port: what a browser takes for one site.
///
/// Source: https://html.spec.whatwg.org/multipage/browsers.html#origin
public struct WebOrigin: Equatable, Sendable {
    /// As browsers send it: lower case, without the scheme's own port and without a path.
    public let text: String

    /// `nil` unless it begins like `https://host` or `http://host:8080`.
    public init?(address: String) {
        let parts = address.lowercased().split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, ["https:", "http:"].contains(parts[0]), parts[1].isEmpty, !parts[2].isEmpty else {
            return nil
        }
        let port = parts[0] == "https:" ? ":443" : ":80"
        text = "\(parts[0])//" + (parts[2].hasSuffix(port) ? parts[2].dropLast(port.count) : parts[2])
    }

    /// Nobody's: for settings that are refused.
    static let standIn = WebOrigin(text: "null")

    private init(text: String) { self.text = text }

    public var isSecure: Bool { text.hasPrefix("https://") }

    /// Whether a browser sent the request from a page of this site. `Origin` decides if it is there; browsers too old to
    /// send either do not sign in with a cookie.
    public func sent(origin: String?, fetchSite: String?) -> Bool {
        if let origin { return origin.utf8.elementsEqual(text.utf8) }
        return fetchSite == "same-origin"
    }
}
