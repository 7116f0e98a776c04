import TestSupport

/// What nginx would say to a handler, record by record.
///
/// Source: https://fastcgi-archives.github.io/FastCGI_Specification.html
struct FastCGIRequest: Sendable {
    var parameters: [(String, String)]
    var body: [UInt8] = []

    init(_ method: String, _ path: String, _ more: [(String, String)] = [], body: [UInt8] = []) {
        parameters =
            [
                ("REQUEST_METHOD", method), ("DOCUMENT_URI", path), ("QUERY_STRING", ""), ("REQUEST_ID", "r1"),
                ("REMOTE_ADDR", "127.0.0.1"), ("CONTENT_LENGTH", body.isEmpty ? "" : String(body.count)),
            ] + more
        self.body = body
    }

    /// `POST /polar/orders` as nginx passes it on.
    init(_ webhook: SignedWebhook) {
        self.init("POST", "/polar/orders", Self.parameters(of: webhook), body: webhook.body)
    }

    static func parameters(of webhook: SignedWebhook) -> [(String, String)] {
        webhook.headers.map { name, value in
            let name = name.uppercased().replacing("-", with: "_")
            return (name == "CONTENT_TYPE" ? name : "HTTP_" + name, value)
        }
    }

    mutating func set(_ name: String, _ value: String) {
        parameters.removeAll { $0.0 == name }
        parameters.append((name, value))
    }

    /// The request opened, its parameters, and as much of the body as is wanted.
    func beginning(bodyBytes: Int? = nil) -> [UInt8] {
        var pairs: [UInt8] = []
        for (name, value) in parameters {
            pairs += Self.length(name.utf8.count) + Self.length(value.utf8.count) + Array(name.utf8) + Array(value.utf8)
        }
        return Self.record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + Self.stream(4, pairs) + Self.record(4, [])
            + Self.stream(5, Array(body.prefix(bodyBytes ?? body.count)))
    }

    /// The rest of the body and its end.
    func ending(bodyBytes: Int? = nil) -> [UInt8] {
        Self.stream(5, Array(body.dropFirst(bodyBytes ?? body.count))) + Self.record(5, [])
    }

    private static func length(_ count: Int) -> [UInt8] {
        count < 128
            ? [UInt8(count)]
            : [
                UInt8(count >> 24) | 0x80, UInt8(truncatingIfNeeded: count >> 16),
                UInt8(truncatingIfNeeded: count >> 8),
                UInt8(truncatingIfNeeded: count),
            ]
    }

    static func stream(_ type: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: 32_768).flatMap { start in
            record(type, Array(bytes[start..<min(start + 32_768, bytes.count)]))
        }
    }

    static func record(_ type: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, type, 0, 1, UInt8(content.count >> 8), UInt8(truncatingIfNeeded: content.count), 0, 0] + content
    }
}

/// What a handler answered.
struct FastCGIAnswer: Equatable, Sendable {
    let status: Int
    let head: String
    let body: [UInt8]

    /// `nil` if the records do not hold a whole answer: the handler refused us, or died.
    init?(records: [UInt8]) {
        var output: [UInt8] = []
        var rest = records[...]
        var hasEnded = false
        while rest.count >= 8 {
            let header = Array(rest.prefix(8))
            let length = Int(header[4]) << 8 | Int(header[5])
            guard rest.count >= 8 + length + Int(header[6]) else { return nil }
            if header[1] == 6 { output += rest.dropFirst(8).prefix(length) }
            if header[1] == 3 { hasEnded = true }
            rest = rest.dropFirst(8 + length + Int(header[6]))
        }
        guard hasEnded else { return nil }
        self.init(output: output)
    }

    /// - Parameter output: as CGI has it.
    init?(output: [UInt8]) {
        guard let gap = output.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        head = String(decoding: output[..<gap.lowerBound], as: UTF8.self)
        body = Array(output[gap.upperBound...])
        guard let status = head.firstMatch(of: /Status: (\d+)/).flatMap({ Int($0.1) }) else { return nil }
        self.status = status
    }
}
