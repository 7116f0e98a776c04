internal import Database

/// For which Polar, and for which product of it, orders count.
public struct OrderScope: Equatable, Sendable {
    public let environment: Environment
    public let product: Product.ID

    public init(environment: Environment, product: Product.ID) {
        self.environment = environment
        self.product = product
    }
}

/// What the store can be asked of orders.
public struct Orders: Home {
    let store: Store

    /// Brings the credits of one order to what the snapshot says. Applying it again changes nothing.
    ///
    /// The one way for everything that learns of an order: webhook, replay, reconcile, return page, CLI.
    public func apply(
        _ order: OrderSnapshot, in scope: OrderScope, at now: Instant
    ) throws(StoreError) -> OrderOutcome {
        try write { transaction throws(DatabaseError) in
            try Orders.apply(order, in: scope, at: now, in: transaction)
        }
    }
}

/// How a snapshot becomes entries: decide by state, compare with what was posted, post the difference.
extension Orders {
    static func apply(
        _ order: OrderSnapshot, in scope: OrderScope, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> OrderOutcome {
        let connection = transaction.connection
        let earlier = try Payments.find(order.id, on: connection)
        let checkout = try checkout(of: order, on: connection)
        guard earlier?.environment ?? scope.environment == scope.environment,
            checkout?.environment ?? scope.environment == scope.environment
        else { return .otherEnvironment }
        if order.saysPaid, let checkout = order.checkout {
            try Checkouts.settle(checkout, in: scope.environment, transaction: transaction)
        }
        if let earlier, order.isOlder(than: earlier.snapshot) { return .stale }
        let payment = Payment(order, earlier: earlier, environment: scope.environment)
        return try settle(payment, checkout?.checkout, scope, at: now, in: transaction)
    }

    static func checkout(
        of order: OrderSnapshot, on connection: Connection
    ) throws(DatabaseError) -> Checkouts.Found? {
        guard let id = order.checkout else { return nil }
        return try Checkouts.find(id, on: connection)
    }

    static func decision(
        on payment: Payment, _ checkout: Checkout?, _ scope: OrderScope, on connection: Connection
    ) throws(DatabaseError) -> OrderDecision {
        let settings = try BillingSettings.current(on: connection)
        return OrderDecision(
            payment.snapshot,
            catalogue: Catalogue(
                product: scope.product, creditsPerPack: settings.creditsPerPack, packPrice: settings.packPriceCents,
                currency: settings.currency),
            lock: checkout?.lock ?? promised(payment.snapshot, scope, settings), earlierPack: payment.pack,
            wasPaid: payment.wasPaid, hasLostDispute: payment.dispute.isLost, isAssigned: payment.assignedUser != nil)
    }

    /// The promise of a checkout of ours whose row is gone: it was opened after the backup that was restored.
    private static func promised(
        _ order: OrderSnapshot, _ scope: OrderScope, _ settings: BillingSettings
    ) -> PriceLock? {
        guard order.checkout != nil, order.product == scope.product, let promise = order.promise else { return nil }
        return PriceLock(
            product: scope.product, credits: promise.credits, amount: promise.amount, currency: settings.currency)
    }

    /// Decides anew, posts the difference and keeps what was decided.
    static func settle(
        _ payment: Payment, _ checkout: Checkout?, _ scope: OrderScope, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> OrderOutcome {
        var payment = payment
        let decision = try decision(on: payment, checkout, scope, on: transaction.connection)
        let evidence = Evidence(order: payment.snapshot, earlier: payment.owner, checkout: checkout?.user)
        let outcome = try settle(decision, evidence, &payment, at: now, in: transaction)
        try Payments.save(payment, outcome: outcome, at: now, in: transaction)
        return outcome
    }

    private static func settle(
        _ decision: OrderDecision, _ evidence: Evidence, _ payment: inout Payment, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> OrderOutcome {
        // The user first, so that a person who paid is known even where nothing can be granted yet.
        switch decision {
        case .grant, .parked:
            if let user = evidence.user, try !People.isKnown(user, on: transaction.connection) {
                try People.see(Profile(user: user), on: .ordered, at: now, in: transaction)
            }
            payment.user = evidence.user
        case .unpaid, .recorded: break
        }
        switch decision {
        case .recorded(let reason): return .recorded(payment.isDismissed ? .dismissed : reason)
        case .parked where payment.snapshot.status == .refunded && !payment.hasEntries: return .recorded(.settled)
        case .parked(let reason): return payment.isDismissed ? .recorded(.dismissed) : .parked(reason)
        case .unpaid:
            guard let user = payment.user, payment.hasEntries else { return .recorded(.unpaid) }
            return try move(to: 0, user, evidence, &payment, at: now, in: transaction)
        case .grant(let target, let pack):
            payment.pack = pack
            // What moved credits before keeps following its money.
            if payment.isDismissed && !payment.hasEntries { return .recorded(.dismissed) }
            guard let user = payment.user else { return target == 0 ? .recorded(.settled) : .parked(.unknownUser) }
            return try move(to: target, user, evidence, &payment, at: now, in: transaction)
        }
    }

    /// Posts the difference between what the order's entries sum to and what they should.
    private static func move(
        to target: Int64, _ user: UserID, _ evidence: Evidence, _ payment: inout Payment, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> OrderOutcome {
        let difference = target - payment.target
        payment.target = target
        guard difference != 0 else { return .unchanged }
        let step = Movement.OrderStep(
            order: payment.snapshot.id, target: target, clock: payment.snapshot.clock,
            dispute: payment.dispute.clock)
        let (entries, debt) =
            if difference < 0 {
                try takeBack(-difference, step, from: user, &payment, at: now, in: transaction)
            } else if try Payments.wasGranted(payment.snapshot.id, on: transaction.connection) {
                try restore(difference, step, to: user, &payment, at: now, in: transaction)
            } else {
                try grant(difference, step, to: user, at: now, in: transaction)
            }
        try Debts.change(by: debt, of: user, in: transaction)
        return .applied(
            OrderChange(user: user, entries: entries, debt: debt, evidenceDisagrees: evidence.disagrees))
    }

    /// The whole purchase, and then what is owed out of it.
    private static func grant(
        _ credits: Int64, _ step: Movement.OrderStep, to user: UserID, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> (entries: [LedgerEntry], debt: Credits) {
        let debt = try Debts.owed(by: user, on: transaction.connection)
        let purchase = try post(.purchase(step), of: Credits(rawValue: credits), to: user, at: now, in: transaction)
        let repayment = try repay(min(credits, debt.rawValue), step, by: user, at: now, in: transaction)
        return ([purchase] + repayment.entries, repayment.debt)
    }

    private static func repay(
        _ credits: Int64, _ step: Movement.OrderStep, by user: UserID, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> (entries: [LedgerEntry], debt: Credits) {
        guard credits > 0 else { return ([], .zero) }
        let amount = Credits(rawValue: -credits)
        return ([try post(.repayment(step), of: amount, to: user, at: now, in: transaction)], amount)
    }

    /// As much as is there; the rest was spent and becomes debt.
    private static func takeBack(
        _ credits: Int64, _ step: Movement.OrderStep, from user: UserID, _ payment: inout Payment, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> (entries: [LedgerEntry], debt: Credits) {
        let balance = try Ledger.balance(of: user, on: transaction.connection)
        let taken = Credits(rawValue: min(credits, balance.rawValue))
        let missing = Credits(rawValue: credits) - taken
        payment.debt = payment.debt + missing
        guard taken > .zero else { return ([], missing) }
        return ([try post(.clawback(step), of: -taken, to: user, at: now, in: transaction)], missing)
    }

    /// First the debt that this order left, as far as it is still owed, then credits, and out of them what else is owed.
    private static func restore(
        _ credits: Int64, _ step: Movement.OrderStep, to user: UserID, _ payment: inout Payment, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> (entries: [LedgerEntry], debt: Credits) {
        let owed = try Debts.owed(by: user, on: transaction.connection)
        let forgiven = Credits(rawValue: min(credits, owed.rawValue, payment.debt.rawValue))
        let restored = Credits(rawValue: credits) - forgiven
        payment.debt = payment.debt - forgiven
        guard restored > .zero else { return ([], -forgiven) }
        let restoration = try post(.restoration(step), of: restored, to: user, at: now, in: transaction)
        let repayment = try repay(
            min(restored.rawValue, (owed - forgiven).rawValue), step, by: user, at: now, in: transaction)
        return ([restoration] + repayment.entries, repayment.debt - forgiven)
    }

    private static func post(
        _ movement: Movement, of amount: Credits, to user: UserID, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> LedgerEntry {
        let step = movement.idempotencyKey(for: user)
        switch try Ledger.post(movement, of: amount, to: user, at: now, in: transaction) {
        case .posted(let entry): return entry
        // Target and clock name the step, and the payment moves on with it: neither can happen to a sound database.
        case .alreadyPosted:
            throw DatabaseError(brokenRule: "an entry stands without its payment", at: step)
        case .insufficientCredits:
            throw DatabaseError(brokenRule: "an order took more than there was", at: step)
        }
    }
}

/// Whose order it is. The strongest evidence wins; the e-mail address is none.
struct Evidence: Equatable {
    let user: UserID?
    let disagrees: Bool

    /// - Parameters:
    ///   - earlier: who the order was applied to before, or assigned to by an admin.
    ///   - checkout: who opened our checkout.
    init(order: OrderSnapshot, earlier: UserID?, checkout: UserID?) {
        let all = [earlier, checkout, order.metadataUser, order.externalUser].compactMap(\.self)
        user = all.first
        disagrees = Set(all).count > 1
    }
}

/// What was taken back but already spent: a column of its own, never a negative balance.
enum Debts {
    static func owed(by user: UserID, on connection: Connection) throws(DatabaseError) -> Credits {
        try connection.query("SELECT debt FROM users WHERE id = $1", .text(user.text)) {
            Credits(rawValue: $0.integer(0))
        }.first ?? .zero
    }

    /// The newest order that left debt, if something is owed.
    static func order(of user: UserID, on connection: Connection) throws(DatabaseError) -> Order.ID? {
        guard try owed(by: user, on: connection) > .zero else { return nil }
        let orders = try connection.query(
            "SELECT order_id FROM payments WHERE user_id = $1 AND debt_credits > 0 ORDER BY created_ms DESC LIMIT 1",
            .text(user.text)
        ) { Order.ID($0.text(0)) }
        guard let order = orders.first ?? nil else {
            throw DatabaseError(brokenRule: "a debt was left by an order", at: user.text)
        }
        return order
    }

    static func change(
        by difference: Credits, of user: UserID, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        guard difference != .zero else { return }
        try transaction.connection.execute(
            "UPDATE users SET debt = debt + $1 WHERE id = $2", .integer(difference.rawValue), .text(user.text))
    }
}
