internal import Core
internal import HTTP
internal import Identity
internal import Webhook

extension Auth {
    /// The issuer says that somebody is signed out there: the sessions that it means end here.
    ///
    /// Who sends it is known by the token's signature alone. What the token says is answered by 200 or 400; a fault of ours is
    /// 503, so that it is seen here as one.
    ///
    /// Source: https://openid.net/specs/openid-connect-backchannel-1_0.html#BCResponse
    func logOutByIssuer(_ request: Request) -> Response {
        // Without a login of ours there is no session that could end.
        guard let login else { return Problem.notFound.response(to: request) }
        do throws(BackchannelError) {
            let count = try endSessions(as: logoutToken(request), for: login)
            log(LogLine(.notice, "session.closed_by_issuer", ["session.count": count]), request)
            return Response(.ok, headers: ["cache-control": "no-store"])
        } catch {
            log(error.logLine, request)
            var response = error.problem.response(to: request)
            response.headers["cache-control"] = "no-store"
            return response
        }
    }

    private func logoutToken(_ request: Request) throws(BackchannelError) -> String {
        let type = MediaType.essence(request.headers["content-type"] ?? "")
        guard type == "application/x-www-form-urlencoded", let form = try? Form(request.body),
            let token = form["logout_token"], !token.isEmpty
        else { throw .noToken }
        return token
    }

    private func endSessions(as text: String, for login: Login) throws(BackchannelError) -> Int {
        let now = dependencies.now()
        let token: LogoutToken
        do { token = try tokens.verifier.logout(text, under: tokens.rules, for: login.client, at: now) } catch {
            throw .notVerified(error)
        }
        do throws(StoreError) {
            switch try sessions.kept.logOut(token.logout, at: now) {
            case .ended(let count): return count
            case .repeated: break
            }
        } catch {
            throw .notStored(error)
        }
        throw .repeated
    }
}

/// Every way in which a logout by the issuer comes to nothing.
enum BackchannelError: Error, Equatable {
    case noToken
    case notVerified(TokenError)
    /// The same token was sent before.
    case repeated
    case notStored(StoreError)

    var problem: Problem {
        switch self {
        case .noToken: Self.refusal("The body is no form with a logout_token.")
        case .notVerified(.keysUnavailable):
            Problem(.serviceUnavailable, code: "unavailable", title: "Try again later", headers: ["retry-after": "30"])
        case .notVerified(let error): Self.refusal("The logout token is refused: \(error.description).")
        case .repeated: Self.refusal("The logout token was used before.")
        case .notStored(let error): error.problem
        }
    }

    private static func refusal(_ detail: String) -> Problem {
        Problem(.badRequest, code: "invalid_request", title: "Nobody is signed out by this", detail: detail)
    }

    var logLine: LogLine {
        switch self {
        case .noToken: LogLine(.warning, "logout.refused", ["token.reason": "no logout_token"])
        case .notVerified(let error):
            LogLine(
                error == .keysUnavailable ? .error : .warning, "logout.refused", ["token.reason": error.description])
        case .repeated: LogLine(.warning, "logout.refused", ["token.reason": "the token was used before"])
        case .notStored(let error): LogLine(.error, "session.not_closed", ["store.reason": error.description])
        }
    }
}
