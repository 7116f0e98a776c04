internal import Database

/// Everything that is known of one order: what it did, why, and which deliveries told of it.
public struct OrderReport: Equatable, Sendable {
    /// `nil` where every delivery was only kept: of another environment, or a refund whose order never came.
    public let payment: PaymentReport?
    /// The checkout of ours that it came of.
    public let checkout: Checkout?
    /// Oldest first.
    public let entries: [LedgerEntry]
    /// Oldest first.
    public let deliveries: [DeliveryReport]
}

/// One webhook as it stands in the inbox, without its body.
public struct DeliveryReport: Equatable, Sendable {
    public let id: String
    public let environment: Environment
    public let type: String?
    public let verdict: String
    public let reason: String?
    public let bodyBytes: Int64
    public let sentAt: Instant
    public let receivedAt: Instant
}

extension Store {
    /// What is known of an order; `nil` if nothing ever told of it.
    public func report(on order: Order.ID) throws(StoreError) -> OrderReport? {
        try read { connection throws(DatabaseError) in
            let payment = try connection.query(
                "SELECT \(PaymentReport.columns) FROM payments WHERE order_id = ?", .text(order.text),
                decode: PaymentReport.init
            ).first
            let deliveries = try connection.query(
                """
                SELECT webhook_id, environment, type, verdict, reason, coalesce(length(body), 0), sent_ms, received_ms
                FROM deliveries WHERE order_id = ? ORDER BY id
                """, .text(order.text), decode: DeliveryReport.init)
            guard payment != nil || !deliveries.isEmpty else { return nil }
            let checkout: Checkout? =
                if let id = payment?.checkout { try Checkouts.find(id, on: connection)?.checkout } else { nil }
            let entries = try connection.query(
                "SELECT \(Ledger.columns) FROM ledger_entry WHERE order_id = ? ORDER BY id", .text(order.text),
                decode: LedgerEntry.init)
            return OrderReport(payment: payment, checkout: checkout, entries: entries, deliveries: deliveries)
        }
    }
}

extension DeliveryReport {
    init(_ row: borrowing Row) {
        guard let environment = Environment(rawValue: row.text(1)) else {
            preconditionFailure("A delivery holds what no version of this program writes")
        }
        self.init(
            id: row.text(0), environment: environment, type: row.optionalText(2), verdict: row.text(3),
            reason: row.optionalText(4), bodyBytes: row.integer(5), sentAt: Instant(rawValue: row.integer(6)),
            receivedAt: Instant(rawValue: row.integer(7)))
    }
}
