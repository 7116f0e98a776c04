internal import Database

/// What became of a movement. Each case is an answer, not a failure.
enum PostingOutcome: Equatable {
    case posted(LedgerEntry)
    /// The same event was posted before: the earlier entry stands.
    case alreadyPosted(LedgerEntry)
    case insufficientCredits(balance: Credits)
}

/// What the store can be asked of the ledger.
public struct Ledger: Home {
    let store: Store

    static let columns = """
        id, user_id, kind, amount, balance_after, order_id, generation_id, actor, reason, created_ms
        """

    /// Appends one entry, unless its event was posted before or the balance cannot carry it.
    ///
    /// - Throws: also when the key stands for another movement: a bug, after which nothing may be written.
    static func post(
        _ movement: Movement, of amount: Credits, to user: UserID, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> PostingOutcome {
        precondition(amount != .zero, "An entry moves something")
        let connection = transaction.connection
        let key = movement.idempotencyKey(for: user)
        if let earlier = try entry(key: key, on: connection) {
            guard earlier.user == user, earlier.kind == movement.kind, earlier.amount == amount else {
                throw DatabaseError(brokenRule: "an idempotency key stands for another movement", at: key)
            }
            return .alreadyPosted(earlier)
        }
        let balance = try balance(of: user, on: connection)
        guard balance + amount >= .zero else { return .insufficientCredits(balance: balance) }

        let stated = movement.actorAndReason
        let rows = try connection.query(
            """
            INSERT INTO ledger_entry (user_id, kind, amount, balance_after, idempotency_key, order_id, generation_id,
                                      actor, reason, created_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING \(columns)
            """,
            .text(user.text), .text(movement.kind.rawValue), .integer(amount.rawValue),
            .integer((balance + amount).rawValue), .text(key), .optional(movement.order?.text),
            .optional(movement.generation?.text), .optional(stated?.actor), .optional(stated?.reason),
            .integer(now.rawValue), decode: LedgerEntry.init)
        let entry = rows[0]
        // The database takes no balance that is not the newest entry's.
        try connection.execute(
            "UPDATE users SET balance = $1 WHERE id = $2", .integer(entry.balanceAfter.rawValue), .text(user.text))
        try Sums.add(
            1, amount.rawValue, to: .ledger, entry.kind.rawValue, day: entry.createdAt.day, in: transaction)
        return .posted(entry)
    }

    /// The balance of a user who is known.
    static func balance(of user: UserID, on connection: Connection) throws(DatabaseError) -> Credits {
        try connection.query("SELECT balance FROM users WHERE id = $1", .text(user.text)) {
            Credits(rawValue: $0.integer(0))
        }.first ?? .zero
    }

    /// What was posted for that event already, if it was.
    static func entry(
        of movement: Movement, for user: UserID, on connection: Connection
    ) throws(DatabaseError) -> LedgerEntry? {
        try entry(key: movement.idempotencyKey(for: user), on: connection)
    }

    private static func entry(key: String, on connection: Connection) throws(DatabaseError) -> LedgerEntry? {
        try connection.query(
            "SELECT \(columns) FROM ledger_entry WHERE idempotency_key = $1", .text(key), decode: LedgerEntry.init
        ).first
    }
}

extension LedgerEntry {
    init(_ row: borrowing Row) {
        self.init(
            id: row.integer(0), user: row.value(1, UserID.init), kind: row.value(2, Kind.init),
            amount: Credits(rawValue: row.integer(3)),
            balanceAfter: Credits(rawValue: row.integer(4)), order: row.optional(5, Order.ID.init),
            generation: row.optional(6, Generation.ID.init), actor: row.optionalText(7),
            reason: row.optionalText(8), createdAt: row.instant(9))
    }
}
