/// Chooses between a page and JSON by the `Accept` header.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9110#field.accept
public enum ContentNegotiation {
    /// Whether HTML is named, and no later in the header than JSON. Browsers name it first; `*/*` is no browser.
    public static func prefersHTML(_ accept: String) -> Bool { first(in: accept) == .html }

    /// Whether JSON is named, and earlier in the header than HTML.
    public static func prefersJSON(_ accept: String) -> Bool { first(in: accept) == .json }

    private enum Known { case html, json }

    private static func first(in accept: String) -> Known? {
        for part in Array(accept.utf8).split(separator: UInt8(ascii: ",")) {
            guard let media = MediaType.essence(part) else { continue }
            if media == "text/html" || media == "application/xhtml+xml" { return .html }
            if media == "application/json" || media == "application/problem+json" { return .json }
        }
        return nil
    }
}
