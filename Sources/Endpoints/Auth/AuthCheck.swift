internal import Core
internal import HTTP
private import Identity
internal import Webhook

extension Auth {
    /// Answers nginx's `auth_request`, which asks with the method and the credentials of the client's own request.
    ///
    /// - Parameter area: what is asked for: a session of ours is good for admins' pages for a shorter time.
    func check(_ request: Request, in area: Session.Area) -> Response {
        do throws(CheckError) {
            let caller = try caller(request, in: area)
            return Response(.noContent, headers: headers(for: caller))
        } catch {
            if let line = error.logLine { log(line, request) }
            return error.problem.response(to: request)
        }
    }

    private func caller(_ request: Request, in area: Session.Area) throws(CheckError) -> Identified {
        let now = dependencies.now()
        let caller: Identified
        do { caller = try identify(request, at: now) } catch { throw .notIdentified(error) }
        try checkAge(of: caller, in: area, at: now)
        guard case .cookie = caller.credential, !request.method.isSafe, !isFromHere(request) else { return caller }
        throw .crossSite(caller.profile.user)
    }

    /// Tokens of the issuer's have an age of their own.
    private func checkAge(of caller: Identified, in area: Session.Area, at now: Instant) throws(CheckError) {
        guard let session = caller.session, case .cookie(.own(let hash)) = caller.credential else { return }
        guard session.isGood(for: area, at: now) else { throw .tooOld(caller.profile.user) }
        if session.isWorthNoting(in: area, at: now) { sessions.note(SessionUse(hash, in: area, at: now)) }
    }

    func isFromHere(_ request: Request) -> Bool {
        site.origin.sent(origin: request.headers["origin"], fetchSite: request.headers["sec-fetch-site"])
    }

    private func headers(for caller: Identified) -> Headers {
        var headers: Headers = ["x-user": caller.profile.user.text, "cache-control": "no-store"]
        headers["x-email"] = caller.profile.email
        headers["x-name"] = caller.profile.name
        headers["x-email-verified"] = caller.profile.proof.header
        switch caller.credential {
        case .bearer: headers["x-credential"] = "bearer"
        case .cookie(let identity):
            headers["x-credential"] = "cookie"
            headers["x-form-token"] = sessions.formTokens.token(for: identity)
            if case .own(let hash) = identity { headers["x-session"] = hash.name }
        }
        return headers
    }
}

/// Every way in which nginx can be told no. The body is for whoever asks by hand: nginx reads the status alone.
enum CheckError: Error, Equatable {
    case notIdentified(IdentificationError)
    /// A change by cookie that no page of ours asked for.
    case crossSite(UserID)
    /// Signed in, but too long ago for what is asked.
    case tooOld(UserID)

    var problem: Problem {
        switch self {
        case .notIdentified(.notRead(let error)): error.problem
        // Not 401: a client would throw away a token that is perhaps good.
        case .notIdentified(.badToken(.keysUnavailable)):
            Problem(.serviceUnavailable, code: "unavailable", title: "Try again later", headers: ["retry-after": "5"])
        case .notIdentified(.nobody), .notIdentified(.notABearer), .notIdentified(.badToken), .tooOld: .unauthenticated
        case .crossSite: .crossSite
        }
    }

    var logLine: LogLine? {
        switch self {
        case .notIdentified(.nobody): nil
        case .notIdentified(.notABearer):
            LogLine(.warning, "token.refused", ["token.reason": "the Authorization header is no bearer token"])
        case .notIdentified(.badToken(let error)):
            LogLine(error == .keysUnavailable ? .error : .warning, "token.refused", ["token.reason": error.description])
        case .notIdentified(.notRead(let error)):
            LogLine(.error, "session.not_read", ["store.reason": error.description])
        case .crossSite(let user): LogLine(.warning, "request.cross_site", ["user.id": user])
        case .tooOld(let user): LogLine(.info, "session.too_old", ["user.id": user])
        }
    }
}

extension EmailProof {
    /// For nginx, which hands it on as `REMOTE_EMAIL_VERIFIED`; absent if the issuer does not say.
    fileprivate var header: String? {
        switch self {
        case .verified: "true"
        case .unverified: "false"
        case .unclaimed: nil
        }
    }
}

extension Problem {
    static let unauthenticated = Problem(
        .unauthorized, code: "unauthenticated", title: "Sign in first",
        detail: "Send a bearer token, or sign in at /auth/login", headers: ["www-authenticate": "Bearer"])

    static let crossSite = Problem(
        .forbidden, code: "cross_site", title: "The request came from another site",
        detail: "A change by cookie needs the Origin of this site")
}
