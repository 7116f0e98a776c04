internal import Database

/// What an admin did: who, what, old, new, when.
public struct AuditEntry: Equatable, Sendable {
    public let id: Int64
    public let actor: String
    /// Such as `settings.change`.
    public let action: String
    /// What it was done to: a user, an order, a delivery, `billing_settings`.
    public let subject: String
    public let old: String?
    public let new: String?
    public let createdAt: Instant
}

extension Admins {
    /// Newest first.
    ///
    /// - Parameter subject: only what was done to this; the settings' history is that of `billing_settings`.
    public func auditLog(
        of subject: String? = nil, after cursor: ListCursor? = nil, limit: Int
    ) throws(StoreError) -> Listing<AuditEntry> {
        try listing(Self.auditList(of: subject, after: cursor, limit: limit), decode: AuditEntry.init) {
            ListCursor(of: String($0.id))
        }
    }

    static func auditList(of subject: String?, after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        if let subject { conditions.add("subject = $1", .text(subject)) }
        if let cursor { conditions.add("id < $1", .integer(cursor.number)) }
        return ListQuery(
            "SELECT id, actor, action, subject, old, new, created_ms FROM audit_log", conditions, order: "id DESC",
            limit: limit)
    }
}

extension AuditEntry {
    init(_ row: borrowing Row) {
        self.init(
            id: row.integer(0), actor: row.text(1), action: row.text(2), subject: row.text(3), old: row.optionalText(4),
            new: row.optionalText(5), createdAt: row.instant(6))
    }
}

/// What admins did.
enum AuditLog {
    static func add(
        actor: String, action: String, subject: String, old: String?, new: String?, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try transaction.connection.execute(
            "INSERT INTO audit_log (actor, action, subject, old, new, created_ms) VALUES ($1, $2, $3, $4, $5, $6)",
            .text(actor), .text(action), .text(subject), .optional(old), .optional(new), .integer(now.rawValue))
    }
}
