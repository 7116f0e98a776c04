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

extension People {
    /// What is known of a user; `nil` for somebody never seen.
    ///
    /// - Parameter limit: how many payments and how many entries at most.
    public func report(on user: UserID, limit: Int, at now: Instant) throws(StoreError) -> UserReport? {
        precondition((1...1000).contains(limit))
        return try read { connection throws(DatabaseError) in
            guard let account = try People.find(user, at: now, on: connection) else { return nil }
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
