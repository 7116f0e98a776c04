private import FoundationEssentials

/// Base64, strictly: the alphabet as named, padding as named, nothing else.
///
/// Source: https://www.rfc-editor.org/rfc/rfc4648
public enum Base64 {
    /// Standard alphabet with padding.
    public static func encoded(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// `nil` unless `text` is exactly the standard alphabet with its padding.
    public static func decoded(_ text: String) -> [UInt8]? {
        guard let data = Data(base64Encoded: text) else { return nil }
        // Foundation lets stray bits in the last character pass: two texts would stand for one value.
        return encoded(Array(data)).utf8.elementsEqual(text.utf8) ? Array(data) : nil
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
