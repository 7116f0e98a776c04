private import FoundationEssentials

/// Base64, strictly: the alphabet as named, padding as named, nothing else.
///
/// Source: https://www.rfc-editor.org/rfc/rfc4648
public enum Base64 {
    /// Standard alphabet with padding.
    public static func encoded(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// `nil` unless `text` is exactly the standard alphabet with its padding.
    public static func decoded(_ text: String) -> [UInt8]? {
        // Stray bits in the last character: two texts would stand for one value.
        decodedWithStrayBits(text).flatMap { encoded($0).utf8.elementsEqual(text.utf8) ? $0 : nil }
    }

    /// The same, but bits of the last character that stand for nothing may be set: for a key that was not made as
    /// base64 and is taken for it by others.
    public static func decodedWithStrayBits(_ text: String) -> [UInt8]? {
        Data(base64Encoded: text).map { Array($0) }
    }

    /// The alphabet for URLs, without padding.
    public static func urlEncoded(_ bytes: [UInt8]) -> String {
        encoded(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// `nil` unless `text` is exactly the alphabet for URLs without padding.
    public static func urlDecoded(_ text: String) -> [UInt8]? {
        guard !text.utf8.contains(where: { "+/=".utf8.contains($0) }) else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        return decoded(standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4))
    }
}

/// Two lower-case digits a byte.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
