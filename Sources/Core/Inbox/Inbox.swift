internal import Database
private import JSON

/// What became of a delivery: the stored verdict, and what it did if this was the first time.
public enum Receipt: Equatable, Sendable {
    case applied(OrderOutcome, Order.ID)
    /// An event that moves no credits. Checkouts note their status.
    case noted(type: String)
    /// The event could not be read; its bytes are kept.
    case unreadable
    /// The same `webhook-id` came before.
    case repeated(Verdict)

    public var verdict: Verdict {
        switch self {
        case .applied(let outcome, _): outcome.verdict
        case .noted: .ignored
        case .unreadable: .unreadable
        case .repeated(let verdict): verdict
        }
    }

    /// Which reason stands beside the verdict, if it has one.
    public var reason: String? {
        switch self {
        case .applied(let outcome, _): outcome.reason
        case .noted, .unreadable, .repeated: nil
        }
    }
}

/// What the store can be asked of the inbox.
public struct Inbox: Home {
    let store: Store

    /// Keeps the delivery with its bytes and verdict, and applies what it tells, together.
    ///
    /// - Parameters:
    ///   - event: what the body said, or `nil` if it could not be read: then it is kept all the same.
    ///   - headers: the request's headers as they came, for the inbox.
    public func receive(
        _ delivery: Delivery, event: WebhookEvent?, headers: [(name: String, value: String)], in scope: OrderScope,
        at now: Instant
    ) throws(StoreError) -> Receipt {
        try write { transaction throws(DatabaseError) in
            if let verdict = try Inbox.verdict(on: delivery.id, on: transaction.connection) {
                try Counters.add(to: .deliveries("repeated"), in: transaction)
                return .repeated(verdict)
            }
            let receipt = try Inbox.act(on: event, in: scope, at: now, in: transaction)
            try Counters.add(to: .deliveries(receipt.verdict.rawValue), in: transaction)
            try Inbox.insert(
                delivery, event: event, receipt: receipt, headers: headers, in: scope.environment, at: now,
                transaction: transaction)
            return receipt
        }
    }

    /// Does anew what a delivery of the inbox tells, as if it came now; its verdict follows.
    public func replay(
        _ webhook: String, by actor: String, in scope: OrderScope, at now: Instant
    ) throws(StoreError) -> ReplayOutcome {
        try write { transaction throws(DatabaseError) in
            try Inbox.replay(webhook, by: actor, in: scope, at: now, transaction: transaction)
        }
    }

    public func replay(
        _ webhook: String, by actor: String, in scope: OrderScope, under keyed: Keyed<ReplayOutcome>?, at now: Instant
    ) throws(StoreError) -> Once<ReplayOutcome> {
        try once(keyed, at: now) { transaction throws(DatabaseError) in
            try Inbox.replay(webhook, by: actor, in: scope, at: now, transaction: transaction)
        }
    }

    /// What became of a delivery; `nil` if it never came.
    public func verdict(on webhook: String) throws(StoreError) -> Verdict? {
        try read { connection throws(DatabaseError) in try Inbox.verdict(on: webhook, on: connection) }
    }
}

/// What became of the wish to do a delivery anew.
public enum ReplayOutcome: Equatable, Sendable {
    case replayed(Receipt)
    case unknownDelivery
    /// It was kept as long as bodies are kept.
    case bodyGone
    /// It came from Polar's other environment.
    case otherEnvironment
}

/// The inbox: every verified delivery once, under its `webhook-id`.
extension Inbox {
    static func verdict(on id: String, on connection: Connection) throws(DatabaseError) -> Verdict? {
        try connection.query("SELECT verdict FROM deliveries WHERE webhook_id = $1", .text(id)) {
            Verdict(rawValue: $0.text(0))
        }.first ?? nil
    }

    static func replay(
        _ webhook: String, by actor: String, in scope: OrderScope, at now: Instant,
        transaction: borrowing Transaction
    ) throws(DatabaseError) -> ReplayOutcome {
        guard let kept = try find(webhook, on: transaction.connection) else { return .unknownDelivery }
        guard kept.environment == scope.environment else { return .otherEnvironment }
        guard let body = kept.body else { return .bodyGone }
        // What does not read now either is unreadable still.
        let event = try? WebhookEvent(Delivery(id: webhook, sent: kept.sent, body: body))
        let receipt = try act(on: event, in: scope, at: now, in: transaction)
        try note(receipt, of: event, on: webhook, at: now, in: transaction)
        try AuditLog.add(
            actor: actor, action: "delivery.replay", subject: webhook, old: kept.verdict,
            new: receipt.verdict.rawValue, at: now, in: transaction)
        return .replayed(receipt)
    }

    /// Does what the event tells; `nil` is one that could not be read.
    static func act(
        on event: WebhookEvent?, in scope: OrderScope, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Receipt {
        switch event?.subject {
        case .order(let order):
            return .applied(try Orders.apply(order, in: scope, at: now, in: transaction), order.id)
        case .checkout(let checkout):
            try Checkouts.note(checkout, in: scope.environment, transaction: transaction)
            return .noted(type: event?.type ?? "")
        case .elsewhere: return .noted(type: event?.type ?? "")
        case nil: return .unreadable
        }
    }

    struct Kept {
        let environment: Environment
        let verdict: String
        let sent: Instant
        let body: [UInt8]?
    }

    static func find(_ id: String, on connection: Connection) throws(DatabaseError) -> Kept? {
        try connection.query(
            "SELECT environment, verdict, sent_ms, body FROM deliveries WHERE webhook_id = $1", .text(id)
        ) { row in
            Kept(
                environment: row.value(0, Environment.init), verdict: row.text(1), sent: row.instant(2),
                body: row[3] == .null ? nil : row.blob(3))
        }.first
    }

    static func note(
        _ receipt: Receipt, of event: WebhookEvent?, on id: String, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try transaction.connection.execute(
            "UPDATE deliveries SET verdict = $1, reason = $2, type = $3, order_id = $4, replayed_ms = $5 WHERE webhook_id = $6",
            .text(receipt.verdict.rawValue), .optional(receipt.reason), .optional(event?.type),
            .optional(event?.order?.text), .integer(now.rawValue), .text(id))
    }

    static func insert(
        _ delivery: Delivery, event: WebhookEvent?, receipt: Receipt, headers: [(name: String, value: String)],
        in environment: Environment, at now: Instant, transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let headers = JSON.object(headers.map { JSON.Member($0.name, .string($0.value)) })
        try transaction.connection.execute(
            """
            INSERT INTO deliveries (webhook_id, environment, type, order_id, verdict, reason, headers, body, sent_ms,
                                    received_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            .text(delivery.id), .text(environment.rawValue), .optional(event?.type),
            .optional(event?.order?.text), .text(receipt.verdict.rawValue), .optional(receipt.reason),
            .text(headers.text), .blob(delivery.body), .integer(delivery.sent.rawValue), .integer(now.rawValue))
    }
}

extension WebhookEvent {
    /// The order that the event is about, if it is about one.
    var order: Order.ID? {
        switch subject {
        case .order(let order): order.id
        case .elsewhere(let order): order
        case .checkout: nil
        }
    }
}
