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
        guard let order = Order.ID(row.text(0)), let environment = Environment(rawValue: row.text(1)) else {
            preconditionFailure("A payment holds what no version of this program writes")
        }
        self.init(
            order: order, environment: environment, user: row.optionalText(2).flatMap(UserID.init),
            checkout: row.optionalText(3).flatMap(Checkout.PolarID.init), state: PaymentState(row, at: 4),
            reason: row.optionalText(5), status: row.optionalText(6), currency: row.optionalText(7),
            net: row.optionalInteger(8), refunded: row.optionalInteger(9), pack: row.optionalInteger(10),
            target: row.integer(11), debt: Credits(rawValue: row.integer(12)), hasLostDispute: row.integer(13) == 1,
            clock: PolarClock(rawValue: row.integer(14)), createdAt: Instant(rawValue: row.integer(15)),
            updatedAt: Instant(rawValue: row.integer(16)),
            assignedUser: row.optionalText(17).flatMap(UserID.init), note: row.optionalText(18))
    }
}
