/// One immutable movement of credits on one user.
///
/// Entries are only ever added. A mistake is corrected by a further entry, so the history keeps both.
///
/// Invariant: for each user, `balanceAfter` is the previous one plus `amount`, and never below zero.
public struct LedgerEntry: Equatable, Sendable {
    public let id: Int64
    public let user: UserID
    public let kind: Kind
    /// Signed as the user sees it: above zero adds credits, below zero takes them.
    public let amount: Credits
    public let balanceAfter: Credits
    public let order: Order.ID?
    public let generation: Generation.ID?
    public let actor: String?
    public let reason: String?
    public let createdAt: Instant

    /// Why credits moved. The raw value is stored: never rename one.
    public enum Kind: String, CaseIterable, Sendable {
        /// Given once, when a user is first seen.
        case trial
        /// Given for a paid order.
        case purchase
        /// Taken for a generation.
        case charge
        /// A charge given back because the generation failed.
        case refund
        /// A purchase taken back because its order was refunded.
        case clawback
        /// Debt paid from what came back: a purchase or a restoration, of the same order, or a refund, and then its order
        /// is one that left debt.
        case repayment
        /// A clawback undone because Polar's refund bounced.
        case restoration
        /// A correction by a named admin.
        case adjustment
    }
}

/// A business event that moves credits: everything about its entry but who, how many and when.
enum Movement {
    case trial
    case purchase(OrderStep)
    case clawback(OrderStep)
    case restoration(OrderStep)
    case repayment(OrderStep)
    /// Out of a charge that was given back; the order is one that left the debt.
    case repaymentOfRefund(Generation.ID, attempt: Int64, debtOf: Order.ID)
    case charge(Generation.ID, attempt: Int64)
    case refund(Generation.ID, attempt: Int64)
    case adjustment(key: String, actor: String, reason: String)

    /// An order on its way to a target, at a moment of Polar's.
    struct OrderStep {
        let order: Order.ID
        let target: Int64
        let clock: PolarClock
        /// Of what Polar said of a dispute; 0 without one.
        let dispute: PolarClock

        var key: String {
            "order:\(order.text):target:\(target):clock:\(clock.rawValue)"
                + (dispute.rawValue == 0 ? "" : ":dispute:\(dispute.rawValue)")
        }
    }

    var kind: LedgerEntry.Kind {
        switch self {
        case .trial: .trial
        case .purchase: .purchase
        case .clawback: .clawback
        case .restoration: .restoration
        case .repayment, .repaymentOfRefund: .repayment
        case .charge: .charge
        case .refund: .refund
        case .adjustment: .adjustment
        }
    }

    /// Names the event: a second entry with the same key is never written.
    func idempotencyKey(for user: UserID) -> String {
        switch self {
        case .trial: "trial:\(user.text)"
        case .purchase(let step), .clawback(let step), .restoration(let step): step.key
        case .repayment(let step): step.key + ":repayment"
        case .repaymentOfRefund(let generation, let attempt, _):
            "generation:\(generation.text):refund:\(attempt):repayment"
        case .charge(let generation, let attempt): "generation:\(generation.text):charge:\(attempt)"
        case .refund(let generation, let attempt): "generation:\(generation.text):refund:\(attempt)"
        case .adjustment(let key, _, _): "adjustment:\(key)"
        }
    }

    var order: Order.ID? {
        switch self {
        case .purchase(let step), .clawback(let step), .restoration(let step), .repayment(let step): step.order
        case .repaymentOfRefund(_, _, let order): order
        case .trial, .charge, .refund, .adjustment: nil
        }
    }

    var generation: Generation.ID? {
        switch self {
        case .charge(let generation, _), .refund(let generation, _): generation
        case .trial, .purchase, .clawback, .restoration, .repayment, .repaymentOfRefund, .adjustment: nil
        }
    }

    var actorAndReason: (actor: String, reason: String)? {
        guard case .adjustment(_, let actor, let reason) = self else { return nil }
        return (actor, reason)
    }
}
