public import Core
public import HTTP

/// `POST /polar/orders`: verified event in, ledger entries out.
///
/// Answers 202 for everything that is kept, whatever it did, so that Polar stops sending it; 503 for what a retry may
/// improve. Ten events in a row without a 2xx, and Polar switches the endpoint off.
public struct PolarOrders: Sendable {
    private let verifier: WebhookVerifier
    private let inbox: Inbox
    private let scope: OrderScope
    private let now: @Sendable () -> Instant
    private let log: @Sendable (LogLine) -> Void

    public init(
        verifier: WebhookVerifier, inbox: Inbox, scope: OrderScope, now: @escaping @Sendable () -> Instant,
        log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.verifier = verifier
        self.inbox = inbox
        self.scope = scope
        self.now = now
        self.log = log
    }

    public func respond(to request: Request) -> Response {
        guard request.method == .post else { return Problem.methodNotAllowed([.post]).response(to: request) }
        do throws(PolarOrdersError) {
            let now = now()
            let delivery = try verified(request, at: now)
            let event = Self.event(in: delivery)
            let receipt = try received(delivery, event, request, at: now)
            log(receipt.logLine(delivery: delivery, event: event).of(request: request.id))
            guard receipt.verdict != .unreadable else { throw .notReadable }
            return Response(.accepted)
        } catch {
            if let line = error.logLine { log(line.of(request: request.id)) }
            return error.problem.response(to: request)
        }
    }

    private func verified(_ request: Request, at now: Instant) throws(PolarOrdersError) -> Delivery {
        do {
            return try verifier.verify(
                id: request.headers["webhook-id"], timestamp: request.headers["webhook-timestamp"],
                signatures: request.headers["webhook-signature"], body: request.body, now: now)
        } catch {
            throw .notVerified(error)
        }
    }

    private static func event(in delivery: Delivery) -> Result<WebhookEvent, WebhookEventError> {
        do { return .success(try WebhookEvent(delivery)) } catch { return .failure(error) }
    }

    private func received(
        _ delivery: Delivery, _ event: Result<WebhookEvent, WebhookEventError>, _ request: Request, at now: Instant
    ) throws(PolarOrdersError) -> Receipt {
        do {
            return try inbox.receive(
                delivery, event: try? event.get(), headers: request.headers.sorted, in: scope, at: now)
        } catch {
            throw .notStored(error)
        }
    }
}

/// Every way in which the endpoint can fail, and with it everything that a client or an operator is told.
enum PolarOrdersError: Error, Equatable {
    case notVerified(WebhookError)
    /// The delivery is kept, and its receipt has been logged.
    case notReadable
    case notStored(StoreError)

    var problem: Problem {
        switch self {
        case .notVerified: Problem(.forbidden, code: "signature", title: "The signature is not valid now")
        case .notReadable: Problem(.badRequest, code: "unreadable", title: "The event could not be read")
        case .notStored(let error): error.problem
        }
    }

    var logLine: LogLine? {
        switch self {
        case .notVerified(let error): LogLine(.warning, "webhook.refused", ["webhook.reason": "\(error)"])
        case .notReadable: nil
        case .notStored(let error): LogLine(.error, "webhook.not_stored", ["store.reason": error.description])
        }
    }
}

extension Receipt {
    fileprivate func logLine(delivery: Delivery, event: Result<WebhookEvent, WebhookEventError>) -> LogLine {
        var facts: [String: any LogValue] = ["webhook.id": delivery.id, "webhook.verdict": verdict.rawValue]
        if case .success(let event) = event { facts["webhook.type"] = event.type }
        switch self {
        case .applied(let outcome, let order):
            facts["order.id"] = order
            return outcome.logLine(facts)
        case .noted: return LogLine(.info, "webhook.noted", facts)
        case .unreadable:
            if case .failure(let error) = event { facts["webhook.reason"] = error.description }
            return LogLine(.error, "webhook.unreadable", facts)
        case .repeated: return LogLine(.info, "webhook.repeated", facts)
        }
    }
}
