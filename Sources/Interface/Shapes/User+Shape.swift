public import Core

extension Account {
    static let trialWords =
        "Display only: within 7 days of first sight, nothing bought yet, and the trial was not withheld"

    /// As its user sees it.
    public static let shape = Shape<Account>(
        "Credits", nil,
        [
            Field("credits", .credits) { $0.balance },
            Field(
                "debt", .credits,
                "Taken back but already spent; the next purchase repays it, and so does a credit that comes back"
            ) { $0.debt },
            Field("has_free_trial", .flag, trialWords) { $0.hasFreeTrial },
            Field("price", .shape(BillingSettings.price)) { $0.settings },
        ])
}

extension UserSummary {
    public static let shape = Shape<UserSummary>(
        "User", nil,
        [
            Field("user_id", .user) { $0.user },
            Field(nullable: "email", .text) { $0.email },
            Field(nullable: "name", .text) { $0.name },
            Field("credits", .credits) { $0.balance },
            Field("debt", .credits) { $0.debt },
            Field("first_seen_at", .time) { $0.createdAt },
        ])

    public static let list = ListShape(shape, as: "Users", "Newest first; by id or e-mail when searched")
}

/// Somebody whose account is told of, by whatever knows it.
private struct Person {
    let account: Account
    let email: String?
    let name: String?

    static let shape = Shape<Person>(
        "Person", nil,
        [
            Field("user_id", .user) { $0.account.user },
            Field(nullable: "email", .text) { $0.email },
            Field(nullable: "name", .text) { $0.name },
            Field("credits", .credits) { $0.account.balance },
            Field("debt", .credits) { $0.account.debt },
            Field("has_free_trial", .flag, Account.trialWords) { $0.account.hasFreeTrial },
            Field("first_seen_at", .time) { $0.account.createdAt },
        ])
}

extension UserDetail {
    public static let shape = Shape<UserDetail>(
        "UserDetail", nil,
        Person.shape.showing("user_id", "email", "name", "credits", "debt", "has_free_trial").fields(in: person) + [
            Field("is_admin", .flag) { $0.isAdmin }
        ] + Person.shape.showing("first_seen_at").fields(in: person) + [
            Field("totals", .part(totals)) { $0 }
        ])

    private static let totals = Shape<UserDetail>(
        "Totals", nil,
        [
            Field("purchased", .change) { $0.purchased },
            Field("spent", .change) { $0.spent },
            Field("refunded", .change) { $0.refunded },
            Field("repaid", .change) { $0.repaid },
            Field("adjusted", .change) { $0.adjusted },
            Field("trial", .change) { $0.trial },
            Field("payments", .whole) { $0.payments },
            Field("generations", .whole) { $0.generations },
        ])

    @Sendable private static func person(_ detail: UserDetail) -> Person {
        Person(account: detail.account, email: detail.email, name: detail.name)
    }
}

extension UserReport {
    /// As an operator sees it.
    public static let shape = Shape<UserReport>(
        "UserReport", nil,
        Person.shape.showing("user_id", "email", "name", "credits", "debt", "has_free_trial").fields(in: person) + [
            Field("trial_credits", .credits) { $0.trial },
            Field(nullable: "trial", .text) { $0.account.trial?.rawValue },
        ] + Person.shape.showing("first_seen_at").fields(in: person) + [
            Field("payments", .list(of: PaymentReport.full)) { $0.payments },
            Field("entries", .list(of: LedgerEntry.full)) { $0.entries },
        ])

    @Sendable private static func person(_ report: UserReport) -> Person {
        Person(account: report.account, email: report.email, name: report.name)
    }
}

extension Admin {
    public static let shape = Shape<Admin>(
        "Admin", nil,
        [
            Field("user_id", .user) { $0.user },
            Field("granted_at", .time) { $0.grantedAt },
            Field("granted_by", .text) { $0.grantedBy },
        ])

    public static let list = ListShape(shape, as: "Admins", "Oldest first")
}

extension SessionSummary {
    public static let shape = Shape<SessionSummary>(
        "Session", "A browser that is signed in",
        [
            Field("session", .text, "Names it, and resumes nothing") { $0.name },
            Field(nullable: "agent", .text) { $0.agent },
            Field(nullable: "network", .text) { $0.network },
            Field("created_at", .time) { $0.createdAt },
            Field("used_at", .time) { $0.usedAt },
            Field("expires_at", .time) { $0.expiresAt },
        ])
}
