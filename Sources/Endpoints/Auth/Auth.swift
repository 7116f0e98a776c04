public import Core
public import HTTP
public import Identity
internal import Interface

/// `/auth/...`: who somebody is, and how they come to be that.
///
/// | address | asked by | answer |
/// |---|---|---|
/// | `/auth/check`, `/auth/check/admin` | nginx's `auth_request` | 204 with the caller in headers, 401, 403 |
/// | `/auth/required`, `/auth/required/admin`, `/auth/refused` | nginx, instead of a bare 401 or 403 | a problem, a redirect to the login, a page |
/// | `/auth/login`, `/auth/callback`, `/auth/logout` | browsers | the login flow of OpenID Connect |
/// | `/auth/backchannel-logout` | the issuer | 200, 400 |
public struct Auth: Sendable {
    /// Where this site is and which cookies it reads.
    public struct Site: Sendable {
        /// Without a slash at its end.
        public let publicURL: String
        public let origin: WebOrigin
        /// The issuer's own cookie, which holds a token.
        public let issuerCookie: String

        public init(publicURL: String, origin: WebOrigin, issuerCookie: String) {
            self.publicURL = publicURL
            self.origin = origin
            self.issuerCookie = issuerCookie
        }

        /// `__Host-` keeps other hosts of the same domain from setting it; browsers take that over https alone.
        var sessionCookie: String { origin.isSecure ? "__Host-credits" : "credits" }
        var loginCookie: String { origin.isSecure ? "__Host-credits-login" : "credits-login" }
        var redirectURI: String { publicURL + "/auth/callback" }
    }

    /// The tokens that count here, and what must stand in them.
    public struct Tokens: Sendable {
        let verifier: TokenVerifier
        let rules: TokenRules
        let emailClaims: EmailClaimHabit

        public init(verifier: TokenVerifier, rules: TokenRules, emailClaims: EmailClaimHabit) {
            self.verifier = verifier
            self.rules = rules
            self.emailClaims = emailClaims
        }
    }

    public struct Sessions: Sendable {
        let kept: Core.Sessions
        /// Returns at once; what is noted is noted later.
        let note: @Sendable (SessionUse) -> Void
        let formTokens: FormTokenKey

        public init(
            _ kept: Core.Sessions, formTokens: FormTokenKey, note: @escaping @Sendable (SessionUse) -> Void
        ) {
            self.kept = kept
            self.note = note
            self.formTokens = formTokens
        }
    }

    /// This site as a client of the issuer.
    public struct Login: Sendable {
        /// `nil` if the issuer does not answer; the reason is logged where it is known.
        public typealias Configuration = @Sendable () -> IssuerConfiguration?
        /// Trades a code for an ID token, not yet believed.
        public typealias Exchange =
            @Sendable (_ code: String, _ verifier: String, IssuerConfiguration) throws(CodeExchangeError) -> String

        let client: String
        let issuer: String
        let configuration: Configuration
        let exchange: Exchange

        public init(
            client: String, issuer: String, configuration: @escaping Configuration, exchange: @escaping Exchange
        ) {
            self.client = client
            self.issuer = issuer
            self.configuration = configuration
            self.exchange = exchange
        }
    }

    /// What the world outside gives.
    public struct Dependencies: Sendable {
        let random: @Sendable (Int) -> [UInt8]
        let now: @Sendable () -> Instant
        let log: @Sendable (LogLine) -> Void

        public init(
            random: @escaping @Sendable (Int) -> [UInt8], now: @escaping @Sendable () -> Instant,
            log: @escaping @Sendable (LogLine) -> Void
        ) {
            self.random = random
            self.now = now
            self.log = log
        }
    }

    let site: Site
    let tokens: Tokens
    let sessions: Sessions
    /// `nil`: nobody signs in here, but tokens count.
    let login: Login?
    let dependencies: Dependencies

    public init(site: Site, tokens: Tokens, sessions: Sessions, login: Login?, dependencies: Dependencies) {
        self.site = site
        self.tokens = tokens
        self.sessions = sessions
        self.login = login
        self.dependencies = dependencies
    }

    private typealias Handler = @Sendable (Auth, Request) -> Response

    private static let dispatch = Dispatch<Handler>(
        Route.Program.auth.routes,
        [
            "check": { $0.check($1, in: .site) }, "checkAdmin": { $0.check($1, in: .admin) },
            "required": { $0.required($1, in: .site) }, "requiredAdmin": { $0.required($1, in: .admin) },
            "refused": { $0.refused($1) }, "beginLogin": { $0.beginLogin($1) }, "endLogin": { $0.endLogin($1) },
            "offerLogout": { $0.offerLogout($1) }, "logOut": { $0.logOut($1) },
            "logOutByIssuer": { $0.logOutByIssuer($1) },
        ])

    public func respond(to request: Request) -> Response {
        switch Self.dispatch.find(request) {
        case .handler(_, let handler, _): handler(self, request)
        case .otherMethods(let methods):
            Problem.methodNotAllowed(methods.flatMap { $0 == .get ? [.get, .head] : [$0] }).response(to: request)
        case .nothing: Problem.notFound.response(to: request)
        }
    }

    func log(_ line: LogLine, _ request: Request) { dependencies.log(line.of(request: request.id)) }
}
