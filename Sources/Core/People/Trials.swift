private import Crypto
internal import Database

/// How a user stands with the trial. The raw value is stored.
public enum TrialStanding: String, Sendable {
    case given
    /// Given to somebody whose address was not known then: it is noted as soon as it is.
    case givenUnnoted = "given_unnoted"
    /// Begins at 0 until the issuer says that the address is verified.
    case unverified
    /// The address had its trial under another id.
    case repeated
    /// Too many came on that day.
    case limited
    /// There was none to be had.
    case none

    var isGiven: Bool {
        switch self {
        case .given, .givenUnnoted, .none: true
        case .unverified, .repeated, .limited: false
        }
    }
}

/// Who gets the trial: each verified address once, whatever ids it comes under, and so many people a day.
///
/// Addresses are compared as bytes, A to Z in lower case, and kept as keyed hashes, which a person who is forgotten
/// leaves behind.
enum Trials {
    /// Why somebody is here.
    enum Ground {
        /// Signed in, on a day that has room for so many trials.
        case signedIn(daily: Int64)
        /// Paid for an order: given whatever the day, and counted.
        case ordered
    }

    /// What a user who is new, or whose address is verified at last, gets.
    static func begin(
        _ profile: Profile, on ground: Ground, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let standing = try decide(profile, on: ground, at: now, in: transaction)
        try set(standing, of: profile.user, in: transaction)
        let label = #"standing="\#(standing.rawValue)""#
        try Counters.add(to: Counter("credits_trials_total", labels: label), in: transaction)
    }

    /// A user who was there before comes with an address that counts.
    static func catchUp(
        _ profile: Profile, on ground: Ground, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        guard let email = profile.trialEmail else { return }
        let stored = try transaction.connection.query(
            "SELECT trial FROM users WHERE id = $1", .text(profile.user.text)
        ) { $0.optional(0, TrialStanding.init) }
        switch stored.first ?? nil {
        case nil, .givenUnnoted:
            try note(email, in: transaction)
            try set(.given, of: profile.user, in: transaction)
        case .unverified: try begin(profile, on: ground, at: now, in: transaction)
        case .given, .repeated, .limited, .some(.none): break
        }
    }

    /// Keeps a person who is forgotten from having another trial.
    static func noteBeforeForgetting(_ user: UserID, in transaction: borrowing Transaction) throws(DatabaseError) {
        let known = try transaction.connection.query(
            "SELECT email FROM users WHERE id = $1 AND (trial IS NULL OR trial = 'given_unnoted')", .text(user.text)
        ) { $0.optionalText(0) }
        if let email = known.first ?? nil { try note(email, in: transaction) }
    }

    private static func decide(
        _ profile: Profile, on ground: Ground, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> TrialStanding {
        let credits = try BillingSettings.current(on: transaction.connection).freeTrialCredits
        guard credits > 0 else { return .none }
        guard profile.proof != .unverified else { return .unverified }
        if let email = profile.trialEmail, try wasUsed(email, by: profile.user, on: transaction.connection) {
            return .repeated
        }
        guard try count(on: ground, at: now, in: transaction) else { return .limited }
        if let email = profile.trialEmail { try note(email, in: transaction) }
        _ = try Ledger.post(
            .trial, of: Credits(rawValue: credits), to: profile.user, at: now, in: transaction)
        return profile.trialEmail == nil ? .givenUnnoted : .given
    }

    /// Also by somebody who was seen before addresses were noted, and not since.
    private static func wasUsed(
        _ email: String, by user: UserID, on connection: Connection
    ) throws(DatabaseError) -> Bool {
        try connection.integer(
            """
            SELECT EXISTS (SELECT 1 FROM trial_emails WHERE email_hash = $1)
                OR EXISTS (SELECT 1 FROM users WHERE lower(email) = lower($2) AND email IS NOT NULL
                           AND trial IS NULL AND id <> $3)
            """, .blob(try hash(email, on: connection)), .text(email), .text(user.text)) == 1
    }

    private static func note(_ email: String, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            "INSERT INTO trial_emails VALUES ($1) ON CONFLICT DO NOTHING",
            .blob(try hash(email, on: transaction.connection)))
    }

    /// - Returns: whether there was room for one more today.
    private static func count(
        on ground: Ground, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Bool {
        let limit: Int64 =
            switch ground {
            case .signedIn(let daily): daily
            case .ordered: .max
            }
        guard limit > 0 else { return false }
        try transaction.connection.execute(
            """
            INSERT INTO trial_days VALUES ($1, 1)
            ON CONFLICT (day) DO UPDATE SET trials = trial_days.trials + 1 WHERE trial_days.trials < $2
            """, .integer(now.rawValue / 86_400_000), .integer(limit))
        return transaction.connection.changes == 1
    }

    private static func set(
        _ standing: TrialStanding, of user: UserID, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try transaction.connection.execute(
            "UPDATE users SET trial = $1 WHERE id = $2", .text(standing.rawValue), .text(user.text))
    }

    private static func hash(_ email: String, on connection: Connection) throws(DatabaseError) -> [UInt8] {
        let key = try connection.query("SELECT value FROM keys WHERE name = 'trial_email'") { $0.blob(0) }
        guard let key = key.first else { preconditionFailure("The key of the addresses came with the schema") }
        return hmacSHA256(key: key, message: email.utf8.lowercasedASCII)
    }
}

extension Profile {
    /// The address, if it counts for the trial.
    var trialEmail: String? {
        switch proof {
        case .verified, .unclaimed: email
        case .unverified: nil
        }
    }
}
