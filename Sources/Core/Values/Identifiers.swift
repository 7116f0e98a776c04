private import Crypto

/// A UUID in lower case, of one kind of thing: an order's is not a checkout's.
public struct Identifier<Subject>: Hashable, Sendable {
    /// 36 ASCII characters.
    public let text: String

    /// `nil` unless `text` is a UUID; its case is forgotten.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let isHyphenExpected = [8, 13, 18, 23].contains(index)
            guard isHyphenExpected ? byte == UInt8(ascii: "-") : byte.isHexadecimalDigit else { return nil }
        }
        self.text = text.lowercased()
    }

    /// A version 4 UUID (RFC 9562) of 16 random bytes.
    public init(random bytes: [UInt8]) {
        precondition(bytes.count == 16)
        var bytes = bytes
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(hexadecimal(bytes))
        text = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}

extension UInt8 {
    fileprivate var isHexadecimalDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        case _: false
        }
    }
}

/// Something sold at Polar.
public enum Product { public typealias ID = Identifier<Product> }

/// Whoever has credits: the `sub` of the issuer, or the `external_id` that we gave Polar.
public struct UserID: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// `nil` unless `text` is 1 to 255 bytes without control characters.
    public init?(_ text: String) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return nil
        }
        self.text = text
    }

    public var description: String { text }

    /// By bytes: Swift's strings are equal when they merely look the same, SQLite's are not.
    public static func == (left: UserID, right: UserID) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    public func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}
