internal import Database

/// Somebody who may use the admin pages.
public struct Admin: Equatable, Sendable {
    public let user: UserID
    public let grantedAt: Instant
    public let grantedBy: String
}

public enum GrantAdminOutcome: Equatable, Sendable {
    case granted
    case alreadyAdmin
}

public enum RevokeAdminOutcome: Equatable, Sendable {
    case revoked
    case notAdmin
    /// Without an admin nobody could make one but by `creditctl`.
    case lastAdmin
}

/// What the store can be asked of admins.
public struct Admins: Home {
    let store: Store

    /// The admins, oldest first.
    public func all() throws(StoreError) -> [Admin] {
        try query(
            "SELECT user_id, granted_ms, granted_by FROM admins ORDER BY granted_ms, user_id", decode: Admin.init)
    }

    /// A page of them, oldest first.
    public func list(after cursor: ListCursor?, limit: Int) throws(StoreError) -> Listing<Admin> {
        var conditions = Conditions()
        if let cursor {
            conditions.add("(granted_ms, user_id) > ($1, $2)", .integer(cursor.number), .text(cursor.tie))
        }
        let query = ListQuery(
            "SELECT user_id, granted_ms, granted_by FROM admins", conditions, order: "granted_ms, user_id", limit: limit
        )
        return try listing(query, decode: Admin.init) { ListCursor($0.grantedAt, $0.user.text) }
    }

    public func find(_ user: UserID) throws(StoreError) -> Admin? {
        try query(
            "SELECT user_id, granted_ms, granted_by FROM admins WHERE user_id = $1", .text(user.text),
            decode: Admin.init
        ).first
    }

    public func contains(_ user: UserID) throws(StoreError) -> Bool {
        try read { connection throws(DatabaseError) in try Admins.contains(user, on: connection) }
    }

    /// Makes an admin of somebody, who need not have been seen before.
    public func grant(
        to user: UserID, by actor: String, at now: Instant
    ) throws(StoreError) -> GrantAdminOutcome {
        try write { transaction throws(DatabaseError) in
            try transaction.connection.execute(
                "INSERT INTO admins VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                .text(user.text), .integer(now.rawValue), .text(actor))
            guard transaction.connection.changes == 1 else { return .alreadyAdmin }
            try AuditLog.add(
                actor: actor, action: "admin.grant", subject: user.text, old: nil, new: "admin", at: now,
                in: transaction)
            return .granted
        }
    }

    /// Never takes the last admin away. With the rights go the sessions: whatever was open in a browser is over.
    public func revoke(
        from user: UserID, by actor: String, at now: Instant
    ) throws(StoreError) -> RevokeAdminOutcome {
        try write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            guard try Admins.contains(user, on: connection) else { return .notAdmin }
            guard try Admins.count(on: connection) > 1 else { return .lastAdmin }
            try connection.execute("DELETE FROM admins WHERE user_id = $1", .text(user.text))
            _ = try Sessions.deleteAll(of: user, in: transaction)
            try AuditLog.add(
                actor: actor, action: "admin.revoke", subject: user.text, old: "admin", new: nil, at: now,
                in: transaction)
            return .revoked
        }
    }
}

/// The admins table.
extension Admins {
    static func contains(_ user: UserID, on connection: Connection) throws(DatabaseError) -> Bool {
        try connection.query("SELECT 1 FROM admins WHERE user_id = $1", .text(user.text)) { $0.integer(0) }
            .isEmpty == false
    }

    static func count(on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer("SELECT count(*) FROM admins")
    }
}

extension Admin {
    init(_ row: borrowing Row) {
        self.init(user: row.value(0, UserID.init), grantedAt: row.instant(1), grantedBy: row.text(2))
    }
}
