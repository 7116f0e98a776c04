internal import SQLite

/// How an order stands here, beside what Polar's API says of it.
public struct OrderStanding: Equatable, Sendable {
    public enum Likeness: Equatable, Sendable {
        case unknown
        /// The same content is here, and its credits are as it says.
        case settled
        /// The same content is here, but no rule could grant it, or there was nothing to grant.
        case same
        case different
    }

    public let likeness: Likeness
    /// What the order's entries sum to now.
    public let target: Int64
    public let user: UserID?
}

extension Store {
    /// Whether the order stands here as the snapshot has it. Looks only.
    public func standing(of order: OrderSnapshot) throws(StoreError) -> OrderStanding {
        try read { connection throws(SQLiteError) in
            guard let payment = try Payments.find(order.id, on: connection) else {
                return OrderStanding(likeness: .unknown, target: 0, user: nil)
            }
            let isSettled = try Payments.state(of: order.id, on: connection) == "applied"
            let likeness: OrderStanding.Likeness =
                payment.snapshot.json != order.json ? .different : isSettled ? .settled : .same
            return OrderStanding(likeness: likeness, target: payment.target, user: payment.user)
        }
    }

    /// How the order stands here; `nil` if it is not known.
    public func standing(of order: Order.ID) throws(StoreError) -> OrderStanding? {
        try read { connection throws(SQLiteError) in
            try Payments.find(order, on: connection).map {
                OrderStanding(likeness: .different, target: $0.target, user: $0.user)
            }
        }
    }

    /// What ``apply(_:in:at:)`` would do. Nothing of it stays.
    public func preview(
        _ order: OrderSnapshot, in scope: OrderScope, at now: Instant
    ) throws(StoreError) -> OrderOutcome {
        try rehearse { transaction throws(SQLiteError) in
            try Orders.apply(order, in: scope, at: now, in: transaction)
        }
    }

    /// Decides anew over an order as it stands here: the settings may have been wrong when it came.
    ///
    /// - Parameter isRehearsal: nothing of it stays.
    /// - Returns: `nil` if it is not known.
    public func reconsider(
        _ order: Order.ID, in scope: OrderScope, isRehearsal: Bool, at now: Instant
    ) throws(StoreError) -> OrderOutcome? {
        let body: @Sendable (borrowing Transaction) throws(SQLiteError) -> OrderOutcome? = {
            transaction throws(SQLiteError) in
            guard let payment = try Payments.find(order, on: transaction.connection) else { return nil }
            guard payment.environment == scope.environment else { return .otherEnvironment }
            let checkout = try Orders.checkout(of: payment.snapshot, on: transaction.connection)?.checkout
            return try Orders.settle(payment, checkout, scope, at: now, in: transaction)
        }
        return isRehearsal ? try rehearse(body) : try write(body)
    }

    /// What ``noteDispute(on:isLost:at:in:now:)`` would do. Nothing of it stays.
    public func previewDispute(
        _ dispute: DisputeNotice, in scope: OrderScope, at now: Instant
    ) throws(StoreError) -> OrderOutcome? {
        try rehearse { transaction throws(SQLiteError) in
            try Orders.note(dispute, in: scope, at: now, transaction: transaction)
        }
    }

    /// Does it and takes it back, within one transaction.
    private func rehearse<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws(SQLiteError) -> Result
    ) throws(StoreError) -> Result {
        try write { transaction throws(SQLiteError) in
            // If the body throws, the change that it stands in is taken back as a whole.
            try transaction.connection.execute("SAVEPOINT rehearsal")
            let result = try body(transaction)
            try transaction.connection.execute("ROLLBACK TO rehearsal")
            try transaction.connection.execute("RELEASE rehearsal")
            return result
        }
    }

    /// Orders that were refunded, as far as is known here, and changed since then; the newest change first. A refund that
    /// bounces later disappears from Polar's list of refunds.
    public func refundedOrders(
        since: Instant, in environment: Environment, limit: Int
    ) throws(StoreError) -> [Order.ID] {
        try read { connection throws(SQLiteError) in
            try connection.query(
                """
                SELECT order_id FROM payments WHERE refunded_cents > 0 AND updated_ms >= ? AND environment = ?
                ORDER BY updated_ms DESC LIMIT ?
                """,
                .integer(since.rawValue), .text(environment.rawValue), .integer(Int64(limit))
            ) { Order.ID($0.text(0)) }.compactMap(\.self)
        }
    }

    /// Orders whose lost dispute is on record.
    public func lostDisputes(in environment: Environment) throws(StoreError) -> Set<Order.ID> {
        try read { connection throws(SQLiteError) in
            Set(
                try connection.query(
                    "SELECT order_id FROM payments WHERE dispute_lost = 1 AND environment = ?",
                    .text(environment.rawValue)
                ) { Order.ID($0.text(0)) }.compactMap(\.self))
        }
    }

    /// Checkouts of which Polar may know more than we do: not ended, or paid without an order; those first of which Polar
    /// was asked longest ago.
    ///
    /// - Parameter age: younger ones are left to the webhook, and so are those that were asked about within it.
    public func unsettledCheckouts(
        olderThan age: Duration, in environment: Environment, limit: Int, at now: Instant
    ) throws(StoreError) -> [Checkout.PolarID] {
        let latest = Value.integer(now.advanced(by: .zero - age).rawValue)
        // What was not settled in so long is for a person: `creditctl order` and Polar's dashboard.
        let earliest = Value.integer(now.advanced(by: .seconds(-30 * 86_400)).rawValue)
        return try read { connection throws(SQLiteError) in
            try connection.query(
                """
                SELECT polar_id FROM checkouts
                WHERE status IN ('open', 'confirmed', 'succeeded') AND polar_id IS NOT NULL AND environment = ?1
                  AND created_ms BETWEEN ?2 AND ?3 AND asked_ms <= ?3
                  AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.checkout_id = checkouts.polar_id)
                ORDER BY asked_ms, created_ms LIMIT ?4
                """,
                .text(environment.rawValue), earliest, latest, .integer(Int64(limit))
            ) { Checkout.PolarID($0.text(0)) }.compactMap(\.self)
        }
    }
}
