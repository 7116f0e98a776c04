internal import Core
internal import HTTP
internal import Identity
internal import Webhook

/// Every way in which a login can fail, what the person is told to do, and what the log keeps. No code and no token.
enum LoginError: Error, Equatable {
    case isOff
    case issuerSilent
    /// Ten minutes have passed, or the login was ended or begun in another browser.
    case attemptMissing
    case stateMismatch
    case otherIssuer
    /// The issuer says no, with a code if it is a plain one.
    case denied(ProviderErrorCode?)
    case codeMissing
    case notExchanged(CodeExchangeError)
    case notVerified(TokenError)
    case notStored(StoreError)

    var problem: Problem {
        switch self {
        case .isOff:
            Problem(
                .serviceUnavailable, code: "login_off", title: "Signing in is not set up here",
                detail: "Whoever runs this site has to connect it to a sign-in service first.")
        case .notExchanged(.noAnswer):
            Problem(
                .badGateway, code: "issuer_unavailable", title: "The sign-in service does not answer",
                detail: "Wait a moment, then sign in again.", headers: ["retry-after": "10"])
        // It is not known yet, or nobody may wait for it just now: nothing was asked for this person.
        case .issuerSilent, .notVerified(.keysUnavailable), .notExchanged(.noPlace):
            Problem(
                .serviceUnavailable, code: "issuer_unavailable", title: "The sign-in service does not answer",
                detail: "Wait a moment, then sign in again.", headers: ["retry-after": "5"])
        case .attemptMissing:
            Problem(
                .badRequest, code: "login_over", title: "This sign-in is over",
                detail: "It took longer than ten minutes, or it was finished already. Sign in again.")
        case .stateMismatch:
            Problem(
                .badRequest, code: "login_mismatch", title: "This sign-in was not begun here",
                detail: "It may belong to another tab. Sign in again.")
        case .denied:
            Problem(
                .forbidden, code: "login_denied", title: "You were not signed in",
                detail: "The sign-in service ended the sign-in. You can try again.")
        case .otherIssuer, .codeMissing, .notExchanged(.refused), .notExchanged(.noIDToken), .notVerified:
            Problem(
                .badGateway, code: "login_failed", title: "The sign-in did not work",
                detail: "The sign-in service gave an answer that cannot be used. Sign in again; if it stays, tell "
                    + "whoever runs this site.")
        case .notStored(let error): error.loginProblem
        }
    }

    var logLine: LogLine {
        switch self {
        case .isOff: LogLine(.warning, "login.failed", ["login.reason": "OIDC_CLIENT_ID is not set"])
        case .issuerSilent: LogLine(.error, "login.failed", ["login.reason": "the issuer does not answer"])
        case .attemptMissing: LogLine(.warning, "login.failed", ["login.reason": "no login is under way"])
        case .stateMismatch: LogLine(.warning, "login.failed", ["login.reason": "state does not match"])
        case .otherIssuer: LogLine(.error, "login.failed", ["login.reason": "iss is another issuer"])
        case .denied(let code):
            LogLine(.warning, "login.failed", ["login.reason": "denied", "issuer.error": code?.text ?? "unreadable"])
        case .codeMissing: LogLine(.warning, "login.failed", ["login.reason": "code is missing"])
        case .notExchanged(let error):
            LogLine(.error, "login.failed", ["login.reason": "code not exchanged", "issuer.error": error.description])
        case .notVerified(let error):
            LogLine(.error, "login.failed", ["login.reason": "ID token refused", "token.reason": error.description])
        case .notStored(let error):
            LogLine(.error, "login.failed", ["login.reason": "not stored", "store.reason": error.description])
        }
    }
}

extension StoreError {
    fileprivate var loginProblem: Problem {
        var problem = problem
        problem.title = "Signing in does not work just now"
        problem.detail = "Wait a moment, then sign in again."
        return problem
    }
}
