private import JSON
internal import SQLite

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
}

extension Store {
    /// Keeps the delivery with its bytes and verdict, and applies what it tells, together.
    ///
    /// - Parameters:
    ///   - event: what the body said, or `nil` if it could not be read: then it is kept all the same.
    ///   - headers: the request's headers as they came, for the inbox.
    public func receive(
        _ delivery: Delivery, event: WebhookEvent?, headers: [(name: String, value: String)], in scope: OrderScope,
        at now: Instant
    ) throws(StoreError) -> Receipt {
        try write { transaction throws(SQLiteError) in
            if let verdict = try Deliveries.verdict(on: delivery.id, on: transaction.connection) {
                return .repeated(verdict)
            }
            let receipt: Receipt
            switch event?.subject {
            case .order(let order):
                receipt = .applied(try Orders.apply(order, in: scope, at: now, in: transaction), order.id)
            case .checkout(let checkout):
                try Checkouts.note(checkout, in: scope.environment, transaction: transaction)
                receipt = .noted(type: event?.type ?? "")
            case .elsewhere: receipt = .noted(type: event?.type ?? "")
            case nil: receipt = .unreadable
            }
            try Deliveries.insert(
                delivery, event: event, receipt: receipt, headers: headers, in: scope.environment, at: now,
                transaction: transaction)
            return receipt
        }
    }
}

/// The inbox: every verified delivery once, under its `webhook-id`.
enum Deliveries {
    static func verdict(on id: String, on connection: Connection) throws(SQLiteError) -> Verdict? {
        try connection.query("SELECT verdict FROM deliveries WHERE webhook_id = ?", .text(id)) {
            Verdict(rawValue: $0.text(0))
        }.first ?? nil
    }

    static func insert(
        _ delivery: Delivery, event: WebhookEvent?, receipt: Receipt, headers: [(name: String, value: String)],
        in environment: Environment, at now: Instant, transaction: borrowing Transaction
    ) throws(SQLiteError) {
        let reason: String? =
            if case .applied(let outcome, _) = receipt { outcome.reason } else { nil }
        let headers = JSON.object(headers.map { JSON.Member($0.name, .string($0.value)) })
        try transaction.connection.execute(
            """
            INSERT INTO deliveries (webhook_id, environment, type, order_id, verdict, reason, headers, body, sent_ms,
                                    received_ms)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .text(delivery.id), .text(environment.rawValue), .optional(event?.type),
            .optional(event?.order?.text), .text(receipt.verdict.rawValue), .optional(reason),
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
