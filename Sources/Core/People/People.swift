internal import Database

/// Who somebody is, as the issuer says.
public struct Profile: Equatable, Sendable {
    public let user: UserID
    /// Plain text of at most 255 bytes; an address that is not counts as none, since another would be another's.
    public let email: String?
    /// At most 255 bytes, without what is not plain in it.
    public let name: String?
    /// What the issuer says of the address.
    public let proof: EmailProof

    public init(user: UserID, email: String? = nil, name: String? = nil, proof: EmailProof = .unclaimed) {
        self.user = user
        self.email = email.flatMap { $0.utf8.count <= 255 && PlainText.isPlain($0) ? $0 : nil }
        self.name = name.flatMap { PlainText.cleaned($0) }
        // An address that cannot be kept is none, whatever is said of it.
        self.proof = proof == .verified && self.email == nil ? .unverified : proof
    }
}

/// What a user has and what more would cost.
public struct Account: Equatable, Sendable {
    public let user: UserID
    public let balance: Credits
    public let debt: Credits
    /// Display only: within 7 days of first sight, nothing bought yet, and the trial was not withheld.
    public let hasFreeTrial: Bool
    /// `nil` for users seen before it was noted.
    public let trial: TrialStanding?
    /// Display only: each page under `/admin` asks again.
    public let isAdmin: Bool
    public let settings: BillingSettings
    public let createdAt: Instant
}

/// What the store can be asked of people.
public struct People: Home {
    let store: Store

    /// The account of a user, who is created with the trial credits when first seen.
    public func account(of profile: Profile, at now: Instant) throws(StoreError) -> Account {
        if let account = try read({ connection throws(DatabaseError) in
            try People.isKnown(profile, on: connection)
                ? try People.find(profile.user, at: now, on: connection) : nil
        }) {
            return account
        }
        return try write { transaction throws(DatabaseError) in
            try People.see(profile, on: .signedIn(daily: store.trialsADay), at: now, in: transaction)
            guard let account = try People.find(profile.user, at: now, on: transaction.connection) else {
                preconditionFailure("A user who was just created is there")
            }
            return account
        }
    }

    /// The account of a user who may be unknown; creates nobody.
    public func account(of user: UserID, at now: Instant) throws(StoreError) -> Account? {
        try read { connection throws(DatabaseError) in try People.find(user, at: now, on: connection) }
    }
}

/// The users table.
extension People {
    /// How long a new user counts as trying the product out.
    static let trialPeriod = Duration.seconds(7 * 86_400)

    /// Whether the user is there with the address and name that the issuer gives now, and nothing is open about the trial.
    static func isKnown(_ profile: Profile, on connection: Connection) throws(DatabaseError) -> Bool {
        try connection.query(
            """
            SELECT 1 FROM users WHERE id = $1 AND email IS NOT DISTINCT FROM coalesce($2, email)
                AND name IS NOT DISTINCT FROM coalesce($3, name)
                AND ($4 = 0 OR coalesce(trial, 'given_unnoted') NOT IN ('given_unnoted', 'unverified'))
            """,
            .text(profile.user.text), .optional(profile.email), .optional(profile.name),
            .integer(profile.trialEmail == nil ? 0 : 1)
        ) { $0.integer(0) }.isEmpty == false
    }

    /// Creates the user, with the trial credits if there are any to be had, or notes a changed address or name.
    static func see(
        _ profile: Profile, on ground: Trials.Ground, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let connection = transaction.connection
        try connection.execute(
            "UPDATE users SET email = coalesce($2, email), name = coalesce($3, name) WHERE id = $1",
            .text(profile.user.text), .optional(profile.email), .optional(profile.name))
        guard connection.changes == 0 else {
            return try Trials.catchUp(profile, on: ground, at: now, in: transaction)
        }
        try connection.execute(
            "INSERT INTO users (id, email, name, created_ms) VALUES ($1, $2, $3, $4)",
            .text(profile.user.text), .optional(profile.email), .optional(profile.name), .integer(now.rawValue))
        try Trials.begin(profile, on: ground, at: now, in: transaction)
    }

    static func isKnown(_ user: UserID, on connection: Connection) throws(DatabaseError) -> Bool {
        try !connection.query("SELECT 1 FROM users WHERE id = $1", .text(user.text)) { $0.integer(0) }.isEmpty
    }

    static func find(_ user: UserID, at now: Instant, on connection: Connection) throws(DatabaseError) -> Account? {
        let settings = try BillingSettings.current(on: connection)
        return try connection.query(
            """
            SELECT balance, debt, created_ms,
                   EXISTS (SELECT 1 FROM ledger_entry WHERE user_id = users.id AND kind = 'purchase'),
                   EXISTS (SELECT 1 FROM admins WHERE user_id = users.id), trial
            FROM users WHERE id = $1
            """, .text(user.text)
        ) { row in
            let createdAt = row.instant(2)
            let trial = row.optional(5, TrialStanding.init)
            let isInTime = createdAt.distance(to: now) < trialPeriod
            return Account(
                user: user, balance: Credits(rawValue: row.integer(0)), debt: Credits(rawValue: row.integer(1)),
                hasFreeTrial: row.integer(3) == 0 && isInTime && trial?.isGiven ?? true, trial: trial,
                isAdmin: row.integer(4) == 1, settings: settings, createdAt: createdAt)
        }.first
    }
}
