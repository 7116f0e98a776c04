public import Core
internal import HTTP
internal import JSON
internal import Webhook

/// Every way in which a request can end without what it asked for, with all that a client and an operator are told.
public enum RequestError: Error, Equatable, Sendable {
    case notSignedIn
    /// Signed in, and nobody who may use this.
    case notAdmin
    case notFound
    case methodNotAllowed([String])
    /// The form does not carry the token of the session.
    case foreignForm
    case malformed(String)
    /// A parameter, a field or a header that holds what it may not.
    case invalid(field: String, rule: String)
    /// Several of them, each with its rule.
    case invalidFields([FieldFault])
    /// Something that an admin asked for and that cannot be.
    case refused(AdminRefusal)
    case keyReused
    case stillRunning
    case tooManyCheckouts(retryAfterSeconds: Int64)
    case insufficientCredits(balance: Credits)
    /// There are credits, and yet no picture is taken now.
    case notTaken(UploadRefusal, at: Instant)
    case tooLarge(limitBytes: Int)
    /// Not one of the types that are taken, or not what its sender says.
    case unsupportedType
    /// One of the types, but not readable as such or out of bounds.
    case unreadableImage(String)
    /// Only a failed generation can be tried again.
    case notFailed
    /// It failed, and what was uploaded is not kept.
    case pictureGone
    case spent
    /// It was to be cancelled only as long as it waits.
    case hasBegun
    case notStored(StoreError)
    case polar(PolarFailure)
    /// As many threads as may wait for Polar already do: it was not asked, and nothing has happened.
    case polarBusy

    /// A field that holds what it may not.
    public struct FieldFault: Equatable, Sendable {
        public let field: String
        public let rule: String
    }

    var problem: Problem {
        switch self {
        case .notSignedIn:
            Problem(
                .unauthorized, code: "unauthenticated", title: "Sign in first", headers: ["www-authenticate": "Bearer"])
        case .notAdmin:
            Problem(
                .forbidden, code: "not_admin", title: "This is for admins only",
                detail: "Ask somebody who is one, or the operator: creditctl admin grant")
        case .notFound: .notFound
        case .methodNotAllowed(let allowed): .methodNotAllowed(allowed.map(Request.Method.init))
        case .foreignForm:
            Problem(
                .forbidden, code: "foreign_form", title: "This form has expired",
                detail: "Open the page again and send the form from there.")
        case .malformed(let what):
            Problem(.badRequest, code: "malformed", title: "The request could not be read", detail: what)
        case .invalid(let field, let rule):
            Problem(
                .unprocessableContent, code: "invalid_\(field)", title: "\(field) is not valid", detail: rule,
                members: [.init("errors", [["field": .string(field), "rule": .string(rule)]])])
        case .invalidFields(let faults):
            Problem(
                .unprocessableContent, code: "invalid_fields", title: "Some fields are not valid",
                detail: faults.map { "\($0.field): \($0.rule)" }.joined(separator: "; "),
                members: [
                    .init(
                        "errors",
                        .array(faults.map { ["field": .string($0.field), "rule": .string($0.rule)] }))
                ])
        case .refused(let refusal): refusal.problem
        case .keyReused:
            Problem(
                .unprocessableContent, code: "idempotency_key_reused",
                title: "This idempotency key stands for another request")
        case .stillRunning:
            Problem(
                .conflict, code: "still_running", title: "The first request with this key has not been answered yet",
                headers: ["retry-after": "2"])
        case .tooManyCheckouts(let seconds):
            Problem(
                .tooManyRequests, code: "too_many_checkouts", title: "Too many checkouts were opened",
                detail: "Try again in \(seconds) seconds.", headers: ["retry-after": String(seconds)])
        case .insufficientCredits(let balance):
            Problem(
                .paymentRequired, code: "insufficient_credits", title: "There are not enough credits",
                detail: "One image costs one credit. Buy a pack and try again.",
                members: [
                    .init("balance", .integer(balance.rawValue)), .init("required", 1), .init("buy_url", "/buy"),
                ])
        case .tooLarge(let limit):
            Problem(
                .contentTooLarge, code: "body_too_large", title: "The picture is too large",
                members: [.init("limit_bytes", .integer(Int64(limit)))])
        case .unsupportedType:
            Problem(
                .unsupportedMediaType, code: "unsupported_type", title: "This is not a type of picture that is taken",
                detail: "PNG, JPEG, WebP, HEIC and HEIF are, and the content has to be what its type says.")
        case .unreadableImage(let why):
            Problem(
                .unprocessableContent, code: "unreadable_image", title: "The picture could not be read", detail: why)
        case .notFailed:
            Problem(.conflict, code: "not_failed", title: "Only a failed generation can be tried again")
        case .notTaken(let refusal, let now): refusal.problem(at: now)
        case .pictureGone:
            Problem(
                .conflict, code: "picture_gone", title: "The picture could not be read and is not kept",
                detail: "Upload another one.")
        case .spent:
            Problem(
                .conflict, code: "credit_spent", title: "This failure cost its credit",
                detail: "Too many failures were given back on that day, as was said before. Upload the picture again.")
        case .hasBegun:
            Problem(.conflict, code: "has_begun", title: "It is being made already, so it was not cancelled")
        case .notStored(let error): error.problem
        case .polar(.timedOut):
            Problem(
                .gatewayTimeout, code: "polar_timeout", title: "Polar did not answer in time",
                detail: "Nothing was charged. Try again in a moment.")
        case .polar(.unavailable), .polar(.refused), .polar(.unreadable):
            Problem(
                .badGateway, code: "polar_unavailable", title: "Polar is not available",
                detail: "Nothing was charged. Try again in a moment.", headers: ["retry-after": "30"])
        case .polarBusy:
            Problem(
                .serviceUnavailable, code: "polar_busy", title: "Polar answers slowly just now",
                detail: "Nothing was charged. Try again in a few seconds.", headers: ["retry-after": "5"])
        }
    }

    /// What only an operator should see; `nil` where the client's mistake is told to the client alone.
    var logLine: LogLine? {
        switch self {
        case .notStored(let error): LogLine(.error, "store.failed", ["store.reason": error.description])
        case .polar(let failure): LogLine(.error, "polar.failed", failure.facts)
        case .polarBusy: LogLine(.info, "polar.busy")
        case .foreignForm: LogLine(.warning, "form.refused")
        case .notAdmin: LogLine(.warning, "admin.refused")
        case .tooManyCheckouts: LogLine(.warning, "checkout.limited")
        case .notSignedIn, .notFound, .methodNotAllowed, .malformed, .invalid, .invalidFields, .refused,
            .keyReused, .stillRunning,
            .insufficientCredits, .tooLarge, .unsupportedType, .unreadableImage, .notFailed, .pictureGone, .spent,
            .hasBegun:
            nil
        case .notTaken(let refusal, _): refusal.logLine
        }
    }
}

extension UploadRefusal {
    func problem(at now: Instant) -> Problem {
        switch self {
        case .closed(let end):
            Problem(
                .serviceUnavailable, code: "daily_limit_reached", title: "No more images can be made today",
                detail: "Nothing was charged. New pictures are taken again from \(end.rfc3339) on.",
                headers: ["retry-after": String(now.secondsUntil(end))])
        case .tooManyWaiting(let limit):
            Problem(
                .tooManyRequests, code: "too_many_waiting", title: "Too many of your pictures wait already",
                detail: "Up to \(limit) can wait at once. Nothing was charged.", headers: ["retry-after": "30"])
        case .imagesFull(let limit):
            Problem(
                .contentTooLarge, code: "images_full", title: "Your images need more room than you have",
                detail: "Delete some that you do not need any more. Nothing was charged.",
                members: [.init("limit_bytes", .integer(limit))])
        }
    }

    fileprivate var logLine: LogLine {
        switch self {
        case .closed: LogLine(.notice, "upload.closed")
        case .tooManyWaiting: LogLine(.notice, "upload.limited", ["upload.limit": "waiting_jobs"])
        case .imagesFull: LogLine(.notice, "upload.limited", ["upload.limit": "image_bytes"])
        }
    }
}

extension Instant {
    /// Rounded up, and one at least.
    fileprivate func secondsUntil(_ end: Instant) -> Int64 { max(1, (end.rawValue - rawValue + 999) / 1000) }
}

extension PolarFailure {
    var facts: [String: any LogValue] {
        switch self {
        case .unavailable(let reason): ["polar.failure": "unavailable", "polar.reason": reason]
        case .timedOut: ["polar.failure": "timed_out"]
        case .refused(let status, let code):
            ["polar.failure": "refused", "polar.status": status, "polar.reason": code]
        case .unreadable(let what): ["polar.failure": "unreadable", "polar.reason": what]
        }
    }
}

/// Calls the store and says in the endpoint's own terms when it cannot.
func stored<Result>(_ call: @autoclosure () throws(StoreError) -> Result) throws(RequestError) -> Result {
    do { return try call() } catch { throw .notStored(error) }
}
