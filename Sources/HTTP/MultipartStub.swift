public struct Multipart: Sendable {
    public struct Part: Sendable {
        public let name: String
        public let filename: String?
        public let contentType: String?
        public let bytes: ArraySlice<UInt8>
    }
    public enum Fault: Error { case malformed }
    public let parts: [Part]
    public init(body: [UInt8], contentType: String) throws(Fault) { throw .malformed }
}
