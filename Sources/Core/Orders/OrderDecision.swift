/// What is sold now: for orders that no checkout of ours stands behind.
public struct Catalogue: Equatable, Sendable {
    public let product: Product.ID
    public let creditsPerPack: Int64
    /// Minor units, before discount.
    public let packPrice: Int64
    public let currency: String
}

/// What a checkout of ours promised when it was opened.
public struct PriceLock: Equatable, Sendable {
    public let product: Product.ID
    public let credits: Int64
    /// Minor units, for all packs together.
    public let amount: Int64
    public let currency: String
}

/// Why a paid order moves no credits until a person looks at it. The raw value is stored: never rename one.
public enum ParkedReason: String, Sendable, CaseIterable {
    case unknownUser = "unknown_user"
    case checkoutMismatch = "checkout_mismatch"
    case priceMismatch = "price_mismatch"
    case statusUnknown = "status_unknown"
    case statusDisagrees = "status_disagrees"
    case billingReason = "billing_reason"
    case seats
    case units
    case currency
    case amounts
    case nothingPaid = "nothing_paid"
}

/// Why an order is kept and nothing else. The raw value is stored: never rename one.
public enum RecordedReason: String, Sendable, CaseIterable {
    case foreignProduct = "foreign_product"
    case subscription
    case unpaid
    /// Refunded whole before it could be granted: nobody owes anybody anything.
    case settled
    case dismissed
}

/// What an order is worth in credits, by its state alone.
public enum OrderDecision: Equatable, Sendable {
    /// The order's entries should sum to `target`; it was sold for `pack` credits.
    case grant(target: Int64, pack: Int64)
    /// Not paid, or no longer: its entries should sum to nothing.
    case unpaid
    case parked(ParkedReason)
    case recorded(RecordedReason)

    /// - Parameters:
    ///   - lock: the checkout's promise, when the order's checkout is ours.
    ///   - earlierPack: what the order was sold for when it was applied first; a later price changes nothing.
    ///   - wasPaid: it was paid when it was seen last, so that a status that nobody knows does not take its credits.
    ///   - isAssigned: an admin has looked at it and said whose it is. Guards that only say that no rule fits give way;
    ///     what cannot be read cannot be followed.
    public init(
        _ order: OrderSnapshot, catalogue: Catalogue, lock: PriceLock?, earlierPack: Int64?, wasPaid: Bool,
        hasLostDispute: Bool, isAssigned: Bool
    ) {
        let isOurs = order.product == catalogue.product || lock != nil || earlierPack != nil || isAssigned
        guard isOurs else { self = .recorded(.foreignProduct); return }
        let past = Past(lock: lock, pack: earlierPack, hasLostDispute: hasLostDispute, isAssigned: isAssigned)
        guard !order.hasSubscription, order.billingReason?.hasPrefix("subscription") != true else {
            self = .recorded(.subscription)
            return
        }
        switch (order.status, order.isPaid) {
        case (nil, true): self = isAssigned ? Self.paid(order, catalogue, past) : .parked(.statusUnknown)
        case (nil, _): self = wasPaid ? .parked(.statusUnknown) : .unpaid
        case (.some(let status), let isPaid) where status.claimsPayment != (isPaid ?? false):
            self = isAssigned ? Self.paid(order, catalogue, past) : .parked(.statusDisagrees)
        case (.draft, _), (.pending, _), (.void, _): self = .unpaid
        case (.paid, _), (.refunded, _), (.partiallyRefunded, _): self = Self.paid(order, catalogue, past)
        }
    }

    /// What is known of the order beside its snapshot.
    private struct Past {
        let lock: PriceLock?
        let pack: Int64?
        let hasLostDispute: Bool
        let isAssigned: Bool
    }

    private static func paid(_ order: OrderSnapshot, _ catalogue: Catalogue, _ past: Past) -> OrderDecision {
        guard past.isAssigned || order.billingReason == "purchase" else { return .parked(.billingReason) }
        guard past.isAssigned || !order.hasSeats else { return .parked(.seats) }
        guard let amounts = order.amounts else { return .parked(.amounts) }
        guard past.isAssigned || order.currency == past.lock?.currency ?? catalogue.currency else {
            return .parked(.currency)
        }
        guard past.isAssigned || amounts.net > 0 else { return .parked(.nothingPaid) }

        let sold: Int64
        switch pack(of: order, amounts, catalogue, past) {
        case .worth(let credits): sold = past.pack ?? credits
        case .parked(let reason): return .parked(reason)
        }
        guard !past.hasLostDispute, order.status != .refunded else { return .grant(target: 0, pack: sold) }
        guard amounts.refunded == 0 || amounts.base > 0 else { return .parked(.amounts) }
        return .grant(target: sold - clawback(of: sold, refunded: amounts.refunded, base: amounts.base), pack: sold)
    }

    private enum Pack { case worth(Int64), parked(ParkedReason) }

    /// What our checkout promised at its price, or else so many packs of the catalogue at theirs. Discounts are Polar's: the
    /// subtotal is what stands before them.
    private static func pack(
        of order: OrderSnapshot, _ amounts: OrderSnapshot.Amounts, _ catalogue: Catalogue, _ past: Past
    ) -> Pack {
        if let lock = past.lock {
            let isAsPromised = order.product == lock.product && amounts.subtotal == lock.amount
            return isAsPromised || past.isAssigned ? .worth(lock.credits) : .parked(.checkoutMismatch)
        }
        let units: Int64
        switch order.units {
        case .absent: units = 1
        case .count(let count) where (1...1_000_000).contains(count): units = count
        case .count, .unreadable: return .parked(.units)
        }
        // Once it is decided what was sold, today's price has no say in it.
        let isAtPrice = amounts.subtotal == catalogue.packPrice * units
        guard isAtPrice || past.pack != nil || past.isAssigned else { return .parked(.priceMismatch) }
        return .worth(catalogue.creditsPerPack * units)
    }

    /// The share of the credits that goes with the money, rounded up: `ceil(pack · min(refunded, base) / base)`.
    private static func clawback(of pack: Int64, refunded: Int64, base: Int64) -> Int64 {
        guard refunded > 0 else { return 0 }
        let product = pack.multipliedFullWidth(by: min(refunded, base))
        let (quotient, remainder) = base.dividingFullWidth(product)
        return quotient + (remainder > 0 ? 1 : 0)
    }
}
