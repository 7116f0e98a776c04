public import Core

/// A parked order in the list.
public struct ParkedOrder: Sendable {
    let payment: PaymentReport
    /// What Polar said of the buyer. Nothing is decided by it.
    let payer: [(name: String, value: String)]

    public init(_ payment: PaymentReport, payer: [(name: String, value: String)]) {
        self.payment = payment
        self.payer = payer
    }
}

extension AdminPage {
    /// `/admin/parked`
    public static func parked(
        _ orders: [ParkedOrder], pages: ListPages, _ context: AdminContext
    ) -> AdminPage {
        var parts = orders.map { order in parkedPart(order, context) }
        let addresses = pages.addresses("/admin/parked")
        let pager = Actions(
            [
                addresses.newest.map { Action("Oldest", $0, isSecond: true) },
                addresses.older.map { Action("Next", $0, isSecond: true) },
            ].compactMap(\.self))
        if orders.isEmpty {
            parts.append(
                Part("none").with {
                    $0.table = Table(
                        named: "top", [], rows: [],
                        ifEmpty: "Nothing is parked. Every paid order has found its user by itself.")
                })
        }
        if pager != nil { parts.append(Part("pages").with { $0.links = pager }) }
        return AdminPage(
            "Parked orders",
            lead: "Paid, but granted by no rule. Each waits here until somebody assigns or dismisses it.",
            at: .parked, context, parts: parts)
    }

    private static func parkedPart(_ parked: ParkedOrder, _ context: AdminContext) -> Part {
        let order = parked.payment
        let title = "order-\(order.order.text)"
        var part = settling(order, SettlingTrial(), context, under: title).first ?? Part(title)
        part.title = "\(order.netText): \(Named.reason(order.reason) ?? "no rule fits")"
        (part.note, part.warning) = (part.warning, nil)
        part.facts = [
            Fact("Order", String(order.order.text.prefix(8)), link: AdminPath.payment(order.order)),
            order.user.map { Fact("User", $0.text, link: AdminPath.user($0.text)) } ?? Fact("User", "nobody known"),
            Fact("Status at Polar", Named.status(order.status)),
            Fact("Ordered", Moment(order.createdAt, now: context.now)),
        ]
        if let refunded = order.refundText { part.facts?.append(Fact("Refunded", refunded)) }
        part.facts? += parked.payer.map { Fact($0.name, $0.value) }
        return part
    }

    /// Why it is parked, and the two forms that settle it; one that was dismissed can still be assigned.
    static func settling(
        _ payment: PaymentReport, _ trial: SettlingTrial, _ context: AdminContext, under id: String = "settle"
    ) -> [Part] {
        let isParked = payment.state == .parked
        guard isParked || payment.state == .dismissed else { return [] }
        let reason = payment.reason.flatMap(ParkedReason.init)
        let address = "/admin/parked/\(payment.order.text)"
        let name = payment.order.text.prefix(8)
        let assign = Choice(
            summary: "Assign it to a user…", isOpen: trial.assignFault != nil,
            form: FormView(
                address, context, hidden: [("action", "assign")],
                [
                    Field(
                        "user_id", id: "user-\(name)", "User id",
                        value: trial.user.isEmpty ? payment.user?.text ?? "" : trial.user,
                        help: "Its credits are decided for that user for good.", fault: trial.assignFault,
                        required: true),
                    Field(
                        "new_user", id: "new-\(name)", "This user has not signed in yet", .tick(trial.isNewUserMeant),
                        help: "Then the user is created with that id, and gets the free credits of a new user too."),
                ], button: "Assign the order"))
        let dismiss = Choice(
            summary: "Dismiss it…", isOpen: trial.dismissFault != nil,
            form: FormView(
                address, context, hidden: [("action", "dismiss")],
                [
                    Field(
                        "reason", id: "reason-\(name)", "Why", value: trial.reason,
                        help: "Stands in the audit log. Money is given back at Polar, not here.",
                        fault: trial.dismissFault, required: true)
                ], button: "Dismiss the order", isSecond: true))
        return [
            Part(
                id, isParked ? "Parked: \(reason?.name ?? Named.reason(payment.reason) ?? "no rule fits")" : "Dismissed"
            ).with {
                $0.warning =
                    isParked
                    ? reason?.explanation ?? "No rule could grant it."
                    : "An admin dismissed it. It grants nothing unless you assign it."
                $0.choices = isParked ? [assign, dismiss] : [assign]
            }
        ]
    }
}
