internal import SQLite

/// A browser that is signed in.
public struct Session: Equatable, Sendable {
    public let profile: Profile
    public let expiresAt: Instant
}

extension Store {
    /// The key of the tokens in forms. It came with the schema and never changes: read it once.
    public func formTokenKey() throws(StoreError) -> FormTokenKey {
        let bytes = try read { connection throws(SQLiteError) in
            try connection.query("SELECT value FROM keys WHERE name = 'form_token'") { $0.blob(0) }.first
        }
        guard let bytes else { throw .unavailable("the key of the form tokens is gone") }
        return FormTokenKey(bytes: bytes)
    }

    /// Signs a browser in. A user who is new gets the trial credits in the same step; some sessions that are over go.
    ///
    /// - Parameter old: the session that the browser had until now ends.
    public func openSession(
        _ token: SessionToken, for profile: Profile, replacing old: SessionToken? = nil, at now: Instant
    ) throws(StoreError) {
        let hash = token.hash
        let oldHash = old?.hash
        try write { transaction throws(SQLiteError) in
            let connection = transaction.connection
            try Accounts.see(profile, at: now, in: transaction)
            if let oldHash { _ = try Sessions.delete(oldHash, in: transaction) }
            try Sessions.sweep(at: now, in: transaction)
            try connection.execute(
                """
                INSERT INTO sessions (token_hash, user_id, email, name, created_ms, expires_ms)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                .blob(hash.bytes), .text(profile.user.text), .optional(profile.email), .optional(profile.name),
                .integer(now.rawValue), .integer(now.advanced(by: SessionToken.lifetime).rawValue))
        }
    }

    /// The session of that token, unless it ended or is over.
    public func session(_ token: SessionToken, at now: Instant) throws(StoreError) -> Session? {
        let hash = token.hash
        return try read { connection throws(SQLiteError) in
            try connection.query(
                "SELECT user_id, email, name, expires_ms FROM sessions WHERE token_hash = ? AND expires_ms > ?",
                .blob(hash.bytes), .integer(now.rawValue), decode: Session.init
            ).first
        }
    }

    /// Ends a session for good.
    ///
    /// - Returns: whether there was one.
    public func closeSession(_ token: SessionToken) throws(StoreError) -> Bool {
        let hash = token.hash
        return try write { transaction throws(SQLiteError) in try Sessions.delete(hash, in: transaction) }
    }
}

/// The sessions table.
private enum Sessions {
    /// How many go at one login: a login does not pay for a year of them.
    static let sweepLimit: Int64 = 100

    static func delete(_ hash: SessionHash, in transaction: borrowing Transaction) throws(SQLiteError) -> Bool {
        try transaction.connection.execute("DELETE FROM sessions WHERE token_hash = ?", .blob(hash.bytes))
        return transaction.connection.changes == 1
    }

    static func sweep(at now: Instant, in transaction: borrowing Transaction) throws(SQLiteError) {
        try transaction.connection.execute(
            """
            DELETE FROM sessions WHERE token_hash IN
                (SELECT token_hash FROM sessions WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?)
            """,
            .integer(now.rawValue), .integer(sweepLimit))
    }
}

extension Session {
    fileprivate init(_ row: borrowing Row) {
        guard let user = UserID(row.text(0)) else {
            preconditionFailure("A session holds what no version of this program writes")
        }
        profile = Profile(user: user, email: row.optionalText(1), name: row.optionalText(2))
        expiresAt = Instant(rawValue: row.integer(3))
    }
}
