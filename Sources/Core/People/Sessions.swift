private import Crypto
internal import Database

/// What the store can be asked of browsers that are signed in.
public struct Sessions: Home {
    let store: Store

    /// The key of the tokens in forms. It came with the schema and never changes: read it once.
    public func formTokenKey() throws(StoreError) -> FormTokenKey {
        let bytes = try query("SELECT value FROM keys WHERE name = 'form_token'") { $0.blob(0) }.first
        guard let bytes else { throw .unavailable("the key of the form tokens is gone") }
        return FormTokenKey(bytes: bytes)
    }

    /// Signs a browser in. A user who is new gets the trial credits in the same step; some sessions that are over go, and
    /// the oldest of a user who has too many.
    ///
    /// - Parameter old: the session that the browser had until now ends.
    public func open(
        _ token: SessionToken, _ new: NewSession, replacing old: SessionToken? = nil, at now: Instant
    ) throws(StoreError) {
        let hash = token.hash
        let oldHash = old?.hash
        try write { transaction throws(DatabaseError) in
            try People.see(new.profile, on: .signedIn(daily: store.trialsADay), at: now, in: transaction)
            if let oldHash { _ = try Sessions.delete(oldHash, in: transaction) }
            try Sessions.sweep(at: now, in: transaction)
            try Sessions.insert(hash, new, at: now, in: transaction)
            try Sessions.trim(of: new.profile.user, in: transaction)
        }
    }

    /// The session of that token, unless it ended or is over.
    public func find(_ token: SessionToken, at now: Instant) throws(StoreError) -> Session? {
        let hash = token.hash
        return try query(
            """
            SELECT user_id, email, name, email_verified, created_ms, used_ms, admin_used_ms, expires_ms
            FROM sessions WHERE token_hash = $1 AND expires_ms > $2
            """, .blob(hash.bytes), .integer(now.rawValue), decode: Session.init
        ).first { $0.isGood(for: .site, at: now) }
    }

    /// Notes when sessions were used. Those that ended meanwhile stay away.
    public func note(_ uses: [SessionUse]) throws(StoreError) {
        guard !uses.isEmpty else { return }
        try write { transaction throws(DatabaseError) in
            for use in uses { try Sessions.note(use, in: transaction) }
        }
    }

    /// Ends a session for good.
    ///
    /// - Returns: whether there was one.
    public func close(_ token: SessionToken) throws(StoreError) -> Bool {
        let hash = token.hash
        return try write { transaction throws(DatabaseError) in try Sessions.delete(hash, in: transaction) }
    }

    /// The user's sessions, newest first.
    public func list(of user: UserID, at now: Instant) throws(StoreError) -> [SessionSummary] {
        try query(
            """
            SELECT token_hash, agent, network, created_ms, used_ms, expires_ms FROM sessions
            WHERE user_id = $1 AND expires_ms > $2 ORDER BY created_ms DESC LIMIT \(Sessions.most)
            """, .text(user.text), .integer(now.rawValue), decode: SessionSummary.init
        ).filter { Session.isOfThisClock($0.createdAt, at: now) }
    }

    /// Ends the session of that name, if it is the user's.
    ///
    /// - Parameter actor: who else wants it so, for the audit log; `nil`: the user.
    /// - Returns: whether there was one.
    public func end(
        named name: String, of user: UserID, by actor: String? = nil, at now: Instant
    ) throws(StoreError) -> Bool {
        try write { transaction throws(DatabaseError) in
            let hashes = try transaction.connection.query(
                "SELECT token_hash FROM sessions WHERE user_id = $1", .text(user.text)
            ) { SessionHash(bytes: $0.blob(0)) }
            guard let hash = hashes.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else { return false }
            if let actor {
                try AuditLog.add(
                    actor: actor, action: "session.end", subject: user.text, old: hash.name, new: nil, at: now,
                    in: transaction)
            }
            return try Sessions.delete(hash, in: transaction)
        }
    }

    /// Ends every session of the user.
    ///
    /// - Parameter actor: who else wants it so, for the audit log; `nil`: the user.
    /// - Returns: how many there were.
    public func endAll(of user: UserID, by actor: String? = nil, at now: Instant) throws(StoreError) -> Int {
        try write { transaction throws(DatabaseError) in
            let count = try Sessions.deleteAll(of: user, in: transaction)
            if let actor, count > 0 {
                try AuditLog.add(
                    actor: actor, action: "session.end", subject: user.text, old: "\(count) sessions", new: nil,
                    at: now, in: transaction)
            }
            return count
        }
    }
}

/// What came of the issuer's word that somebody is signed out.
public enum LogoutOutcome: Equatable, Sendable {
    /// So many sessions ended.
    case ended(Int)
    /// The same token came before.
    case repeated
}

extension Sessions {
    /// Ends the sessions that the issuer's logout token names.
    public func logOut(_ logout: Logout, at now: Instant) throws(StoreError) -> LogoutOutcome {
        let id = sha256(Array(logout.id.utf8))
        return try write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            try connection.execute(
                """
                DELETE FROM logout_tokens WHERE id_hash IN
                    (SELECT id_hash FROM logout_tokens WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT 100)
                """, .integer(now.rawValue))
            try connection.execute(
                "INSERT INTO logout_tokens VALUES ($1, $2) ON CONFLICT DO NOTHING", .blob(id),
                .integer(logout.goodUntil.rawValue))
            guard connection.changes == 1 else { return .repeated }
            return .ended(try Sessions.delete(of: logout.whose, in: transaction))
        }
    }

    /// When a token of the issuer last said whether an address is verified.
    public func emailClaimSeen(from issuer: String) throws(StoreError) -> Instant? {
        try query("SELECT seen_ms FROM email_claims WHERE issuer = $1", .text(issuer)) {
            $0.instant(0)
        }.first
    }

    public func noteEmailClaim(from issuer: String, at now: Instant) throws(StoreError) {
        try write { transaction throws(DatabaseError) in
            try transaction.connection.execute(
                "INSERT INTO email_claims VALUES ($1, $2) ON CONFLICT (issuer) DO UPDATE SET seen_ms = $2",
                .text(issuer),
                .integer(now.rawValue))
        }
    }
}

/// The sessions table.
extension Sessions {
    /// How many go at one login: a login does not pay for a year of them.
    static let sweepLimit: Int64 = 100
    /// Of one user: whoever signs in without an end fills nothing.
    static let most: Int64 = 50

    static func insert(
        _ hash: SessionHash, _ new: NewSession, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let verified: Value =
            switch new.profile.proof {
            case .verified: .integer(1)
            case .unverified: .integer(0)
            case .unclaimed: .null
            }
        try transaction.connection.execute(
            """
            INSERT INTO sessions (token_hash, user_id, email, name, email_verified, issuer_session, agent, network,
                                  created_ms, used_ms, admin_used_ms, expires_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $11, $10)
            """,
            .blob(hash.bytes), .text(new.profile.user.text), .optional(new.profile.email), .optional(new.profile.name),
            verified, .optional(new.issuerSession), .optional(new.agent), .optional(new.network),
            .integer(now.rawValue), .integer(now.advanced(by: SessionToken.lifetime).rawValue),
            .integer(min(now, new.authenticatedAt ?? now).rawValue))
    }

    static func delete(_ hash: SessionHash, in transaction: borrowing Transaction) throws(DatabaseError) -> Bool {
        try transaction.connection.execute("DELETE FROM sessions WHERE token_hash = $1", .blob(hash.bytes))
        return transaction.connection.changes == 1
    }

    static func deleteAll(of user: UserID, in transaction: borrowing Transaction) throws(DatabaseError) -> Int {
        try transaction.connection.execute("DELETE FROM sessions WHERE user_id = $1", .text(user.text))
        return transaction.connection.changes
    }

    /// A session whose `sid` we were never told ends with any of its user's.
    static func delete(
        of whose: Logout.Whose, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Int {
        let connection = transaction.connection
        switch whose {
        case .user(let user): return try deleteAll(of: user, in: transaction)
        case .session(let session):
            try connection.execute("DELETE FROM sessions WHERE issuer_session = $1", .text(session))
        case .both(let user, let session):
            try connection.execute(
                "DELETE FROM sessions WHERE user_id = $1 AND (issuer_session = $2 OR issuer_session IS NULL)",
                .text(user.text), .text(session))
        }
        return connection.changes
    }

    static func note(_ use: SessionUse, in transaction: borrowing Transaction) throws(DatabaseError) {
        switch use.area {
        case .site:
            try transaction.connection.execute(
                "UPDATE sessions SET used_ms = $1 WHERE token_hash = $2", .integer(use.at.rawValue),
                .blob(use.session.bytes))
        case .admin:
            try transaction.connection.execute(
                "UPDATE sessions SET used_ms = $1, admin_used_ms = $1 WHERE token_hash = $2",
                .integer(use.at.rawValue), .blob(use.session.bytes))
        }
    }

    static func sweep(at now: Instant, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            """
            DELETE FROM sessions WHERE token_hash IN
                (SELECT token_hash FROM sessions WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT $2)
            """,
            .integer(now.rawValue), .integer(sweepLimit))
    }

    static func trim(of user: UserID, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            """
            DELETE FROM sessions WHERE token_hash IN
                (SELECT token_hash FROM sessions WHERE user_id = $1 ORDER BY created_ms DESC LIMIT \(Int64.max) OFFSET $2)
            """,
            .text(user.text), .integer(most))
    }
}

extension Session {
    fileprivate init(_ row: borrowing Row) {
        let proof: EmailProof =
            switch row.optionalInteger(3) {
            case nil: .unclaimed
            case 1: .verified
            case .some: .unverified
            }
        profile = Profile(
            user: row.value(0, UserID.init), email: row.optionalText(1), name: row.optionalText(2), proof: proof)
        createdAt = row.instant(4)
        usedAt = row.instant(5)
        adminUsedAt = row.instant(6)
        expiresAt = row.instant(7)
    }
}

extension SessionSummary {
    fileprivate init(_ row: borrowing Row) {
        self.init(
            name: SessionHash(bytes: row.blob(0)).name, agent: row.optionalText(1), network: row.optionalText(2),
            createdAt: row.instant(3), usedAt: row.instant(4),
            expiresAt: row.instant(5))
    }
}
