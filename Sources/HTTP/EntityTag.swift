/// Which content of an address a client has.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9110#field.if-none-match
public enum EntityTag {
    /// Whether `If-None-Match` lists the tag, weak or strong.
    ///
    /// - Parameter tag: with its quotes.
    public static func isListed(_ tag: String, in header: String) -> Bool {
        Array(header.utf8).split(separator: UInt8(ascii: ",")).contains { item in
            let known = item.trimmed
            return (known.starts(with: "W/".utf8) ? known.dropFirst(2) : known).elementsEqual(tag.utf8)
        }
    }
}
