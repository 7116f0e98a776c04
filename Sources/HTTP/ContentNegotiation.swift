/// Chooses between a page and JSON by the `Accept` header.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9110#field.accept
public enum ContentNegotiation {
    /// Whether HTML is named, and no later in the header than JSON. Browsers name it first; `*/*` is no browser.
    public static func prefersHTML(_ accept: String) -> Bool {
        for part in accept.split(separator: ",") {
            let media = part.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
            if media == "text/html" || media == "application/xhtml+xml" { return true }
            if media == "application/json" || media == "application/problem+json" { return false }
        }
        return false
    }
}
