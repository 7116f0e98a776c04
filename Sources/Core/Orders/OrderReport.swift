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
    public let deliveries: [DeliverySummary]
}

extension Orders {
    /// What is known of an order; `nil` if nothing ever told of it.
    public func report(on order: Order.ID) throws(StoreError) -> OrderReport? {
        try read { connection throws(DatabaseError) in
            let payment = try connection.query(
                "SELECT \(PaymentReport.columns) FROM payments WHERE order_id = $1", .text(order.text),
                decode: PaymentReport.init
            ).first
            let deliveries = try connection.query(
                "SELECT \(DeliverySummary.columns) FROM deliveries WHERE order_id = $1 ORDER BY id", .text(order.text),
                decode: DeliverySummary.init)
            guard payment != nil || !deliveries.isEmpty else { return nil }
            let checkout: Checkout? =
                if let id = payment?.checkout { try Checkouts.find(id, on: connection)?.checkout } else { nil }
            let entries = try connection.query(
                "SELECT \(Ledger.columns) FROM ledger_entry WHERE order_id = $1 ORDER BY id", .text(order.text),
                decode: LedgerEntry.init)
            return OrderReport(payment: payment, checkout: checkout, entries: entries, deliveries: deliveries)
        }
    }
}
