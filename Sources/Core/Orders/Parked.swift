internal import Database

/// What became of an admin's word that an order is somebody's.
public enum AssignOutcome: Equatable, Sendable {
    case applied(OrderOutcome)
    /// The rules settled it, or another admin did.
    case notParked
    /// Something in it cannot be read, so that nothing could follow its money: an adjustment is the way.
    case notGrantable(ParkedReason)
    /// It moved credits of somebody before, and an order keeps its user.
    case belongsTo(UserID)
    case unknownOrder
    /// It was paid at Polar's other environment.
    case otherEnvironment
}

public enum DismissOutcome: Equatable, Sendable {
    case dismissed
    case notParked
    case unknownOrder
}

extension Orders {
    /// Says whose a parked order is, and applies it by the same rules as any other.
    ///
    /// - Parameter user: one never seen is created with the trial.
    public func assign(
        _ order: Order.ID, to user: UserID, by actor: String, in scope: OrderScope, at now: Instant
    ) throws(StoreError) -> AssignOutcome {
        try write { transaction throws(DatabaseError) in
            try Orders.assign(order, to: user, by: actor, in: scope, at: now, transaction: transaction)
        }
    }

    public func assign(
        _ order: Order.ID, to user: UserID, by actor: String, in scope: OrderScope,
        under keyed: Keyed<AssignOutcome>?, at now: Instant
    ) throws(StoreError) -> Once<AssignOutcome> {
        try once(keyed, at: now) { transaction throws(DatabaseError) in
            try Orders.assign(order, to: user, by: actor, in: scope, at: now, transaction: transaction)
        }
    }

    /// Closes a parked order without credits. A later refund or a further snapshot does not open it again.
    public func dismiss(
        _ order: Order.ID, reason: String, by actor: String, at now: Instant
    ) throws(StoreError) -> DismissOutcome {
        try write { transaction throws(DatabaseError) in
            try Orders.dismiss(order, reason: reason, by: actor, at: now, in: transaction)
        }
    }

    public func dismiss(
        _ order: Order.ID, reason: String, by actor: String, under keyed: Keyed<DismissOutcome>?, at now: Instant
    ) throws(StoreError) -> Once<DismissOutcome> {
        try once(keyed, at: now) { transaction throws(DatabaseError) in
            try Orders.dismiss(order, reason: reason, by: actor, at: now, in: transaction)
        }
    }
}

extension Orders {
    static func assign(
        _ order: Order.ID, to user: UserID, by actor: String, in scope: OrderScope, at now: Instant,
        transaction: borrowing Transaction
    ) throws(DatabaseError) -> AssignOutcome {
        let connection = transaction.connection
        guard var payment = try Payments.find(order, on: connection) else { return .unknownOrder }
        guard payment.environment == scope.environment else { return .otherEnvironment }
        let state = try Payments.state(of: order, on: connection)
        guard state == .parked || state == .dismissed else { return .notParked }
        if payment.hasEntries, let owner = payment.user, owner != user { return .belongsTo(owner) }

        let earlier = payment.assignedUser
        payment.assignedUser = user
        payment.isDismissed = false
        payment.note = nil
        let checkout = try checkout(of: payment.snapshot, on: connection)?.checkout
        if case .parked(let reason) = try decision(on: payment, checkout, scope, on: connection) {
            return .notGrantable(reason)
        }
        try People.see(Profile(user: user), on: .ordered, at: now, in: transaction)
        let outcome = try settle(payment, checkout, scope, at: now, in: transaction)
        try AuditLog.add(
            actor: actor, action: "order.assign", subject: order.text, old: earlier?.text ?? state?.rawValue,
            new: user.text,
            at: now, in: transaction)
        return .applied(outcome)
    }

    static func dismiss(
        _ order: Order.ID, reason: String, by actor: String, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> DismissOutcome {
        guard var payment = try Payments.find(order, on: transaction.connection) else { return .unknownOrder }
        guard try Payments.state(of: order, on: transaction.connection) == .parked else { return .notParked }
        payment.isDismissed = true
        payment.note = reason
        try Payments.save(payment, outcome: .recorded(.dismissed), at: now, in: transaction)
        try AuditLog.add(
            actor: actor, action: "order.dismiss", subject: order.text, old: PaymentState.parked.rawValue, new: reason,
            at: now,
            in: transaction)
        return .dismissed
    }

    static func note(
        _ dispute: DisputeNotice, in scope: OrderScope, at now: Instant, transaction: borrowing Transaction
    ) throws(DatabaseError) -> OrderOutcome? {
        let connection = transaction.connection
        guard var payment = try Payments.find(dispute.order, on: connection) else { return nil }
        guard payment.environment == scope.environment else { return .otherEnvironment }
        guard payment.dispute.isLost != dispute.isLost else { return .unchanged }
        guard dispute.clock > payment.dispute.clock else { return .stale }
        payment.dispute = Payment.Dispute(isLost: dispute.isLost, clock: dispute.clock)
        let checkout = try checkout(of: payment.snapshot, on: connection)?.checkout
        return try settle(payment, checkout, scope, at: now, in: transaction)
    }
}
