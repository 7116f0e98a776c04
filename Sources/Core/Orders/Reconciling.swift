internal import Database

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

/// What became of one order that Polar's API told of.
public struct Reconciled: Equatable, Sendable {
    public let order: Order.ID
    /// How it stood here before.
    public let standing: OrderStanding
    public let outcome: OrderOutcome
}

extension Orders {
    /// Brings a page of orders to what Polar says of them, all in one transaction. Those that stand so are left out.
    ///
    /// What no rule could grant is decided anew, for the settings may have been wrong when it came. Where that changes
    /// nothing, nothing is written.
    ///
    /// - Parameter isDryRun: nothing of it stays.
    public func reconcile(
        _ orders: [OrderSnapshot], in scope: OrderScope, isDryRun: Bool, at now: Instant
    ) throws(StoreError) -> [Reconciled] {
        let news = try read { connection throws(DatabaseError) in
            var news: [OrderSnapshot] = []
            for order in orders where try Orders.standing(of: order, on: connection).likeness != .settled {
                news.append(order)
            }
            return news
        }
        guard !news.isEmpty else { return [] }
        return try write(isDryRun: isDryRun) { transaction throws(DatabaseError) in
            var done: [Reconciled] = []
            for order in news {
                let standing = try Orders.standing(of: order, on: transaction.connection)
                guard standing.likeness != .settled else { continue }
                var outcome = try Orders.apply(order, in: scope, at: now, in: transaction)
                if outcome == .stale, standing.likeness == .same {
                    // A webhook told the same, and with the settings of then nothing came of it.
                    outcome = try Orders.reconsider(order.id, in: scope, at: now, in: transaction) ?? outcome
                }
                done.append(Reconciled(order: order.id, standing: standing, outcome: outcome))
            }
            return done
        }
    }

    /// How the order stands here; `nil` if it is not known.
    public func standing(of order: Order.ID) throws(StoreError) -> OrderStanding? {
        try read { connection throws(DatabaseError) in
            try Payments.find(order, on: connection).map {
                OrderStanding(likeness: .different, target: $0.target, user: $0.user)
            }
        }
    }

    /// The orders of these refunds that do not stand here yet as they do at Polar, as far as the refunds tell.
    ///
    /// A refund changes its order, so an order that is newer than its refund has it already. While it is pending it
    /// changes nothing.
    public func behind(_ refunds: [RefundNotice]) throws(StoreError) -> [Order.ID] {
        try read { connection throws(DatabaseError) in
            var behind: [Order.ID] = []
            for refund in refunds where refund.state != .pending && !behind.contains(refund.order) {
                let isHere =
                    try connection.query(
                        "SELECT 1 FROM payments WHERE order_id = $1 AND clock_us > $2 AND (refunded_cents > 0 OR $3 = 1)",
                        .text(refund.order.text), .integer(refund.clock.rawValue),
                        .integer(refund.state == .succeeded ? 0 : 1)
                    ) { $0.integer(0) }.isEmpty == false
                if !isHere { behind.append(refund.order) }
            }
            return behind
        }
    }

    /// Notes what Polar says of the disputes over an order: a lost one takes its credits back, all of them.
    ///
    /// Polar sends no event for that, so it is asked. A word older than the last one changes nothing.
    ///
    /// - Parameter isDryRun: nothing of it stays.
    /// - Returns: `nil` if the order is not known here.
    public func note(
        _ dispute: DisputeNotice, in scope: OrderScope, isDryRun: Bool, at now: Instant
    ) throws(StoreError) -> OrderOutcome? {
        try write(isDryRun: isDryRun) { transaction throws(DatabaseError) in
            try Orders.note(dispute, in: scope, at: now, transaction: transaction)
        }
    }

    /// A dry run does it and takes it back, within one transaction.
    private func write<Result: Sendable>(
        isDryRun: Bool, _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(StoreError) -> Result {
        guard isDryRun else { return try write(body) }
        return try write { transaction throws(DatabaseError) in
            // If the body throws, the change that it stands in is taken back as a whole.
            try transaction.connection.execute("SAVEPOINT rehearsal")
            let result = try body(transaction)
            try transaction.connection.execute("ROLLBACK TO rehearsal")
            try transaction.connection.execute("RELEASE rehearsal")
            return result
        }
    }

    /// Orders of ours that were refunded, as far as is known here, and changed since then; the newest change first. A refund
    /// that bounces later disappears from Polar's list of refunds.
    public func refunded(since: Instant, in environment: Environment) throws(StoreError) -> [Order.ID] {
        try query(
            """
            SELECT order_id FROM payments WHERE refunded_cents > 0 AND updated_ms >= $1 AND environment = $2
              AND reason IS DISTINCT FROM $3
            ORDER BY updated_ms DESC
            """,
            .integer(since.rawValue), .text(environment.rawValue),
            .text(RecordedReason.foreignProduct.rawValue)
        ) { Order.ID($0.text(0)) }.compactMap(\.self)
    }

    /// Orders whose lost dispute is on record.
    public func lostDisputes(in environment: Environment) throws(StoreError) -> Set<Order.ID> {
        try read { connection throws(DatabaseError) in
            Set(
                try connection.query(
                    "SELECT order_id FROM payments WHERE dispute_lost = 1 AND environment = $1",
                    .text(environment.rawValue)
                ) { Order.ID($0.text(0)) }.compactMap(\.self))
        }
    }
}

extension Orders {
    /// Whether the order stands here as the snapshot has it, and its checkout as it does.
    fileprivate static func standing(
        of order: OrderSnapshot, on connection: Connection
    ) throws(DatabaseError) -> OrderStanding {
        guard let payment = try Payments.find(order.id, on: connection) else {
            return OrderStanding(likeness: .unknown, target: 0, user: nil)
        }
        let isSettled = try Payments.isSettled(order.id, on: connection)
        let likeness: OrderStanding.Likeness =
            payment.snapshot.json != order.json ? .different : isSettled ? .settled : .same
        return OrderStanding(likeness: likeness, target: payment.target, user: payment.user)
    }

    /// Decides anew over an order as it stands here.
    ///
    /// - Returns: `nil` if it is not known.
    fileprivate static func reconsider(
        _ order: Order.ID, in scope: OrderScope, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> OrderOutcome? {
        guard let payment = try Payments.find(order, on: transaction.connection) else { return nil }
        guard payment.environment == scope.environment else { return .otherEnvironment }
        let checkout = try checkout(of: payment.snapshot, on: transaction.connection)?.checkout
        return try settle(payment, checkout, scope, at: now, in: transaction)
    }
}
