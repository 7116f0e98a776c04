/// Collects one answer while libcurl hands it over, and stops at the limits.
final class Receiver {
    /// No honest server sends more; libcurl itself stops a single line at 100 kB.
    private static let maximumHeaderBytes = 64 << 10

    private(set) var headers: [String: String] = [:]
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private let maximumBytes: Int
    private var headerBytes = 0
    private var isInHead = false

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// One line. A further status line (after `100 Continue`) begins anew; trailers behind the body are passed over.
    func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= Self.maximumHeaderBytes else { return refuse() }
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            headers = [:]
            isInHead = true
        } else if line.utf8.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) {
            isInHead = false
        } else if isInHead, let colon = line.firstIndex(of: ":") {
            add(name: line[..<colon].lowercased(), value: line[line.index(after: colon)...])
        }
        return true
    }

    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= maximumBytes - body.count else { return refuse() }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    private func add(name: String, value: Substring) {
        var trimmed = value.drop { $0.isWhitespace }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        headers[name] = headers[name].map { "\($0), \(trimmed)" } ?? String(trimmed)
    }

    private func refuse() -> Bool {
        isTooLarge = true
        return false
    }
}
