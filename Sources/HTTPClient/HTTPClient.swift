private import CCurl

/// Makes one HTTP call and waits for the whole answer.
///
/// It follows no redirect, uses no proxy, asks for no compression, keeps no connection and no cookie, and never
/// waits longer than its total time-out. What a status means is the caller's business: 429 and 500 are answers.
///
/// Source: https://curl.se/libcurl/c/curl_easy_setopt.html
public struct HTTPClient: Sendable {
    private let connectTimeout: Duration
    private let totalTimeout: Duration
    private let maximumResponseBytes: Int
    private let connectTo: String?
    private var end: ContinuousClock.Instant?

    /// - Parameter connectTo: the host to connect to, whatever host the address names: its name is still what the
    ///   certificate must have and what the server is told.
    public init(
        connectTimeout: Duration = .seconds(5), totalTimeout: Duration = .seconds(20),
        maximumResponseBytes: Int = 1 << 20, connectTo: String? = nil
    ) {
        precondition(connectTimeout >= .milliseconds(1) && totalTimeout >= .milliseconds(1), "libcurl takes 0 for ever")
        precondition(maximumResponseBytes > 0)
        self.connectTimeout = connectTimeout
        self.totalTimeout = totalTimeout
        self.maximumResponseBytes = maximumResponseBytes
        self.connectTo = connectTo
    }

    public struct Call: Sendable {
        let method: String
        let url: String
        let headers: [(String, String)]
        let body: [UInt8]?

        /// - Parameter body: sent with its `Content-Length`; POST, PUT and PATCH without one send a length of 0.
        public init(method: String, url: String, headers: [(String, String)] = [], body: [UInt8]? = nil) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    public struct Answer: Sendable, Equatable {
        public let status: Int
        /// By lower-case name; the values of a repeated name are joined by `, `.
        public let headers: [String: String]
        public let body: [UInt8]

        public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// The same client for calls that have one deadline together.
    public func within(_ limit: Duration) -> HTTPClient {
        var client = self
        client.end = .now + limit
        return client
    }

    /// Whether a call could still be answered.
    public var hasTime: Bool { patience >= .milliseconds(1) }

    private var patience: Duration {
        min(totalTimeout, end.map { ContinuousClock.now.duration(to: $0) } ?? totalTimeout)
    }

    public func send(_ call: Call) throws(HTTPClientError) -> Answer {
        guard libraryIsReady else { throw .notSent("libcurl does not start") }
        try call.check()
        let patience = patience
        guard patience >= .milliseconds(1) else { throw .timedOut }
        let handle = try EasyHandle()
        try prepare(handle, for: call, patience)
        let receiver = Receiver(maximumBytes: maximumResponseBytes)
        let code = try handle.perform(into: receiver)
        if receiver.isTooLarge { throw .tooLarge }
        guard code == CURLE_OK else { throw HTTPClientError(code) }
        return Answer(status: handle.status, headers: receiver.headers, body: receiver.body)
    }

    private func prepare(_ handle: EasyHandle, for call: Call, _ patience: Duration) throws(HTTPClientError) {
        try handle.set(CURLOPT_URL, call.url)
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, Int(connectTimeout / .milliseconds(1)))
        try handle.set(CURLOPT_TIMEOUT_MS, Int(patience / .milliseconds(1)))
        // Without it the end of a call waits for the resolver's thread, however long a name server is silent.
        try handle.set(CURLOPT_QUICK_EXIT, 1)
        if let connectTo { try handle.setConnectTo("::\(connectTo):") }
        // An honest length over the limit ends the call before its bytes come.
        try handle.set(CURLOPT_MAXFILESIZE_LARGE, size: Int64(maximumResponseBytes))
        if call.method == "HEAD" {
            try handle.set(CURLOPT_NOBODY, 1)
        } else if call.body != nil || ["POST", "PUT", "PATCH"].contains(call.method) {
            try handle.setBody(call.body ?? [])
        }
        try handle.set(CURLOPT_CUSTOMREQUEST, call.method)
        try handle.setHeaders(call.headerLines)
    }
}

/// libcurl is set up once in a process, before its first use.
///
/// Source: https://curl.se/libcurl/c/curl_global_init.html
private let libraryIsReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

extension HTTPClient.Call {
    /// Nothing that ends a line may reach the wire.
    fileprivate func check() throws(HTTPClientError) {
        guard !method.isEmpty, method.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            throw .notSent("the method is none")
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://"),
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .notSent("the address is none") }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isTokenByte) else {
                throw .notSent("the name of a header is none")
            }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .notSent("the header \(name) holds a control byte")
            }
        }
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case let mark: "!#$%&'*+-.^_`|~".utf8.contains(mark)
        }
    }

    /// What libcurl adds by itself and nobody asked for is taken out: `Name:` removes, `Name;` sends an empty value.
    fileprivate var headerLines: [String] {
        var lines = headers.map { name, value in value.isEmpty ? "\(name);" : "\(name): \(value)" }
        let names = Set(headers.map { $0.0.lowercased() })
        for name in ["Expect", "Content-Type"] where !names.contains(name.lowercased()) { lines.append("\(name):") }
        return lines
    }
}
