/// A body that is handed over piece by piece, so that a long one is never in memory as a whole.
public struct BodyStream: Sendable {
    /// Hands over what comes until `take` wants no more.
    ///
    /// - Returns: whether all that was announced has been handed over.
    public typealias Source = @Sendable (_ take: (ArraySlice<UInt8>) -> Bool) -> Bool

    /// No piece is longer.
    public static let pieceBytes = 64 << 10

    /// Bytes, as the client announced them.
    public let length: Int
    private let source: Source

    public init(length: Int, from source: @escaping Source) {
        self.length = length
        self.source = source
    }

    /// Of a body that is in memory already.
    public init(_ bytes: [UInt8], pieceBytes: Int = Self.pieceBytes) {
        precondition(pieceBytes > 0)
        self.init(length: bytes.count) { take in
            var rest = bytes[...]
            while !rest.isEmpty {
                guard take(rest.prefix(pieceBytes)) else { return false }
                rest = rest.dropFirst(pieceBytes)
            }
            return true
        }
    }

    /// Reads on to the end, or until `take` throws. What was handed over once does not come again.
    ///
    /// - Returns: `false` if the body was cut short.
    public func read<Failure: Error>(
        _ take: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        var failure: Failure?
        let isWhole = source { piece in
            do throws(Failure) {
                try take(piece)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        return isWhole
    }

    /// All of it; `nil` if it was cut short.
    public func whole() -> [UInt8]? {
        var body: [UInt8] = []
        body.reserveCapacity(length)
        return read { body += $0 } ? body : nil
    }
}
