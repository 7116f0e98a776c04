/// What a `Content-Type`, or one range of an `Accept`, names.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1
public enum MediaType {
    /// Longer ones name nothing that is known here.
    private static let maximumBytes = 127

    /// Type and subtype in lower case, without parameters and the blanks around; `nil` if they are not ASCII.
    public static func essence(_ text: String) -> String? { essence(Array(text.utf8)[...]) }

    static func essence(_ bytes: ArraySlice<UInt8>) -> String? {
        let essence = bytes.prefix { $0 != UInt8(ascii: ";") }.trimmed
        guard essence.count <= maximumBytes else { return nil }
        return essence.lowercasedASCII
    }
}

extension ArraySlice<UInt8> {
    /// Without the blanks at both ends.
    var trimmed: ArraySlice<UInt8> {
        let start = drop(while: \.isBlank)
        return start.dropLast(start.reversed().prefix(while: \.isBlank).count)
    }

    /// `nil` if a byte is not ASCII. Text that is has one form only, and compares like bytes.
    var lowercasedASCII: String? {
        guard allSatisfy({ $0 < 0x80 }) else { return nil }
        return String(decoding: map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension UInt8 {
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
}
