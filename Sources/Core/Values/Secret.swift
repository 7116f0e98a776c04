/// A value that must not reach a log, an error or a response.
///
/// It prints as `‹secret›` and is no ``LogValue``, so logging one does not compile.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Only for the call that needs it: a signature, an `Authorization` header.
    public let bytes: [UInt8]
    public init(_ text: String) { bytes = Array(text.utf8) }

    public var revealed: String { String(decoding: bytes, as: UTF8.self) }
    public var description: String { "‹secret›" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
