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
        let standard = encoded(bytes).utf8.prefix { $0 != UInt8(ascii: "=") }
        return String(
            decoding: standard.map { byte in
                byte == UInt8(ascii: "+") ? UInt8(ascii: "-") : byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
            }, as: UTF8.self)
    }

    /// `nil` unless `text` is exactly the alphabet for URLs without padding.
    public static func urlDecoded(_ text: String) -> [UInt8]? {
        var standard: [UInt8] = []
        standard.reserveCapacity(text.utf8.count + 3)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
            case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
            case _: standard.append(byte)
            }
        }
        while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
        return decoded(String(decoding: standard, as: UTF8.self))
    }
}

/// Two lower-case digits a byte.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
