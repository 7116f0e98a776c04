internal import Core
internal import HTTP
internal import Webhook

extension Auth {
    /// Answers nginx's `auth_request`, which asks with the method and the credentials of the client's own request.
    func check(_ request: Request) -> Response {
        do throws(CheckError) {
            let caller = try caller(request)
            return Response(.noContent, headers: headers(for: caller))
        } catch {
            if let line = error.logLine { log(line, request) }
            return error.problem.response(to: request)
        }
    }

    private func caller(_ request: Request) throws(CheckError) -> Identified {
        let caller: Identified
        do { caller = try identify(request, at: surroundings.now()) } catch { throw .notIdentified(error) }
        guard case .cookie = caller.credential, !request.method.isSafe, !isFromHere(request) else { return caller }
        throw .crossSite(caller.profile.user)
    }

    func isFromHere(_ request: Request) -> Bool {
        site.origin.sent(origin: request.headers["origin"], fetchSite: request.headers["sec-fetch-site"])
    }

    private func headers(for caller: Identified) -> Headers {
        var headers: Headers = ["x-user": caller.profile.user.text, "cache-control": "no-store"]
        headers["x-email"] = caller.profile.email
        headers["x-name"] = caller.profile.name
        switch caller.credential {
        case .bearer: headers["x-credential"] = "bearer"
        case .cookie(let identity):
            headers["x-credential"] = "cookie"
            headers["x-form-token"] = sessions.formTokens.token(for: identity)
        }
        return headers
    }
}

/// Every way in which nginx can be told no. The body is for whoever asks by hand: nginx reads the status alone.
enum CheckError: Error, Equatable {
    case notIdentified(IdentificationError)
    /// A change by cookie that no page of ours asked for.
    case crossSite(UserID)

    var problem: Problem {
        switch self {
        case .notIdentified(.notRead(let error)): error.problem
        // Not 401: a client would throw away a token that is perhaps good.
        case .notIdentified(.badToken(.keysUnavailable)):
            Problem(.serviceUnavailable, code: "unavailable", title: "Try again later", headers: ["retry-after": "30"])
        case .notIdentified(.nobody), .notIdentified(.notABearer), .notIdentified(.badToken): .unauthenticated
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
