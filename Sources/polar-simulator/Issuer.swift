internal import Crypto
internal import HTTP
internal import JOSE
internal import JSON
internal import Threads

/// An OpenID Connect issuer where one signs in under any name.
///
/// Source: https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc7636
struct Issuer: Sendable {
    let world: Monitor<World>
    let settings: SimulatorSettings
    let key: JWK

    static let keyID = "simulator-1"

    /// What an authorization code stands for, once.
    struct Grant: Sendable {
        let name: String
        let redirectURI: String
        let nonce: String?
        let challenge: String
        let expiresAt: Moment
        /// The `sid` of what is signed in here with it.
        let session: String
    }

    func respond(to request: Request) -> Response? {
        switch (request.path, request.method) {
        case ("/.well-known/openid-configuration", .get): withFaults { .json(.ok, discovery) }
        case ("/.well-known/jwks.json", .get): withFaults { .json(.ok, keySet) }
        case ("/authorize", .get): signInPage(request)
        case ("/authorize", .post): signIn(request)
        case ("/token", .post): withFaults { exchange(request) }
        case ("/issuer/token", .get), ("/issuer/token", .post): convenience(request)
        case ("/issuer/sessions", .get): sessions(request)
        case ("/issuer/logout", .post): logOut(request)
        case ("/end_session", .get), ("/end_session", .post): endSession(request)
        case _: nil
        }
    }

    private func withFaults(_ answer: () -> Response) -> Response {
        world.withFaults(of: \.issuerFaults, answer)
    }

    private var discovery: JSON {
        [
            "issuer": .string(settings.publicURL), "authorization_endpoint": .string(settings.publicURL + "/authorize"),
            "token_endpoint": .string(settings.publicURL + "/token"),
            "jwks_uri": .string(settings.publicURL + "/.well-known/jwks.json"),
            "end_session_endpoint": .string(settings.publicURL + "/end_session"),
            "response_types_supported": ["code"], "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "sub", "iss", "aud", "azp", "exp", "iat", "nonce", "sid", "email", "email_verified", "name",
            ],
            "backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
        ]
    }

    private var keySet: JSON {
        guard let json = try? JSON(key.publicJSON), let members = json.members else { return ["keys": []] }
        let kept = members.filter { $0.name != "alg" && $0.name != "use" }
        return ["keys": [.object(kept + [.init("alg", "RS256"), .init("use", "sig")])]]
    }

    // MARK: Signing in

    /// The parameters of an authorization request, or why they are refused.
    private struct Authorization {
        let redirectURI: String
        let state: String?
        let nonce: String?
        let challenge: String

        init(_ form: Form, _ settings: SimulatorSettings) throws(Fault) {
            guard form["client_id"] == settings.clientID else { throw Fault("The client is unknown.") }
            guard let redirectURI = form["redirect_uri"], redirectURI.hasPrefix(settings.siteURL + "/") else {
                throw Fault("The address to return to is not one of \(settings.siteURL).")
            }
            guard form["response_type"] == "code" else { throw Fault("Only the code flow is spoken here.") }
            guard let scope = form["scope"], scope.split(separator: " ").contains("openid") else {
                throw Fault("The scope openid is missing.")
            }
            guard let challenge = form["code_challenge"], form["code_challenge_method"] == "S256",
                challenge.utf8.count == 43
            else { throw Fault("A code challenge (S256) is required.") }
            self.redirectURI = redirectURI
            self.challenge = challenge
            state = form["state"]
            nonce = form["nonce"]
        }
    }

    struct Fault: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    private func signInPage(_ request: Request, complaint: String? = nil) -> Response {
        let form = request.method == .get ? request.parameters : (try? Form(request.body)) ?? Form()
        do throws(Fault) {
            let authorization = try Authorization(form, settings)
            let names = [
                "client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge",
                "code_challenge_method",
            ]
            let fields = names.compactMap { name in form[name].map { ["name": name, "value": $0] } }
            return Page.signIn.response(
                complaint == nil ? .ok : .unprocessableContent,
                ["fields": fields, "complaint": complaint ?? "", "site": settings.siteURL],
                formTargets: [origin(of: authorization.redirectURI)])
        } catch {
            return Page.message.response(.badRequest, ["title": "Sign-in cannot go on", "text": error.text])
        }
    }

    private func signIn(_ request: Request) -> Response {
        guard let form = try? Form(request.body), let authorization = try? Authorization(form, settings) else {
            return signInPage(request)
        }
        guard let name = Self.name(form["name"]) else {
            return signInPage(request, complaint: "A name has 1 to 64 letters, digits, or one of . _ - @")
        }
        let code = newToken()
        let session = newToken()
        world.withLock { world in
            world.issuerSessions[name, default: []].append(session)
            world.codes[code] = Grant(
                name: name, redirectURI: authorization.redirectURI, nonce: authorization.nonce,
                challenge: authorization.challenge, expiresAt: .now() + .seconds(60), session: session)
        }
        let glue = authorization.redirectURI.contains("?") ? "&" : "?"
        let state = authorization.state.map { "&state=\(PercentEncoding.encoded($0))" } ?? ""
        let issuer = PercentEncoding.encoded(settings.publicURL)
        return .seeOther("\(authorization.redirectURI)\(glue)code=\(code)\(state)&iss=\(issuer)")
    }

    static func name(_ text: String?) -> String? {
        guard let text, (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ isNameByte($0) }) else { return nil }
        return text
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case let mark: "._-@|:".utf8.contains(mark)
        }
    }

    private func endSession(_ request: Request) -> Response {
        let form = request.method == .get ? request.parameters : (try? Form(request.body)) ?? Form()
        guard let target = form["post_logout_redirect_uri"],
            target == settings.siteURL || target.hasPrefix(settings.siteURL + "/")
        else {
            return Page.message.response(
                .ok,
                ["title": "You are signed out", "text": "The simulator keeps no session.", "link": settings.siteURL])
        }
        let glue = target.contains("?") ? "&" : "?"
        return .seeOther(target + (form["state"].map { "\(glue)state=\(PercentEncoding.encoded($0))" } ?? ""))
    }

    // MARK: Tokens

    private func exchange(_ request: Request) -> Response {
        guard let form = try? Form(request.body) else { return Self.failure(.badRequest, "invalid_request") }
        guard isClient(request, form) else {
            var response = Self.failure(.unauthorized, "invalid_client")
            response.headers["www-authenticate"] = "Basic realm=\"simulator\""
            return response
        }
        guard form["grant_type"] == "authorization_code" else {
            return Self.failure(.badRequest, "unsupported_grant_type")
        }
        // Taken out whatever follows: a code is good for one try.
        let grant = world.withLock { world in form["code"].flatMap { world.codes.removeValue(forKey: $0) } }
        guard let grant, grant.expiresAt > .now(), grant.redirectURI == form["redirect_uri"],
            let verifier = form["code_verifier"],
            Base64.urlEncoded(sha256(Array(verifier.utf8))) == grant.challenge,
            let token = token(of: grant)
        else { return Self.failure(.badRequest, "invalid_grant") }
        return .json(
            .ok,
            [
                "access_token": .string(newToken()), "token_type": "Bearer", "expires_in": 600,
                "id_token": .string(token), "scope": "openid email profile",
            ])
    }

    /// client_secret_basic or client_secret_post; in the header both parts are form-encoded (RFC 6749, 2.3.1).
    private func isClient(_ request: Request, _ form: Form) -> Bool {
        var id = form["client_id"]
        var secret = form["client_secret"]
        if let header = request.headers["authorization"], header.lowercased().hasPrefix("basic ") {
            let parts = Base64.decoded(String(header.dropFirst(6))).map { bytes in
                String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1)
            }
            id = parts?.first.flatMap { try? Form("x=" + $0)["x"] }
            secret = parts?.last.flatMap { try? Form("x=" + $0)["x"] }
        }
        return id == settings.clientID && secret == settings.clientSecret
    }

    static func failure(_ status: Status, _ error: String) -> Response {
        .json(status, ["error": .string(error)])
    }
}
