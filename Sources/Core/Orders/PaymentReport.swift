internal import Database

/// One order as it was applied last.
public struct PaymentReport: Equatable, Sendable {
    public let order: Order.ID
    public let environment: Environment
    public let user: UserID?
    public let checkout: Checkout.PolarID?
    public let state: PaymentState
    public let reason: String?
    /// Polar's word, if it is one that we know.
    public let status: String?
    public let currency: String?
    /// Minor units of the currency.
    public let net: Int64?
    public let refunded: Int64?
    public let pack: Int64?
    public let target: Int64
    public let debt: Credits
    public let hasLostDispute: Bool
    public let clock: PolarClock
    public let createdAt: Instant
    public let updatedAt: Instant
    /// Who an admin said that it is for.
    public let assignedUser: UserID?
    /// Why an admin dismissed it.
    public let note: String?
}

extension PaymentReport {
    static let columns = """
        order_id, environment, user_id, checkout_id, state, reason, status, currency, net_cents, refunded_cents,
        pack_credits, target_credits, debt_credits, dispute_lost, clock_us, created_ms, updated_ms,
        assigned_user, note
        """

    init(_ row: borrowing Row) {
        self.init(
            order: row.value(0, Order.ID.init), environment: row.value(1, Environment.init),
            user: row.optional(2, UserID.init), checkout: row.optional(3, Checkout.PolarID.init),
            state: row.value(4, PaymentState.init), reason: row.optionalText(5), status: row.optionalText(6),
            currency: row.optionalText(7), net: row.optionalInteger(8), refunded: row.optionalInteger(9),
            pack: row.optionalInteger(10), target: row.integer(11), debt: Credits(rawValue: row.integer(12)),
            hasLostDispute: row.integer(13) == 1, clock: PolarClock(rawValue: row.integer(14)),
            createdAt: row.instant(15), updatedAt: row.instant(16), assignedUser: row.optional(17, UserID.init),
            note: row.optionalText(18))
    }
}
