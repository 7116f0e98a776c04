import Core
import Crypto
import Endpoints
import Foundation
import HTTP
import Identity
import JOSE
import JSON
import SQLite
import Synchronization
import Testing

/// `/auth/...` on a real database of its own, beside an issuer that plays along.
final class AuthGate: Sendable {
    struct State {
        var now = Instant(unixSeconds: 1_700_000_000)
        var lines: [LogLine] = []
        var configuration: IssuerConfiguration?
        /// What the issuer puts into the next ID token instead of the right claims; `nil` leaves one out.
        var claims: [String: JSON?] = [:]
        var exchangeError: CodeExchangeError?
        /// The nonce and challenge of the last login, as the issuer saw them.
        var asked = Form()
        var exchanged: [(code: String, verifier: String)] = []
        var areKeysUnavailable = false
        /// What was to be noted of the sessions' use.
        var uses: [SessionUse] = []
        /// When it was noted that the issuer says whether addresses are verified.
        var claimNotes: [Instant] = []
    }

    static let issuer = "https://issuer.example"
    static let key: JWK = {
        do { return try JWK.generate(.es256, keyID: "k1") } catch { preconditionFailure("\(error)") }
    }()

    let store: Store
    let place: BreakingPlace
    private let formTokens: FormTokenKey
    let state: Mutex<State>
    let publicURL: String
    private let hasLogin: Bool
    private let habit = Mutex<EmailClaimHabit?>(nil)
    private let directory: URL

    init(publicURL: String = "https://credits.example", hasLogin: Bool = true) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "auth-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.appending(path: "credits.db").path(percentEncoded: false)
        _ = try Store.migrate(SQLiteFile(path))
        place = BreakingPlace(SQLiteFile(path))
        store = try Store(at: place) { Issue.record("\($0)") }
        formTokens = try store.sessions.formTokenKey()
        self.publicURL = publicURL
        self.hasLogin = hasLogin
        let document: JSON = [
            "issuer": .string(Self.issuer), "authorization_endpoint": "https://issuer.example/authorize?tenant=1",
            "token_endpoint": "https://issuer.example/token", "end_session_endpoint": "https://issuer.example/out",
        ]
        state = Mutex(State(configuration: try IssuerConfiguration(document.bytes, of: Self.issuer)))
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private var auth: Auth {
        get throws {
            let set = try KeySet(Array("{\"keys\":[".utf8) + Self.key.publicJSON + Array("]}".utf8))
            let origin = try #require(WebOrigin(address: publicURL))
            return Auth(
                site: Auth.Site(publicURL: publicURL, origin: origin, issuerCookie: "__session"),
                tokens: Auth.Tokens(
                    verifier: verifier(set), rules: TokenRules(issuer: Self.issuer, audience: "credits-app"),
                    emailClaims: emailClaims),
                sessions: Auth.Sessions(store.sessions, formTokens: formTokens) { [self] use in
                    state.withLock { $0.uses.append(use) }
                },
                login: hasLogin ? login : nil,
                dependencies: Auth.Dependencies(
                    random: randomBytes, now: { [self] in state.withLock { $0.now } },
                    log: { [self] line in state.withLock { $0.lines.append(line) } }))
        }
    }

    private var emailClaims: EmailClaimHabit {
        habit.withLock { habit in
            if let habit { return habit }
            let new = EmailClaimHabit(seenAt: nil) { [weak self] now in
                self?.state.withLock { $0.claimNotes.append(now) }
            }
            habit = new
            return new
        }
    }

    /// Writes down what was to be noted, as the program does after a while.
    func keepUses() throws {
        let uses = state.withLock { state in
            defer { state.uses = [] }
            return state.uses
        }
        try store.sessions.note(uses)
    }

    private func verifier(_ set: KeySet) -> TokenVerifier {
        TokenVerifier(
            keys: { [self] _ in state.withLock { $0.areKeysUnavailable } ? nil : set },
            signed: { token, key throws(TokenError) in
                do { return try JWS.verified(token, by: JWK(json: key.json), algorithm: .es256) } catch {
                    throw .signatureMismatch
                }
            })
    }

    private var login: Auth.Login {
        Auth.Login(
            client: "credits-app", issuer: Self.issuer,
            configuration: { [self] in state.withLock { $0.configuration } },
            exchange: { [self] code, verifier, _ throws(CodeExchangeError) in
                let (error, nonce, changes) = state.withLock { state in
                    state.exchanged.append((code, verifier))
                    return (state.exchangeError, state.asked["nonce"], state.claims)
                }
                if let error { throw error }
                return token(["aud": "credits-app", "nonce": .optional(nonce)].merging(changes) { $1 })
            })
    }

    func respond(_ request: Request) throws -> Response { try auth.respond(to: request) }

    func get(_ path: String, _ query: String = "", cookie: String? = nil, accept: String = "text/html") throws
        -> Response
    {
        var request = Request(method: .get, path: path, query: query, headers: ["accept": accept], id: "r1")
        request.headers["cookie"] = cookie
        return try respond(request)
    }

    /// What nginx asks.
    func check(_ method: Request.Method = .get, _ headers: Headers = [:]) throws -> Response {
        try respond(Request(method: method, path: "/auth/check", headers: headers, id: "r1"))
    }

    /// A token of the issuer's for Ada, five minutes good.
    func token(_ changes: [String: JSON?] = [:], key: JWK = AuthGate.key) -> String {
        let now = state.withLock { $0.now.rawValue / 1000 }
        var claims: [String: JSON?] = [
            "iss": .string(Self.issuer), "sub": "ada", "exp": .integer(now + 300), "iat": .integer(now),
            "aud": "credits-app", "email": "ada@example.com", "name": "Ada Lovelace",
        ]
        claims.merge(changes) { $1 }
        let members = claims.compactMap { name, value in value.map { JSON.Member(name, $0) } }
        do { return try JWS.signed(JSON.object(members).bytes, by: key) } catch { preconditionFailure("\(error)") }
    }

    /// The login's cookie and the state, as they are after `/auth/login`.
    func begin(returnTo: String? = nil) throws -> (cookie: String, state: String) {
        let query = returnTo.map { "return_to=" + PercentEncoding.encoded($0) } ?? ""
        let response = try get("/auth/login", query)
        let location = try #require(response.headers["location"])
        let asked = try Form(String(location.drop { $0 != "?" }.dropFirst()))
        state.withLock { $0.asked = asked }
        return (try #require(response.cookies.first.map { String($0.prefix { $0 != ";" }) }), asked["state"] ?? "")
    }

    /// The whole way; the answer of `/auth/callback`.
    func signIn(returnTo: String? = nil, cookie: String? = nil) throws -> Response {
        let (login, state) = try begin(returnTo: returnTo)
        return try get(
            "/auth/callback", "code=c1&state=\(state)",
            cookie: [login, cookie].compactMap { $0 }.joined(separator: "; "))
    }

    /// `name=value` of the session that an answer sets.
    func session(_ response: Response) throws -> String {
        try #require(
            response.cookies.first { $0.hasPrefix("__Host-credits=") || $0.hasPrefix("credits=") }
                .map { String($0.prefix { $0 != ";" }) })
    }

    var events: [String] { state.withLock { $0.lines.map(\.event) } }
    var log: String { state.withLock { $0.lines.map { $0.json(at: Instant(rawValue: 0)) }.joined() } }
}
