internal import Database

/// A correction by a named admin. The same key is applied once.
public struct Adjustment: Equatable, Sendable {
    public let user: UserID
    public let amount: Credits
    public let actor: String
    public let reason: String
    public let key: String

    /// The largest that one adjustment moves, either way: a slip of the hand stays far from where sums overflow.
    public static let largestAmount = Credits(rawValue: 1_000_000_000)

    public init(user: UserID, amount: Credits, actor: String, reason: String, key: String) {
        precondition(amount != .zero && (-Self.largestAmount...Self.largestAmount).contains(amount))
        precondition(!reason.isEmpty && !actor.isEmpty && !key.isEmpty)
        self.user = user
        self.amount = amount
        self.actor = actor
        self.reason = reason
        self.key = key
    }
}

public enum AdjustmentOutcome: Equatable, Sendable {
    case adjusted(LedgerEntry)
    /// The same was asked before, under the same key: the earlier entry stands.
    case repeated(LedgerEntry)
    /// The key stands for another adjustment.
    case keyReused(LedgerEntry)
    case belowZero(balance: Credits)
    case unknownUser
}

extension LedgerEntry {
    fileprivate func tells(of adjustment: Adjustment) -> Bool {
        user == adjustment.user && amount == adjustment.amount && actor == adjustment.actor
            && reason == adjustment.reason
    }
}

extension Ledger {
    /// The user's entries, newest first, older than the cursor.
    public func entries(
        of user: UserID, before cursor: Int64? = nil, limit: Int
    ) throws(StoreError) -> Page<LedgerEntry> {
        precondition((1...1000).contains(limit))
        let entries = try query(
            """
            SELECT \(Ledger.columns) FROM ledger_entry WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
            """,
            .text(user.text), .integer(cursor ?? .max), .integer(Int64(limit + 1)), decode: LedgerEntry.init)
        return Page(entries, limit: limit, cursor: \.id)
    }

    /// Gives or takes credits in the name of an admin, never below zero. The audit log tells of it in the same step.
    public func adjust(_ adjustment: Adjustment, at now: Instant) throws(StoreError) -> AdjustmentOutcome {
        try write { transaction throws(DatabaseError) in
            try Ledger.adjust(adjustment, at: now, in: transaction)
        }
    }

    public func adjust(
        _ adjustment: Adjustment, under keyed: Keyed<AdjustmentOutcome>?, at now: Instant
    ) throws(StoreError) -> Once<AdjustmentOutcome> {
        try once(keyed, at: now) { transaction throws(DatabaseError) in
            try Ledger.adjust(adjustment, at: now, in: transaction)
        }
    }

    static func adjust(
        _ adjustment: Adjustment, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> AdjustmentOutcome {
        guard try People.isKnown(adjustment.user, on: transaction.connection) else { return .unknownUser }
        let movement = Movement.adjustment(key: adjustment.key, actor: adjustment.actor, reason: adjustment.reason)
        if let earlier = try Ledger.entry(of: movement, for: adjustment.user, on: transaction.connection) {
            return earlier.tells(of: adjustment) ? .repeated(earlier) : .keyReused(earlier)
        }
        switch try Ledger.post(movement, of: adjustment.amount, to: adjustment.user, at: now, in: transaction) {
        case .posted(let entry):
            try AuditLog.add(
                actor: adjustment.actor, action: "user.adjust", subject: adjustment.user.text,
                old: String((entry.balanceAfter - entry.amount).rawValue), new: String(entry.balanceAfter.rawValue),
                at: now, in: transaction)
            return .adjusted(entry)
        case .alreadyPosted(let entry): return .repeated(entry)
        case .insufficientCredits(let balance): return .belowZero(balance: balance)
        }
    }
}
