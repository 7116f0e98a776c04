internal import Database

/// Who may use the admin pages in one state of the database, and who was ever forgotten in it. An older state that is put in
/// its place brings none of the others back.
public struct Revocations: Equatable, Sendable {
    let admins: [UserID]
    let forgotten: [Forgetting]

    struct Forgetting: Hashable, Sendable {
        let user: UserID
        let at: Instant
    }
}

/// What became of a copy before it was put in place.
public struct Settled: Equatable, Sendable {
    public let endedLeases: Int64
    /// Admins of the copy who were revoked since.
    public let revokedAdmins: [UserID]
    /// Users of the copy who were forgotten since, and are now.
    public let forgottenUsers: [UserID]
    /// Who may use the admin pages now.
    public let admins: [UserID]
    /// Admins of the newer state, who are none now.
    public let newerAdmins: [UserID]
}

extension Revocations {
    static func admins(on connection: Connection) throws(DatabaseError) -> [UserID] {
        try connection.query("SELECT user_id FROM admins ORDER BY user_id") { UserID($0.text(0)) }.compactMap(\.self)
    }

    static func forgotten(on connection: Connection) throws(DatabaseError) -> [Forgetting] {
        try connection.query("SELECT subject, created_ms FROM audit_log WHERE action = 'user.forget' ORDER BY id") {
            row in
            UserID(row.text(0)).map { Forgetting(user: $0, at: row.instant(1)) }
        }.compactMap(\.self)
    }

    /// Even the last one: `creditctl admin grant` makes another.
    func revoke(at now: Instant, in transaction: borrowing Transaction) throws(DatabaseError) -> [UserID] {
        let kept = Set(admins)
        let revoked = try Self.admins(on: transaction.connection).filter { !kept.contains($0) }
        for user in revoked {
            try transaction.connection.execute("DELETE FROM admins WHERE user_id = $1", .text(user.text))
            try AuditLog.add(
                actor: "restore", action: "admin.revoke", subject: user.text, old: "admin", new: nil, at: now,
                in: transaction)
        }
        return revoked
    }

    func forget(at now: Instant, in transaction: borrowing Transaction) throws(DatabaseError) -> [UserID] {
        let known = Set(try Self.forgotten(on: transaction.connection))
        let since = Set(forgotten.filter { !known.contains($0) }.map(\.user)).sorted { $0.text < $1.text }
        var gone: [UserID] = []
        for user in since where try Person.forgetAll(of: user, by: "restore", at: now, in: transaction) != nil {
            gone.append(user)
        }
        return gone
    }
}
