public import Core

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
        _ users: [UserSummary], search: String, isInDebt: Bool, pages: ListPages, _ context: AdminContext
    ) -> AdminPage {
        let filter = Filter(
            "/admin/users",
            [
                Field(
                    "q", id: "users-search", "User id or e-mail address", .search, value: search,
                    help: "Its beginning will do."),
                Field("debt", id: "users-debt", "Only users who owe credits", .tick(isInDebt)),
            ], isOn: !search.isEmpty || isInDebt)
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
            ifEmpty: isInDebt
                ? "Nobody owes anything."
                : search.isEmpty
                    ? "Nobody has signed in yet."
                    : "Nobody's id or address begins so. An address is known only as the issuer gives it.",
            pages: pages.addresses("/admin/users"))
        return AdminPage(
            "Users", lead: isInDebt ? "Who owes most stands first." : "Everybody who was ever seen, newest first.",
            at: .users, context,
            parts: [Part("find").with { $0.filter = filter }, Part("list").with { $0.table = table }])
    }

    /// `/admin/users/{user_id}`
    ///
    /// - Parameter entries: a page of the user's statement, newest first.
    public static func user(
        _ detail: UserDetail, entries: Page<LedgerEntry>, payments: [PaymentReport], pages: ListPages,
        _ trial: AdjustmentTrial, _ context: AdminContext
    ) -> AdminPage {
        let account = detail.account
        let user = account.user
        var tiles = [
            Fact("Balance", Format.number(account.balance.rawValue)),
            Fact("Owes", Format.number(account.debt.rawValue)),
            Fact("Bought", Format.number(detail.purchased.rawValue)),
            Fact("Spent on images", Format.number(detail.spent.rawValue)),
            Fact("Adjusted", Format.signed(detail.adjusted.rawValue)),
            Fact("Images", Format.number(detail.generations)),
        ]
        if detail.repaid > .zero { tiles.append(Fact("Debt repaid", Format.number(detail.repaid.rawValue))) }
        var facts = [
            Fact("E-mail", detail.email ?? "not given"), Fact("Name", detail.name ?? "not given"),
            Fact("First seen", Moment(account.createdAt, now: context.now)), Fact("User id", user.text, isCode: true),
        ]
        if detail.isAdmin { facts.append(Fact("Rights", "Admin", link: "/admin/admins")) }
        let statement = Part("statement", "Every credit").with {
            $0.table = entryTable(
                entries.items, named: "statement", about: .user, ifEmpty: "Nothing has moved yet.",
                pages: pages.addresses(AdminPath.user(user.text)), context)
        }
        let bought = Part("payments", "Payments").with {
            $0.table = paymentTable(
                payments, named: "payments", isOfOne: true, ifEmpty: "This user has bought nothing.", context)
            let all = "/admin/payments?user_id=\(AdminPath.encoded(user.text))"
            $0.links =
                detail.payments > Int64(payments.count)
                ? Actions([Action("All \(Format.number(detail.payments)) payments", all, isSecond: true)]) : nil
        }
        return AdminPage(
            detail.name ?? user.text, at: .users, back: Action("All users", "/admin/users"), context,
            parts: [
                Part("facts").with {
                    $0.tiles = tiles
                    $0.facts = facts
                }, adjustment(user, trial, context), statement, bought,
            ])
    }

    private static func adjustment(_ user: UserID, _ trial: AdjustmentTrial, _ context: AdminContext) -> Part {
        Part("adjust", "Correct the balance").with {
            $0.form = FormView(
                AdminPath.user(user.text), context, key: context.key(), hidden: [("action", "adjust")],
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
