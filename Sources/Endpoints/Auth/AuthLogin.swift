internal import Core
internal import HTTP
private import Identity
private import Pages

extension Auth {
    /// Sends the browser to the issuer and remembers in a cookie what was asked.
    func beginLogin(_ request: Request) -> Response {
        let returnTo = request.parameters["return_to"].flatMap(LocalPath.init) ?? .start
        do throws(LoginError) {
            let (login, configuration) = try ready()
            let isAnew = request.parameters["prompt"]?.utf8.elementsEqual("login".utf8) ?? false
            let attempt = LoginAttempt(
                returnTo: returnTo, anew: isAnew, at: dependencies.now(), random: dependencies.random)
            var response = Response(.found, headers: ["cache-control": "no-store"])
            response.headers["location"] = address(of: configuration, for: attempt, login)
            let cookie = attempt.cookie(key: sessions.formTokens.loginKey)
            response.cookies = [loginCookie(cookie, lifetime: LoginAttempt.lifetime)]
            return response
        } catch {
            return failure(error, returnTo: returnTo, request)
        }
    }

    /// Takes the browser back from the issuer: code to ID token to session. Nobody is asked anything before it is clear that
    /// the login was begun here.
    func endLogin(_ request: Request) -> Response {
        let cookies = Cookies(header: request.headers["cookie"])
        let attempt = cookies[site.loginCookie].flatMap { cookie in
            LoginAttempt(cookie: cookie, key: sessions.formTokens.loginKey, at: dependencies.now())
        }
        do throws(LoginError) {
            guard let login else { throw .isOff }
            guard let attempt else { throw .attemptMissing }
            let code = try Self.code(in: request.parameters, for: attempt, login)
            let (_, configuration) = try ready()
            let claims = try claims(from: code, for: attempt, login, configuration)
            let token = try open(for: claims, attempt, request, replacing: sessionToken(in: cookies))
            log(LogLine(.notice, "session.opened", ["user.id": claims.profile.user]), request)
            var response = Response.seeOther(attempt.returnTo.text)
            response.cookies = [sessionCookie(token), loginCookie("", lifetime: .zero)]
            return response
        } catch {
            return failure(error, returnTo: attempt?.returnTo ?? .start, request)
        }
    }

    private func ready() throws(LoginError) -> (Login, IssuerConfiguration) {
        guard let login else { throw .isOff }
        guard let configuration = login.configuration() else { throw .issuerSilent }
        return (login, configuration)
    }

    /// Source: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
    private func address(
        of configuration: IssuerConfiguration, for attempt: LoginAttempt, _ login: Login
    ) -> String {
        let parameters = [
            ("response_type", "code"), ("client_id", login.client), ("redirect_uri", site.redirectURI),
            ("scope", "openid email profile"), ("state", attempt.state), ("nonce", attempt.nonce),
            ("code_challenge", attempt.challenge), ("code_challenge_method", "S256"),
        ]
        return Self.address(
            configuration.authorizationEndpoint, parameters + (attempt.isAnew ? [("prompt", "login")] : []))
    }

    static func address(_ endpoint: String, _ parameters: [(name: String, value: String)]) -> String {
        let query = parameters.map { "\($0.name)=\(PercentEncoding.encoded($0.value))" }.joined(separator: "&")
        return endpoint + (endpoint.contains("?") ? "&" : "?") + query
    }

    /// The state comes first: until it fits, nothing says that the issuer sent this browser here.
    private static func code(
        in parameters: Form, for attempt: LoginAttempt, _ login: Login
    ) throws(LoginError) -> String {
        guard let state = parameters["state"], attempt.isAnswered(by: state) else { throw .stateMismatch }
        // RFC 9207: the issuer may say who it is.
        guard parameters["iss"].map({ $0.utf8.elementsEqual(login.issuer.utf8) }) ?? true else { throw .otherIssuer }
        if let error = parameters["error"] { throw .denied(ProviderErrorCode(error)) }
        guard let code = parameters["code"], (1...4096).contains(code.utf8.count) else { throw .codeMissing }
        return code
    }

    private func claims(
        from code: String, for attempt: LoginAttempt, _ login: Login, _ configuration: IssuerConfiguration
    ) throws(LoginError) -> TokenClaims {
        let token: String
        do { token = try login.exchange(code, attempt.verifier, configuration) } catch { throw .notExchanged(error) }
        let rules = tokens.rules.idToken(client: login.client, nonce: attempt.nonce)
        do { return try tokens.verifier.claims(of: token, under: rules, at: dependencies.now()) } catch {
            throw .notVerified(error)
        }
    }

    private func open(
        for claims: TokenClaims, _ attempt: LoginAttempt, _ request: Request, replacing old: SessionToken?
    ) throws(LoginError) -> SessionToken {
        let token = SessionToken(random: dependencies.random(32))
        let now = dependencies.now()
        let new = NewSession(
            judged(claims, at: now), issuerSession: claims.sessionID,
            agent: ClientWords.agent(request.headers["user-agent"]),
            network: ClientWords.network(request.remoteAddress),
            // Else the issuer's own session may be hours old: too old for admins, who are then asked anew.
            authenticatedAt: attempt.isAnew ? nil : claims.authenticatedAt)
        do { try sessions.kept.open(token, new, replacing: old, at: now) } catch { throw .notStored(error) }
        return token
    }

    private func sessionCookie(_ token: SessionToken) -> String {
        Cookies.set(
            site.sessionCookie, to: token.cookie, lifetime: SessionToken.lifetime, isSecure: site.origin.isSecure)
    }

    private func loginCookie(_ value: String, lifetime: Duration) -> String {
        Cookies.set(site.loginCookie, to: value, lifetime: lifetime, isSecure: site.origin.isSecure)
    }

    private func failure(_ error: LoginError, returnTo: LocalPath, _ request: Request) -> Response {
        log(error.logLine, request)
        let problem = error.problem
        // From the issuer comes a browser, whatever it says that it takes.
        guard request.wantsPage || request.path == "/auth/callback" else { return problem.response(to: request) }
        let again = Action("Sign in again", Self.loginAddress(returnTo: returnTo))
        let page = MessagePage(
            problem.title, problem.detail, actions: error == .isOff ? [] : [again], requestID: request.id)
        var response = Response.html(problem.status, page.html)
        response.headers["retry-after"] = problem.headers["retry-after"]
        return response
    }
}
