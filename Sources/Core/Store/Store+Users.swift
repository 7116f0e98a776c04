internal import Database

/// Everything about one user that an operator asks for.
public struct UserReport: Equatable, Sendable {
    public let account: Account
    public let email: String?
    public let name: String?
    /// The credits given at first sight, if there were any.
    public let trial: Credits
    /// Newest first.
    public let payments: [PaymentReport]
    /// Newest first.
    public let entries: [LedgerEntry]
}

/// One order as it was applied last.
public struct PaymentReport: Equatable, Sendable {
    public let order: Order.ID
    public let environment: Environment
    public let user: UserID?
    public let checkout: Checkout.PolarID?
    /// `applied`, `recorded`, `parked` or `dismissed`.
    public let state: String
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

extension Store {
    /// What is known of a user; `nil` for somebody never seen.
    ///
    /// - Parameter limit: how many payments and how many entries at most.
    public func report(on user: UserID, limit: Int, at now: Instant) throws(StoreError) -> UserReport? {
        precondition((1...1000).contains(limit))
        return try read { connection throws(DatabaseError) in
            guard let account = try Accounts.find(user, at: now, on: connection) else { return nil }
            let person = try connection.query("SELECT email, name FROM users WHERE id = $1", .text(user.text)) {
                (email: $0.optionalText(0), name: $0.optionalText(1))
            }[0]
            let trial = try connection.query(
                "SELECT amount FROM ledger_entry WHERE user_id = $1 AND kind = 'trial'", .text(user.text)
            ) { Credits(rawValue: $0.integer(0)) }.first
            let payments = try connection.query(
                """
                SELECT \(PaymentReport.columns) FROM payments WHERE user_id = $1 ORDER BY created_ms DESC, order_id DESC LIMIT $2
                """, .text(user.text), .integer(Int64(limit)), decode: PaymentReport.init)
            let entries = try connection.query(
                "SELECT \(Ledger.columns) FROM ledger_entry WHERE user_id = $1 ORDER BY id DESC LIMIT $2",
                .text(user.text), .integer(Int64(limit)), decode: LedgerEntry.init)
            return UserReport(
                account: account, email: person.email, name: person.name, trial: trial ?? .zero, payments: payments,
                entries: entries)
        }
    }
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
            checkout: row.optionalText(3).flatMap(Checkout.PolarID.init), state: row.text(4),
            reason: row.optionalText(5), status: row.optionalText(6), currency: row.optionalText(7),
            net: row.optionalInteger(8), refunded: row.optionalInteger(9), pack: row.optionalInteger(10),
            target: row.integer(11), debt: Credits(rawValue: row.integer(12)), hasLostDispute: row.integer(13) == 1,
            clock: PolarClock(rawValue: row.integer(14)), createdAt: Instant(rawValue: row.integer(15)),
            updatedAt: Instant(rawValue: row.integer(16)),
            assignedUser: row.optionalText(17).flatMap(UserID.init), note: row.optionalText(18))
    }
}
