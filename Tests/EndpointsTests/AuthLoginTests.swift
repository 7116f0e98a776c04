import Core
import Crypto
import Database
import HTTP
import Identity
import JSON
import Synchronization
import Testing

@Suite struct AuthLoginTests {
    private let gate: AuthGate
    init() throws { gate = try AuthGate() }

    @Test func aLoginAsksTheIssuerForACode() throws {
        let response = try gate.get("/auth/login", "return_to=%2Fbuy%3Fx%3D1")
        #expect(response.status == .found)
        let location = try #require(response.headers["location"])
        #expect(location.hasPrefix("https://issuer.example/authorize?tenant=1&"))
        let asked = try Form(String(location.drop { $0 != "?" }.dropFirst()))
        #expect(asked["response_type"] == "code" && asked["client_id"] == "credits-app")
        #expect(asked["redirect_uri"] == "https://credits.example/auth/callback")
        #expect(asked["scope"] == "openid email profile" && asked["code_challenge_method"] == "S256")
        let cookie = try #require(response.cookies.first)
        #expect(cookie.hasPrefix("__Host-credits-login="))
        #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure"))
        let value = String(cookie.dropFirst("__Host-credits-login=".count).prefix { $0 != ";" })
        let (key, now) = (try gate.store.sessions.formTokenKey().loginKey, gate.state.withLock { $0.now })
        let attempt = try #require(LoginAttempt(cookie: value, key: key, at: now))
        #expect(attempt.returnTo.text == "/buy?x=1")
        #expect(asked["state"] == attempt.state && asked["nonce"] == attempt.nonce)
        #expect(asked["code_challenge"] == Base64.urlEncoded(sha256(Array(attempt.verifier.utf8))))
        #expect(Set([attempt.state, attempt.nonce, attempt.verifier]).count == 3)
        #expect(try gate.begin().state != asked["state"])
    }

    @Test func theWayBackOpensASession() throws {
        let response = try gate.signIn(returnTo: "/account?a=1&b=2")
        #expect(response.status == .seeOther)
        #expect(response.headers["location"] == "/account?a=1&b=2")
        let session = try #require(response.cookies.first { $0.hasPrefix("__Host-credits=") })
        #expect(session.hasSuffix("; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600; Secure"))
        #expect(response.cookies.contains { $0.hasPrefix("__Host-credits-login=;") && $0.contains("Max-Age=0") })
        #expect(gate.events == ["session.opened"])
        #expect(
            try gate.store.people.account(of: #require(UserID("ada")), at: gate.state.withLock { $0.now })?.balance
                == 10)
    }

    @Test func theVerifierGoesWithTheCode() throws {
        _ = try gate.signIn()
        let (exchanged, asked) = gate.state.withLock { ($0.exchanged, $0.asked) }
        #expect(exchanged.map(\.code) == ["c1"])
        #expect(
            asked["code_challenge"] == Base64.urlEncoded(sha256(Array(try #require(exchanged.first).verifier.utf8))))
    }

    @Test func onLocalhostTheCookiesGoWithoutSecure() throws {
        let local = try AuthGate(publicURL: "http://localhost:8080")
        let response = try local.signIn()
        #expect(response.cookies.contains { $0.hasPrefix("credits=") && !$0.contains("Secure") })
        #expect(response.cookies.contains { $0.hasPrefix("credits-login=;") })
        #expect(try local.check(.get, ["cookie": try local.session(response)]).status == .noContent)
    }

    @Test func signingInAgainEndsTheSessionBefore() throws {
        let first = try gate.session(try gate.signIn())
        let second = try gate.session(try gate.signIn(cookie: first))
        #expect(first != second)
        #expect(try gate.check(.get, ["cookie": first]).status == .unauthorized)
        #expect(try gate.check(.get, ["cookie": second]).status == .noContent)
    }

    @Test(arguments: [
        ("/", "/"), ("/buy", "/buy"), ("/account?cursor=2#x", "/account?cursor=2#x"), ("/a//b", "/a//b"),
        ("/%2Fevil.example", "/%2Fevil.example"), ("/@evil.example", "/@evil.example"),
        ("", "/"), ("buy", "/"), ("//evil.example", "/"), ("///evil.example", "/"), ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"), ("/buy\\..", "/"), ("https://evil.example/", "/"), ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"), ("/\t/evil.example", "/"), ("/\n/evil.example", "/"), ("\t//evil.example", "/"),
        (" /buy", "/"), ("/buy x", "/"), ("/buy\r\nset-cookie: a=b", "/"), ("/bu\u{0}y", "/"), ("/caf\u{e9}", "/"),
        ("/" + String(repeating: "a", count: 2047), "/" + String(repeating: "a", count: 2047)),
        ("/" + String(repeating: "a", count: 2048), "/"),
    ])
    func theWayBackLeadsNowhereElse(_ returnTo: String, _ location: String) throws {
        #expect(try gate.signIn(returnTo: returnTo).headers["location"] == location)
    }

    @Test func aLoginCookieFitsIntoABrowser() throws {
        let cookie = try gate.begin(returnTo: "/" + String(repeating: "a", count: 2047)).cookie
        #expect(cookie.utf8.count < 4000)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: Status
        let query: @Sendable (_ state: String) -> String
        let cookie: @Sendable (String) -> String?

        init(
            _ description: String, _ status: Status, _ query: @escaping @Sendable (String) -> String,
            cookie: @escaping @Sendable (String) -> String? = { $0 }
        ) {
            (testDescription, self.status, self.query, self.cookie) = (description, status, query, cookie)
        }
    }

    @Test(arguments: [
        Refusal("no cookie", .badRequest, { "code=c1&state=\($0)" }, cookie: { _ in nil }),
        Refusal(
            "a broken cookie", .badRequest, { "code=c1&state=\($0)" }, cookie: { $0.replacing("=ey", with: "=fy") }),
        Refusal(
            "a cookie that somebody else signed", .badRequest, { "code=c1&state=\($0)" },
            cookie: { $0.prefix { $0 != "." } + "." + String(repeating: "A", count: 43) }),
        Refusal(
            "a cookie without its signature", .badRequest, { "code=c1&state=\($0)" },
            cookie: { String($0.prefix { $0 != "." }) }),
        Refusal("an empty cookie", .badRequest, { "code=c1&state=\($0)" }, cookie: { _ in "__Host-credits-login=" }),
        Refusal("two cookies", .badRequest, { "code=c1&state=\($0)" }, cookie: { "\($0); \($0)" }),
        Refusal("no state", .badRequest, { _ in "code=c1" }),
        Refusal("empty state", .badRequest, { _ in "code=c1&state=" }),
        Refusal("another state", .badRequest, { "code=c1&state=\($0.reversed().map { String($0) }.joined())" }),
        Refusal("a state cut short", .badRequest, { "code=c1&state=\($0.dropLast())" }),
        Refusal("no code", .badGateway, { "state=\($0)" }), Refusal("empty code", .badGateway, { "code=&state=\($0)" }),
        Refusal("a code of 5 kB", .badGateway, { "code=\(String(repeating: "c", count: 5000))&state=\($0)" }),
        Refusal("another issuer", .badGateway, { "code=c1&iss=https%3A%2F%2Fevil.example&state=\($0)" }),
        Refusal("access denied", .forbidden, { "error=access_denied&error_description=x&state=\($0)" }),
        Refusal("an error with a code", .forbidden, { "error=server_error&code=c1&state=\($0)" }),
        Refusal("an error that is no word", .forbidden, { "error=%3Cscript%3E%0A&state=\($0)" }),
        Refusal("an error by somebody else", .badRequest, { _ in "error=access_denied&state=x" }),
        Refusal("a query that is none", .badRequest, { _ in "code=%zz&state=%" }),
    ])
    func aWayBackThatDoesNotFitIsRefused(_ refusal: Refusal) throws {
        let (cookie, state) = try gate.begin(returnTo: "/account")
        let response = try gate.get("/auth/callback", refusal.query(state), cookie: refusal.cookie(cookie))
        #expect(response.status == refusal.status)
        try expectAPageWithAWayOn(response)
        #expect(gate.state.withLock { $0.exchanged.isEmpty })
    }

    @Test(
        arguments: [
            ["nonce": "x"], ["nonce": nil], ["aud": "other"], ["aud": nil], ["aud": ["credits-app", "other"]],
            ["aud": ["credits-app", "other"], "azp": "other"], ["azp": "other"], ["iss": "https://evil.example"],
            ["exp": 1_699_999_000], ["sub": nil], ["iat": 1_700_001_000], ["nbf": 1_700_001_000],
        ] as [[String: JSON?]])
    func anIDTokenOfAnotherLoginIsRefused(_ claims: [String: JSON?]) throws {
        gate.state.withLock { $0.claims = claims }
        let response = try gate.signIn()
        #expect(response.status == .badGateway)
        try expectAPageWithAWayOn(response)
    }

    @Test(
        arguments: [
            ["aud": ["credits-app"]], ["aud": ["credits-app", "other"], "azp": "credits-app"], ["azp": "credits-app"],
        ] as [[String: JSON?]])
    func anIDTokenForUsMayNameOthers(_ claims: [String: JSON?]) throws {
        gate.state.withLock { $0.claims = claims }
        #expect(try gate.signIn().status == .seeOther)
    }

    @Test(arguments: [
        CodeExchangeError.noAnswer("timedOut"), .refused(status: 400, code: "invalid_grant"), .noIDToken,
    ])
    func aCodeThatIsNotTakenOpensNothing(_ error: CodeExchangeError) throws {
        gate.state.withLock { $0.exchangeError = error }
        let response = try gate.signIn()
        #expect(response.status == .badGateway)
        try expectAPageWithAWayOn(response)
    }

    @Test func aSessionThatCannotBeStoredIsNone() throws {
        let (cookie, state) = try gate.begin()
        gate.place.failure = .full
        let response = try gate.get("/auth/callback", "code=c1&state=\(state)", cookie: cookie)
        #expect(response.status == .serviceUnavailable)
        try expectAPageWithAWayOn(response)
    }

    @Test func anIssuerThatIsSilentIsSaidSo() throws {
        gate.state.withLock { $0.configuration = nil }
        #expect(try gate.get("/auth/login").status == .serviceUnavailable)
        let problem = try gate.get("/auth/login", accept: "application/json")
        #expect(problem.headers["content-type"] == "application/problem+json")
        #expect(try JSON(problem.body)["code"] == "issuer_unavailable")
    }

    @Test func withoutAClientNobodySignsInButTokensCount() throws {
        let gate = try AuthGate(hasLogin: false)
        for path in ["/auth/login", "/auth/callback"] {
            #expect(try gate.get(path).status == .serviceUnavailable)
        }
        #expect(try JSON(gate.get("/auth/login", accept: "*/*").body)["code"] == "login_off")
        #expect(try gate.check(.get, ["authorization": "Bearer " + gate.token()]).status == .noContent)
    }

    @Test(arguments: ["/auth/login", "/auth/callback"]) func aLoginIsAGet(_ path: String) throws {
        let response = try gate.respond(Request(method: .post, path: path))
        #expect(response.status == .methodNotAllowed && response.headers["allow"] == "GET, HEAD")
    }

    private func expectAPageWithAWayOn(_ response: Response) throws {
        let page = String(decoding: response.body, as: UTF8.self)
        #expect(response.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.contains("href=\"/auth/login"))
        #expect(response.cookies.isEmpty)
        #expect(gate.events == ["login.failed"])
        // Neither code nor token nor what the cookie holds.
        let (asked, exchanged) = gate.state.withLock { ($0.asked, $0.exchanged) }
        let secrets =
            [asked["nonce"], asked["state"], exchanged.first?.verifier].compactMap { $0 } + ["eyJ", "<script>"]
        for secret in secrets { #expect(!page.contains(secret) && !gate.log.contains(secret)) }
    }
}
