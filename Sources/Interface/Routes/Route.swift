/// One method of one address: who may ask, what is sent, what is answered. Handlers are chosen by these and by nothing else,
/// and `/openapi.json` is written from them.
public struct Route: Sendable {
    /// The programs behind nginx.
    public enum Program: String, CaseIterable, Sendable {
        case checkout, generations, admin, auth
        case polarOrders = "polar-orders"

        public var routes: [Route] {
            switch self {
            case .checkout: Route.checkout
            case .generations: Route.generations
            case .admin: Route.admin
            case .auth: Route.auth
            case .polarOrders: Route.polarOrders
            }
        }
    }

    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    public enum Audience: Sendable {
        /// Whoever comes.
        case anybody
        /// Whoever is signed in; others are refused before the handler is asked.
        case user
        /// Whoever is an admin now; likewise.
        case admin
        /// Whoever has signed the body, which the handler verifies.
        case signer
        /// This machine alone: nginx refuses everybody else.
        case machine
        /// nginx itself, at an address that no client reaches.
        case nginx
    }

    /// What a page sends.
    public enum Form: Sendable {
        /// Fields; without the token of the session they are refused before the handler is asked.
        case fields
        /// A picture among them: it is read piece by piece, and the token with it.
        case upload
    }

    /// Unique among all; the `operationId` of what is described.
    public let name: String
    /// `nil` where any is taken.
    public let method: Method?
    /// May hold one `{name}`, a segment, or `{name*}`, one or more of them.
    public let path: String
    public let audience: Audience
    public private(set) var form: Form?
    /// Whether the body is a picture, to be served piece by piece.
    public private(set) var takesPicture = false
    /// Whether whoever asks wants to know if anything hangs.
    public private(set) var isUrgent = false
    /// `nil` for what no program asks for: pages, and what the machine asks itself.
    private(set) var operation: Operation?

    // MARK: The kinds of them

    /// For somebody who is signed in. What its parts bring with them need not be said: a key may stand for another request,
    /// a body may be too large, a parameter may be none.
    ///
    /// - Parameters:
    ///   - subject: what the hole of the path names.
    ///   - isKeyed: takes an `Idempotency-Key`.
    ///   - refusals: what may come besides.
    static func api(
        _ name: String, _ method: Method, _ path: String, for audience: Audience = .user, takesPicture: Bool = false,
        _ summary: String, subject: Parameter? = nil, query: [Parameter] = [], isKeyed: Bool = false,
        body: Body? = nil, answers: [Answer], refusals: [Refusal] = []
    ) -> Route {
        var all: Set<Refusal> = [.notSignedIn, .notAllowed, .unavailable]
        all.formUnion(refusals)
        if subject != nil { all.insert(.notFound) }
        if isKeyed { all.formUnion([.conflict, .invalid]) }
        if !query.isEmpty { all.insert(.invalid) }
        if body != nil { all.formUnion([.unreadable, .tooLarge, .invalid]) }
        let operation = Operation(
            summary: summary, tag: audience == .admin ? .admin : .user,
            parameters: (subject.map { [$0] } ?? []) + query + (isKeyed ? [.idempotencyKey] : []), body: body,
            answers: answers, refusals: all.sorted { $0.rawValue < $1.rawValue })
        return Route(
            name: name, method: method, path: path, audience: audience, takesPicture: takesPicture, operation: operation
        )
    }

    /// For another system, which signs what it sends and is told everything in words of its own.
    static func signed(
        _ name: String, _ path: String, by tag: Operation.Tag, _ summary: String, headers: [Parameter] = [],
        body: Body, answers: [Answer]
    ) -> Route {
        let operation = Operation(
            summary: summary, tag: tag, parameters: headers, body: body, answers: answers, refusals: [])
        return Route(name: name, method: .post, path: path, audience: .signer, operation: operation)
    }

    static func page(_ name: String, _ path: String, _ audience: Audience = .user) -> Route {
        Route(name: name, method: .get, path: path, audience: audience)
    }

    static func form(_ name: String, _ path: String, _ audience: Audience = .user) -> Route {
        Route(name: name, method: .post, path: path, audience: audience, form: .fields)
    }

    /// A page's form with a picture in it.
    static func uploadForm(_ name: String, _ path: String) -> Route {
        Route(name: name, method: .post, path: path, audience: .user, form: .upload, takesPicture: true)
    }

    static func health(_ name: String, _ path: String) -> Route {
        Route(name: name, method: .get, path: path, audience: .machine, isUrgent: true)
    }

    static func machine(_ name: String, _ path: String) -> Route {
        Route(name: name, method: .get, path: path, audience: .machine)
    }

    /// What `auth` is asked by nginx, with the method of the client's request.
    static func asked(_ name: String, _ path: String) -> Route {
        Route(name: name, method: nil, path: path, audience: .nginx)
    }

    /// The login itself, whose handler reads cookies and where a form came from.
    static func signIn(_ name: String, _ method: Method, _ path: String) -> Route {
        Route(name: name, method: method, path: path, audience: .anybody)
    }
}
