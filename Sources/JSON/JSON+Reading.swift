/// Where and why a text is not JSON that this product reads. The text itself is left out.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        case notUTF8 = "not UTF-8", tooDeep = "too deep", duplicateName = "a name stands twice"
        case endsEarly = "ends early", notAValue = "not a value", badNumber = "bad number", badString = "bad string"
        case moreAfterTheEnd = "more after the end"
    }

    public let reason: Reason
    /// Bytes from the start.
    public let offset: Int

    public var description: String { "\(reason.rawValue) at byte \(offset)" }
}

extension JSON {
    /// How many arrays and objects may stand inside each other.
    public static let maximumDepth = 64

    /// Reads one value, strictly: UTF-8 without a byte order mark, no name twice in an object, bounded depth.
    ///
    /// Foundation's two parsers disagree over duplicate names and take UTF-16, `1.0` for an integer and trailing
    /// commas; what moves money is read here alone.
    public init(_ bytes: [UInt8]) throws(JSONError) {
        // One pass over the whole text is cheaper than a check for each string in it.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw JSONError(reason: .notUTF8, offset: 0) }
        var reader = Reader(bytes: bytes)
        self = try reader.document()
    }
}

/// The names of one object's members, told apart by their bytes.
private struct Names {
    /// Most objects have so few members that a table costs more than it saves.
    private static let few = 8

    private var first: [String] = []
    private var isLong = false
    private var ascii: Set<String> = []
    /// Texts that look alike are equal to Swift, and marks that follow each other without an end take long to compare.
    private var others: Set<[UInt8]> = []

    /// - Returns: whether the name is new.
    mutating func insert(_ name: String) -> Bool {
        if isLong { return insertIntoTable(name) }
        guard !first.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else { return false }
        first.append(name)
        if first.count == Self.few {
            isLong = true
            for name in first { _ = insertIntoTable(name) }
        }
        return true
    }

    private mutating func insertIntoTable(_ name: String) -> Bool {
        name.utf8.allSatisfy { $0 < 0x80 }
            ? ascii.insert(name).inserted : others.insert(Array(name.utf8)).inserted
    }
}

private struct Reader {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws(JSONError) -> JSON {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw fault(.moreAfterTheEnd) }
        return value
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func fault(_ reason: JSONError.Reason) -> JSONError { JSONError(reason: reason, offset: position) }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard let current else { throw fault(.endsEarly) }
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case _: throw fault(.notAValue)
        }
    }

    private mutating func literal(_ word: String, _ value: JSON) throws(JSONError) -> JSON {
        let end = position + word.utf8.count
        guard end <= bytes.count, bytes[position..<end].elementsEqual(word.utf8) else { throw fault(.notAValue) }
        position = end
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        guard depth <= JSON.maximumDepth else { throw fault(.tooDeep) }
        position += 1
        var members: [JSON.Member] = []
        var names = Names()
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fault(current == nil ? .endsEarly : .notAValue) }
            let name = try string()
            guard names.insert(name) else { throw fault(.duplicateName) }
            skipSpace()
            guard take(":") else { throw fault(current == nil ? .endsEarly : .notAValue) }
            skipSpace()
            members.append(JSON.Member(name, try value(depth: depth)))
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw fault(current == nil ? .endsEarly : .notAValue) }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        guard depth <= JSON.maximumDepth else { throw fault(.tooDeep) }
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            skipSpace()
            elements.append(try value(depth: depth))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw fault(current == nil ? .endsEarly : .notAValue) }
        }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() throws(JSONError) -> JSON {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        var isWhole = true
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let written = String(decoding: bytes[start..<position], as: UTF8.self)
        // "-0" is not an integer that survives being written again.
        guard isWhole, written != "-0", let integer = Int64(written) else { return .decimal(written) }
        return .integer(integer)
    }

    private mutating func digits() throws(JSONError) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw fault(current == nil ? .endsEarly : .badNumber) }
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        let start = position
        // Nearly every string has no escape: take it in one piece.
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if take("\"") { return String(decoding: bytes[start..<(position - 1)], as: UTF8.self) }

        var decoded = Array(bytes[start..<position])
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: decoded, as: UTF8.self)
            case UInt8(ascii: "\\"):
                decoded += try escape()
            case 0..<0x20:
                throw fault(.badString)
            case let plain:
                decoded.append(plain)
                position += 1
            }
        }
        throw fault(.endsEarly)
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        position += 1
        guard let byte = current else { throw fault(.endsEarly) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(UTF8.encode(try scalar()) ?? UTF8.encodedReplacementCharacter)
        case _: throw fault(.badString)
        }
    }

    private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        // A half of a surrogate pair stands for nothing without the other.
        guard UTF16.isLeadSurrogate(first), take("\\"), take("u") else { throw fault(.badString) }
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second) else { throw fault(.badString) }
        let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { throw fault(.badString) }
        return scalar
    }

    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        guard position + 4 <= bytes.count else { throw fault(.endsEarly) }
        let digits = bytes[position..<(position + 4)]
        guard digits.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw fault(.badString) }
        position += 4
        return unit
    }
}
