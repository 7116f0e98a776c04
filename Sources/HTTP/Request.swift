/// One HTTP request.
public struct Request: Sendable {
    public var method: Method
    /// Decoded and normalised by nginx; starts with `/`.
    public var path: String
    /// What stands behind `?`, as the client sent it.
    public var query: String
    public var headers: Headers
    /// The body as received. Its length was checked against the limit before this value existed.
    public var body: [UInt8]
    /// The body of a request that is served piece by piece: then ``body`` is empty.
    public var stream: BodyStream?
    /// Who asks, as nginx's `auth_request` answered. Nothing that a client sends reaches it.
    public var caller: Caller?
    /// nginx's `$request_id`: stands on every line of the log and in every problem.
    public var id: String
    /// The client's address as nginx saw it.
    public var remoteAddress: String
    /// Path and query as the client sent them, where nginx asks on the client's behalf and `path` is its own; empty
    /// elsewhere. Nothing is routed by it.
    public var originalTarget: String

    public init(
        method: Method, path: String, query: String = "", headers: Headers = [:], body: [UInt8] = [],
        stream: BodyStream? = nil, caller: Caller? = nil, id: String = "", remoteAddress: String = "",
        originalTarget: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.stream = stream
        self.caller = caller
        self.id = id
        self.remoteAddress = remoteAddress
        self.originalTarget = originalTarget
    }

    public struct Method: RawRepresentable, Hashable, Sendable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let get = Method(rawValue: "GET")
        public static let head = Method(rawValue: "HEAD")
        public static let post = Method(rawValue: "POST")
        public static let put = Method(rawValue: "PUT")
        public static let delete = Method(rawValue: "DELETE")

        /// Whether the method only reads (RFC 9110, 9.2.1).
        public var isSafe: Bool { ["GET", "HEAD", "OPTIONS", "TRACE"].contains(rawValue) }
    }

    /// The body piece by piece, however the request is served.
    public var content: BodyStream { stream ?? BodyStream(body) }

    /// The parameters behind `?`; a malformed query is an empty form.
    public var parameters: Form { (try? Form(query)) ?? Form() }

    /// Whether the answer should be a page: the client asks for HTML and this is not the API.
    public var wantsPage: Bool {
        !path.utf8.starts(with: "/api/".utf8) && headers["accept"].map { ContentNegotiation.prefersHTML($0) } ?? false
    }
}

/// A signed-in person, as nginx hands it on from the `auth_request` answer.
public struct Caller: Sendable, Equatable {
    /// The issuer's `sub`.
    public var user: String
    public var email: String?
    public var name: String?
    /// Whether the issuer says that the address is the user's; `nil`: it does not say.
    public var isEmailVerified: Bool?
    public var credential: Credential
    /// The name of the session that asks, if it is one of ours: it resumes nothing.
    public var session: String?

    public enum Credential: Sendable, Equatable {
        /// A token in the `Authorization` header: no browser sends one by itself.
        case bearer
        /// A cookie. Forms must carry `formToken`, which is bound to the session.
        case cookie(formToken: String)
    }

    public init(
        user: String, email: String? = nil, name: String? = nil, isEmailVerified: Bool? = nil, credential: Credential,
        session: String? = nil
    ) {
        self.user = user
        self.email = email
        self.name = name
        self.isEmailVerified = isEmailVerified
        self.credential = credential
        self.session = session
    }
}

/// Header fields by lower-case name; one value for each name, as FastCGI gives them.
public struct Headers: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    private var values: [String: String] = [:]

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { self[name] = value }
    }

    /// - Parameter values: by names that are in lower case; an empty value is none.
    public init(lowercased values: [String: String]) { self.values = values.filter { !$0.value.isEmpty } }

    public subscript(name: String) -> String? {
        get { values[Self.lowercased(name)] }
        set { values[Self.lowercased(name)] = newValue }
    }

    /// Nearly every name is so already.
    private static func lowercased(_ name: String) -> String {
        name.utf8.allSatisfy { !(0x41...0x5A).contains($0) && $0 < 0x80 } ? name : name.lowercased()
    }

    public var sorted: [(name: String, value: String)] {
        values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
    }
}
