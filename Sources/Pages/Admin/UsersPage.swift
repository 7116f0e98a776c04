public import Core

/// A user as the list shows one.
public struct UserLine: Equatable, Sendable {
    let user: UserID
    let email: String?
    let name: String?
    let balance: Credits
    let debt: Credits
    let createdAt: Instant

    public init(
        user: UserID, email: String?, name: String?, balance: Credits, debt: Credits, createdAt: Instant
    ) {
        self.user = user
        self.email = email
        self.name = name
        self.balance = balance
        self.debt = debt
        self.createdAt = createdAt
    }
}

/// What was typed into the form that corrects a balance, and what is wrong with it.
public struct AdjustmentTrial: Sendable {
    public var amount = ""
    public var reason = ""
    public var amountFault: String?
    public var reasonFault: String?
    /// Why it could not be done although both could be read.
    public var fault: String?

    public init() {}
}

extension AdminPage {
    /// `/admin/users`
    public static func users(
        _ users: [UserLine], search: String, pages: ListPages, _ context: AdminContext
    ) -> AdminPage {
        let filter = Filter(
            "/admin/users",
            [
                Field(
                    "q", id: "users-search", "User id or e-mail address", .search, value: search,
                    help: "The whole id, or the whole address.")
            ], isOn: !search.isEmpty)
        let table = Table(
            named: "top",
            [
                .init("User"), .init("E-mail"), .init("Credits", isNumber: true), .init("Owes", isNumber: true),
                .init("First seen"),
            ],
            rows: users.map { user in
                [
                    Cell(user.user.text, link: AdminPath.user(user.user.text), detail: user.name),
                    Cell(user.email ?? "–"), Cell(Format.number(user.balance.rawValue)),
                    Cell(user.debt > .zero ? Format.number(user.debt.rawValue) : "–"),
                    Cell(Moment(user.createdAt, now: context.now)),
                ]
            },
            ifEmpty: search.isEmpty
                ? "Nobody has signed in yet." : "Nobody has that id or address. An address is known only as the issuer gives it.",
            pages: pages.addresses("/admin/users"))
        return AdminPage(
            "Users", lead: "Everybody who was ever seen, newest first.", at: .users, context,
            parts: [Part("find").with { $0.filter = filter }, Part("list").with { $0.table = table }])
    }

    /// `/admin/users/{user_id}`
    ///
    /// - Parameter entries: a page of the user's statement, newest first.
    public static func user(
        _ report: UserReport, generations: Int64, entries: Page<LedgerEntry>, pages: ListPages,
        _ trial: AdjustmentTrial = AdjustmentTrial(), _ context: AdminContext
    ) -> AdminPage {
        let user = report.account.user
        let path = AdminPath.user(user.text)
        let facts = [
            Fact("Balance", Format.credits(report.account.balance.rawValue)),
            Fact("Owes", report.account.debt > .zero ? Format.credits(report.account.debt.rawValue) : "nothing"),
            Fact("Generations", Format.number(generations)), Fact("E-mail", report.email ?? "not given"),
            Fact("Name", report.name ?? "not given"),
            Fact("First seen", Moment(report.account.createdAt, now: context.now)),
            Fact("User id", user.text, isCode: true),
        ]
        let statement = Part("statement", "Every credit").with {
            $0.table = entryTable(
                entries.items, named: "statement", ifEmpty: "Nothing has moved yet.",
                pages: pages.addresses(path), context)
        }
        let payments = Part("payments", "Payments").with {
            $0.table = paymentTable(report.payments, named: "payments", ifEmpty: "This user has bought nothing.", context)
            $0.links = Actions([
                Action("All payments of this user", "/admin/payments?user_id=\(AdminPath.encoded(user.text))", isSecond: true)
            ])
        }
        return AdminPage(
            report.name ?? user.text, at: .users, back: Action("All users", "/admin/users"), context,
            parts: [
                Part("facts").with { $0.facts = facts }, adjustment(user, trial, context), statement, payments,
            ])
    }

    private static func adjustment(_ user: UserID, _ trial: AdjustmentTrial, _ context: AdminContext) -> Part {
        Part("adjust", "Correct the balance").with {
            $0.form = FormView(
                AdminPath.user(user.text), context, hidden: [("action", "adjust")],
                [
                    Field(
                        "amount", id: "amount", "Credits", .text, value: trial.amount,
                        help: "20 gives, -20 takes. A balance never goes below zero, and debt is not touched.",
                        fault: trial.amountFault, required: true),
                    Field(
                        "reason", id: "reason", "Reason", value: trial.reason,
                        help: "The user reads it in the statement.", fault: trial.reasonFault, required: true),
                ], button: "Correct the balance", fault: trial.fault)
        }
    }
}
