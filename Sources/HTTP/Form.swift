/// The names and values of `application/x-www-form-urlencoded`, in their order.
///
/// Source: https://url.spec.whatwg.org/#application/x-www-form-urlencoded
public struct Form: Equatable, Sendable {
    public struct Field: Equatable, Sendable {
        public let name: String
        public let value: String
    }

    public enum Fault: Error, Equatable, Sendable {
        case badPercentEncoding, tooManyFields
        /// Or with more marks in a row than any language has.
        case notUTF8
    }

    public static let maximumFields = 100

    public private(set) var fields: [Field] = []

    public init() {}

    public init(_ text: String) throws(Fault) { try self.init(Array(text.utf8)) }

    public init(_ bytes: [UInt8]) throws(Fault) {
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            guard fields.count < Self.maximumFields else { throw .tooManyFields }
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            fields.append(
                Field(name: try Self.decoded(parts[0]), value: parts.count > 1 ? try Self.decoded(parts[1]) : ""))
        }
    }

    /// The first value of that name.
    public subscript(name: String) -> String? { fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }

    private static func decoded(_ bytes: ArraySlice<UInt8>) throws(Fault) -> String {
        guard let decoded = PercentEncoding.decoded(bytes, plusIsSpace: true) else { throw .badPercentEncoding }
        guard let text = String(streamSafe: decoded) else { throw .notUTF8 }
        return text
    }
}

/// `%41` for `A`.
public enum PercentEncoding {
    /// `nil` if a `%` is not followed by two hexadecimal digits.
    static func decoded(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
            case let plain: decoded.append(plain)
            }
        }
        return decoded
    }

    /// Every byte but letters, digits and `-._~` as `%XX`: safe in any part of a URL.
    public static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            case _:
                encoded += byte < 0x10 ? "%0" : "%"
                encoded += String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case _: nil
        }
    }
}
