/// `multipart/form-data`.
///
/// Sources: https://www.rfc-editor.org/rfc/rfc7578, https://www.rfc-editor.org/rfc/rfc2046#section-5.1
public enum Multipart {
    /// What the header of a part tells.
    public struct Part: Equatable, Sendable {
        public let name: String
        /// As the client wrote it: never a path of ours.
        public let filename: String?
        /// What the client says that the part is.
        public let contentType: String?
    }

    public enum Event: Equatable, Sendable {
        case part(Part)
        /// More of the part that began last.
        case bytes(ArraySlice<UInt8>)
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
}

/// Cuts a body at its boundaries as it comes: never more than a piece and one part's header is in memory.
public struct MultipartReader {
    /// Line break, two hyphens, boundary.
    private let delimiter: [UInt8]
    /// What was read and could not be made sense of yet. At the very start there is no line break before the boundary,
    /// so one is put there.
    private var buffer = Array("\r\n".utf8)
    private var position = 0
    private var state = State.preamble
    private var parts = 0

    private enum State: Equatable {
        /// What stands before the first boundary has no meaning.
        case preamble
        /// Right behind a boundary.
        case boundary
        /// Behind that, up to the end of the line.
        case padding(isLast: Bool)
        case header
        case content
        /// Behind the last boundary nothing has a meaning.
        case end
    }

    /// - Parameter contentType: the header of the request, which carries the boundary.
    public init(contentType: String) throws(Multipart.Fault) {
        guard let boundary = Self.boundary(contentType) else { throw .notMultipart }
        delimiter = Array("\r\n--".utf8) + boundary
    }

    /// What the next piece of the body, of any length, tells.
    public mutating func read(_ piece: ArraySlice<UInt8>) throws(Multipart.Fault) -> [Multipart.Event] {
        guard state != .end else { return [] }
        buffer += piece
        var events: [Multipart.Event] = []
        while try step(&events) {}
        buffer.removeFirst(position)
        position = 0
        return events
    }

    /// To be called behind the last piece.
    public func finish() throws(Multipart.Fault) {
        guard state == .end || (state == .padding(isLast: true) && buffer.isEmpty) else { throw .cutShort }
    }

    private static func boundary(_ contentType: String) -> [UInt8]? {
        guard let value = HeaderValue(Array(contentType.utf8)[...]), value.token == "multipart/form-data",
            let boundary = value["boundary"], (1...70).contains(boundary.count),
            boundary.allSatisfy(\.isBoundaryCharacter), boundary.last != UInt8(ascii: " ")
        else { return nil }
        return boundary
    }

    private var rest: ArraySlice<UInt8> { buffer[position...] }

    /// - Returns: whether there is more to be made of what is here.
    private mutating func step(_ events: inout [Multipart.Event]) throws(Multipart.Fault) -> Bool {
        switch state {
        case .preamble:
            return search { _ in }
        case .content:
            return search { bytes in if !bytes.isEmpty { events.append(.bytes(bytes)) } }
        case .boundary:
            guard rest.count >= 2 || (!rest.isEmpty && rest.first != UInt8(ascii: "-")) else { return false }
            let isLast = rest.starts(with: "--".utf8)
            if isLast { position += 2 }
            state = .padding(isLast: isLast)
            return true
        case .padding(let isLast):
            return try endLine(isLast)
        case .header:
            guard let lines = try header() else { return false }
            events.append(.part(try PartHeader(lines).part))
            state = .content
            return true
        case .end:
            position = buffer.endIndex
            return false
        }
    }

    /// Hands over all up to the next boundary and goes behind that; without one, all that cannot begin one.
    ///
    /// Linear without any table, whatever the body is made of: a carriage return stands in the delimiter at its start
    /// only, so a comparison that fails has passed over no other start.
    private mutating func search(_ take: (ArraySlice<UInt8>) -> Void) -> Bool {
        var search = position
        while let found = buffer[search...].firstIndex(of: UInt8(ascii: "\r")) {
            let candidate = buffer[found...].prefix(delimiter.count)
            if delimiter.starts(with: candidate) {
                take(buffer[position..<found])
                position = found
                guard candidate.count == delimiter.count else { return false }
                position += delimiter.count
                state = .boundary
                return true
            }
            search = found + 1
        }
        take(rest)
        position = buffer.endIndex
        return false
    }

    private mutating func endLine(_ isLast: Bool) throws(Multipart.Fault) -> Bool {
        position += rest.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
        guard "\r\n".utf8.starts(with: rest.prefix(2)) else { throw .badBoundary }
        guard rest.count >= 2 else { return false }
        position += 2
        guard !isLast else {
            state = .end
            return true
        }
        guard parts < Multipart.maximumParts else { throw .tooManyParts }
        parts += 1
        state = .header
        return true
    }

    /// The lines up to the empty one, and goes behind that; `nil` if it has not come yet.
    private mutating func header() throws(Multipart.Fault) -> [ArraySlice<UInt8>]? {
        let room = rest.prefix(Multipart.maximumHeader + 2)
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
        guard room.count < Multipart.maximumHeader + 2 else { throw .headerTooLong }
        return nil
    }
}

extension UInt8 {
    fileprivate var isBoundaryCharacter: Bool { isLetterOrDigit || "'()+_,-./:=? ".utf8.contains(self) }
}
