/// What the header of one part of a form tells.
struct PartHeader {
    let part: Multipart.Part

    init(_ lines: [ArraySlice<UInt8>]) throws(Multipart.Fault) {
        var disposition: HeaderValue?
        var contentType: String?
        for line in lines {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(\.isTokenCharacter), String(streamSafe: line) != nil
            else { throw .badHeader }
            let value = line[(colon + 1)...].trimmed
            guard value.allSatisfy(\.isFieldCharacter) else { throw .badHeader }
            switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
            case "content-disposition":
                guard disposition == nil, let read = HeaderValue(value) else { throw .badHeader }
                disposition = read
            case "content-type":
                guard contentType == nil else { throw .badHeader }
                contentType = String(decoding: value, as: UTF8.self)
            case _: break
            }
        }
        guard let disposition, disposition.token == "form-data", let name = disposition["name"] else {
            throw .badHeader
        }
        part = Multipart.Part(
            name: Self.unescaped(name), filename: disposition["filename"].map(Self.unescaped), contentType: contentType)
    }

    /// Browsers write `%22`, `%0D` and `%0A` for what would end the string or the line; any other `%` is itself.
    ///
    /// Source: https://html.spec.whatwg.org/#escape-a-multipart-form-data-name
    private static func unescaped(_ bytes: [UInt8]) -> String {
        var plain: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            if rest.starts(with: "%22".utf8) {
                plain.append(UInt8(ascii: "\""))
            } else if rest.starts(with: "%0D".utf8) {
                plain.append(UInt8(ascii: "\r"))
            } else if rest.starts(with: "%0A".utf8) {
                plain.append(UInt8(ascii: "\n"))
            } else {
                plain.append(byte)
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst(3)
        }
        return String(decoding: plain, as: UTF8.self)
    }
}

/// A header value with parameters: `form-data; name="image"; filename="a.png"`.
///
/// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.6
struct HeaderValue {
    /// What stands before the first semicolon, in lower case.
    let token: String
    private let parameters: [String: [UInt8]]

    /// `nil` if it is malformed, its token is not ASCII, or it names a parameter twice.
    init?(_ bytes: ArraySlice<UInt8>) {
        let first = bytes.prefix { $0 != Self.semicolon }
        var rest = bytes.dropFirst(first.count)
        var parameters: [String: [UInt8]] = [:]
        while rest.popFirst() == Self.semicolon {
            rest = rest.drop(while: \.isBlank)
            // Nothing between two semicolons, or behind the last, is tolerated.
            if rest.isEmpty || rest.first == Self.semicolon { continue }
            let name = rest.prefix(while: \.isTokenCharacter)
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="), let value = Self.value(&rest),
                parameters.updateValue(value, forKey: String(decoding: name, as: UTF8.self).lowercased()) == nil
            else { return nil }
            rest = rest.drop(while: \.isBlank)
            guard rest.isEmpty || rest.first == Self.semicolon else { return nil }
        }
        guard let token = first.trimmed.lowercasedASCII else { return nil }
        self.token = token
        self.parameters = parameters
    }

    subscript(name: String) -> [UInt8]? { parameters[name] }

    private static let semicolon = UInt8(ascii: ";")
    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    private static func value(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        guard rest.first == quote else {
            let value = rest.prefix { $0 != semicolon && !$0.isBlank }
            guard !value.isEmpty, !value.contains(quote) else { return nil }
            rest = rest.dropFirst(value.count)
            return Array(value)
        }
        rest = rest.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote { return value }
            // Only before these two: Windows once sent whole paths, whose backslashes stand for themselves.
            if byte == backslash, let escaped = rest.first, escaped == quote || escaped == backslash {
                rest = rest.dropFirst()
                value.append(escaped)
            } else {
                value.append(byte)
            }
        }
        return nil
    }
}

extension UInt8 {
    /// Neither a control character nor a line break.
    fileprivate var isFieldCharacter: Bool { isBlank || (self > 0x20 && self != 0x7F) }

    var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        case _: false
        }
    }

    /// RFC 9110, 5.6.2.
    var isTokenCharacter: Bool { isLetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains(self) }
}
