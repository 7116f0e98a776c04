public import Core

/// What one payment's page needs besides what the store knows of the order.
public struct PaymentDetails: Sendable {
    /// What Polar said of the buyer, for a person to look at. Nothing is decided by it.
    public var payer: [(name: String, value: String)] = []
    /// What an admin wrote when the order was dismissed.
    public var dismissal: String?
    /// For which of Polar's environments this site works.
    public var environment = Environment.sandbox

    public init() {}
}

/// What was typed into the forms that settle a parked order, and why it could not be done.
public struct SettlingTrial: Sendable {
    public var user = ""
    public var isNewUserMeant = false
    public var assignFault: String?
    public var reason = ""
    public var dismissFault: String?

    public init() {}
}

extension AdminPage {
    /// `/admin/payments/{order_id}`: an order's whole life.
    public static func payment(
        _ order: Order.ID, _ report: OrderReport, _ details: PaymentDetails, _ trial: SettlingTrial,
        _ context: AdminContext
    ) -> AdminPage {
        let environment = report.payment?.environment ?? details.environment
        var parts: [Part] = []
        if let payment = report.payment {
            parts += settling(payment, trial, context)
            parts.append(sale(payment, details, context))
        } else {
            parts.append(
                Part("unknown").with {
                    $0.warning = "No order of that id was ever applied here. Its deliveries were only kept."
                })
        }
        parts.append(
            Part("polar", "At Polar").with {
                $0.facts = [Fact("Order", order.text, isCode: true)]
                $0.note = "Opens in the organisation that you looked at last in Polar's dashboard."
                $0.links = Actions([Action("See it at Polar", dashboard(order, environment), isSecond: true)])
            })
        if let checkout = report.checkout { parts.append(checkoutPart(checkout, context)) }
        parts.append(entries(report.entries, context))
        parts.append(deliveries(report.deliveries, context))
        return AdminPage(
            "Order \(order.text.prefix(8))", at: .payments, back: Action("All payments", "/admin/payments"), context,
            parts: parts)
    }

    /// `*` stands for the organisation that the person looked at last.
    ///
    /// Source: https://github.com/polarsource/polar, clients/apps/web/src/app/(main)/dashboard/*/[[...route]]/page.tsx
    static func dashboard(_ order: Order.ID, _ environment: Environment) -> String {
        switch environment {
        case .sandbox: "https://sandbox.polar.sh/dashboard/*/sales/\(order.text)"
        case .production: "https://polar.sh/dashboard/*/sales/\(order.text)"
        }
    }

    private static func sale(_ payment: PaymentReport, _ details: PaymentDetails, _ context: AdminContext) -> Part {
        let state = Named.state(payment.state)
        func money(_ amount: Int64?) -> String? {
            guard let amount, let currency = payment.currency else { return nil }
            return Format.money(amount, currency)
        }
        var facts = [
            Fact("State", state.name, badge: state.badge),
            payment.user.map { Fact("User", $0.text, link: AdminPath.user($0.text)) } ?? Fact("User", "nobody known"),
            Fact("Paid, before tax", money(payment.net) ?? "unreadable"),
        ]
        if let refunded = money(payment.refunded), payment.refunded != 0 { facts.append(Fact("Refunded", refunded)) }
        if let pack = payment.pack { facts.append(Fact("Sold for", Format.credits(pack))) }
        facts.append(Fact("Credits that should stand", Format.credits(payment.target)))
        if payment.debt > .zero {
            facts.append(
                Fact("Taken back but spent", Format.credits(payment.debt.rawValue), detail: "Recorded as debt"))
        }
        facts += [
            Fact("Status at Polar", Named.status(payment.status)),
            Fact("Dispute", payment.hasLostDispute ? "Lost: all its credits are taken back" : "none lost"),
            Fact("Environment", payment.environment.rawValue),
            Fact("Ordered", Moment(payment.createdAt, now: context.now)),
            Fact("Polar's newest word", Moment(payment.clock.instant, now: context.now)),
            Fact("Applied last", Moment(payment.updatedAt, now: context.now)),
        ]
        if let note = details.dismissal { facts.append(Fact("Why it was dismissed", note)) }
        facts += details.payer.map { Fact($0.name, $0.value) }
        return Part("sale", "The order").with {
            $0.note = Named.reason(payment.reason).map { "\($0)." }
            $0.facts = facts
        }
    }

    private static func checkoutPart(_ checkout: Checkout, _ context: AdminContext) -> Part {
        Part("checkout", "Our checkout").with {
            $0.note = "What was promised when it was opened: a later price changes nothing."
            $0.facts = [
                Fact("Opened by", checkout.user.text, link: AdminPath.user(checkout.user.text)),
                Fact("Opened", Moment(checkout.createdAt, now: context.now)),
                Fact("Packs", Format.number(checkout.quantity)),
                Fact("Promised credits", Format.credits(checkout.lock.credits)),
                Fact("Promised price", Format.money(checkout.lock.amount, checkout.lock.currency)),
                Fact("Status", checkout.status.rawValue),
            ]
        }
    }

    private static func entries(_ entries: [LedgerEntry], _ context: AdminContext) -> Part {
        Part("entries", "Ledger").with {
            $0.table = entryTable(
                entries, named: "entries", about: .order, ifEmpty: "It has moved no credits.", context)
        }
    }

    /// Whose page entries stand on: that is not said again in each row.
    enum EntryTopic { case user, order }

    static func entryTable(
        _ entries: [LedgerEntry], named titleID: String, about: EntryTopic, ifEmpty: String,
        pages: (newest: String?, older: String?) = (nil, nil), _ context: AdminContext
    ) -> Table {
        let user = about == .user ? [] : [Table.Column("User")]
        return Table(
            named: titleID,
            [.init("When"), .init("What")] + user + [
                .init("Credits", isNumber: true), .init("Balance", isNumber: true),
            ],
            rows: entries.map { entry in
                let by = entry.actor.map { "\(entry.reason ?? "") — by \($0)" }
                let order = about == .order ? nil : entry.order
                let source =
                    order.map { "Order \($0.text.prefix(8))" }
                    ?? entry.generation.map { "Generation \($0.text.prefix(8))" }
                let user = Cell(entry.user.text, link: AdminPath.user(entry.user.text))
                return [
                    Cell(Moment(entry.createdAt, now: context.now)),
                    Cell(entry.kind.name, link: order.map(AdminPath.payment), detail: by ?? source),
                ] + (about == .user ? [] : [user]) + [
                    Cell(
                        Format.signed(entry.amount.rawValue), tone: entry.amount > .zero ? "more" : "less"),
                    Cell(Format.number(entry.balanceAfter.rawValue)),
                ]
            }, ifEmpty: ifEmpty, pages: pages)
    }

    private static func deliveries(_ deliveries: [DeliverySummary], _ context: AdminContext) -> Part {
        Part("deliveries", "What Polar told").with {
            $0.table = deliveryTable(
                deliveries, named: "deliveries",
                ifEmpty: "No webhook told of it: it was read from Polar's API.", context)
        }
    }
}
