/// The parts of a `multipart/form-data` body, in their order. No byte of the body is copied.
///
/// Sources: https://www.rfc-editor.org/rfc/rfc7578, https://www.rfc-editor.org/rfc/rfc2046#section-5.1
public struct Multipart: Equatable, Sendable {
    public struct Part: Equatable, Sendable {
        public let name: String
        /// As the client wrote it: never a path of ours.
        public let filename: String?
        /// What the client says that the part is.
        public let contentType: String?
        /// A slice of the body, which stays in memory as long as this does.
        public let bytes: ArraySlice<UInt8>

        /// `nil` unless the part is UTF-8.
        public var text: String? { String(validating: bytes, as: UTF8.self) }
    }

    public enum Fault: Error, Equatable, Sendable {
        /// The content type is another one, or has no boundary of 1 to 70 characters that are allowed in one.
        case notMultipart
        /// The last boundary is missing.
        case cutShort
        case badBoundary, badHeader, headerTooLong, tooManyParts
    }

    public static let maximumParts = 20
    /// Bytes of one part's header, with the line breaks.
    public static let maximumHeader = 8192

    public private(set) var parts: [Part] = []

    /// - Parameter contentType: the header of the request, which carries the boundary.
    public init(body: [UInt8], contentType: String) throws(Fault) {
        guard let boundary = Self.boundary(contentType) else { throw .notMultipart }
        var reader = MultipartReader(bytes: body[...], delimiter: Array("\r\n--".utf8) + boundary)
        var isLast = try reader.openFirst()
        while !isLast {
            guard parts.count < Self.maximumParts else { throw .tooManyParts }
            let header = try PartHeader(try reader.header())
            let bytes = try reader.content()
            parts.append(
                Part(name: header.name, filename: header.filename, contentType: header.contentType, bytes: bytes))
            isLast = try reader.open()
        }
    }

    /// The first part of that name.
    public subscript(name: String) -> Part? { parts.first { $0.name == name } }

    private static func boundary(_ contentType: String) -> [UInt8]? {
        guard let value = HeaderValue(Array(contentType.utf8)[...]), value.token == "multipart/form-data",
            let boundary = value["boundary"], (1...70).contains(boundary.count),
            boundary.allSatisfy(\.isBoundaryCharacter), boundary.last != UInt8(ascii: " ")
        else { return nil }
        return boundary
    }
}

/// Cuts a body at its boundaries.
private struct MultipartReader {
    private let bytes: ArraySlice<UInt8>
    /// Line break, two hyphens, boundary.
    private let delimiter: [UInt8]
    private var position: Int

    init(bytes: ArraySlice<UInt8>, delimiter: [UInt8]) {
        self.bytes = bytes
        self.delimiter = delimiter
        position = bytes.startIndex
    }

    /// Goes to the first part, over whatever stands before it. Returns whether there is none.
    mutating func openFirst() throws(Multipart.Fault) -> Bool {
        // At the very start there is no line break before the boundary.
        if bytes.starts(with: delimiter.dropFirst(2)) {
            position += delimiter.count - 2
        } else {
            _ = try content()
        }
        return try open()
    }

    /// All up to the next boundary, and goes behind that.
    ///
    /// Linear without any table, whatever the body is made of: a carriage return stands in the delimiter at its start
    /// only, so a comparison that fails has passed over no other start.
    mutating func content() throws(Multipart.Fault) -> ArraySlice<UInt8> {
        var search = position
        while let found = bytes[search...].firstIndex(of: UInt8(ascii: "\r")) {
            if bytes[found...].starts(with: delimiter) {
                let content = bytes[position..<found]
                position = found + delimiter.count
                return content
            }
            search = found + 1
        }
        throw .cutShort
    }

    /// Ends the line of a boundary. Returns whether it was the last one; what follows that has no meaning.
    mutating func open() throws(Multipart.Fault) -> Bool {
        let isLast = bytes[position...].starts(with: "--".utf8)
        if isLast { position += 2 }
        position += bytes[position...].prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
        if isLast, position == bytes.endIndex { return true }
        guard bytes[position...].starts(with: "\r\n".utf8) else {
            throw bytes.endIndex - position < 2 ? .cutShort : .badBoundary
        }
        position += 2
        return isLast
    }

    /// The lines up to the empty one, and goes behind that.
    mutating func header() throws(Multipart.Fault) -> [ArraySlice<UInt8>] {
        let room = bytes[position...].prefix(Multipart.maximumHeader + 2)
        var lines: [ArraySlice<UInt8>] = []
        var start = position
        while let end = room[start...].firstIndex(of: UInt8(ascii: "\r")) {
            guard end + 1 < room.endIndex else { break }
            guard room[end + 1] == UInt8(ascii: "\n") else { throw .badHeader }
            if end == start {
                position = end + 2
                return lines
            }
            lines.append(room[start..<end])
            start = end + 2
        }
        throw room.endIndex == bytes.endIndex ? .cutShort : .headerTooLong
    }
}

extension UInt8 {
    fileprivate var isBoundaryCharacter: Bool { isLetterOrDigit || "'()+_,-./:=? ".utf8.contains(self) }
}
