public import Core

/// What the list of payments is cut down to, as it was typed.
public struct TypedPaymentFilter: Equatable, Sendable {
    public var user = ""
    public var state = ""
    /// `2026-11-22`
    public var from = ""
    public var to = ""

    public init() {}

    public var inForce: [(name: String, value: String)] {
        [("user_id", user), ("state", state), ("from", from), ("to", to)].filter { !$0.1.isEmpty }
    }
}

extension AdminPage {
    /// `/admin/payments`
    ///
    /// - Parameter fault: what is wrong with the filter; then there are no payments.
    public static func payments(
        _ payments: [PaymentReport], _ filter: TypedPaymentFilter, fault: String? = nil, pages: ListPages,
        _ context: AdminContext
    ) -> AdminPage {
        let states = [("", "Any")] + PaymentState.allCases.map { ($0.rawValue, Named.state($0).name) }
        let form = Filter(
            "/admin/payments",
            [
                Field("user_id", id: "payments-user", "User id", value: filter.user),
                Field("state", id: "payments-state", "State", .select(states), value: filter.state),
                Field("from", id: "payments-from", "From", .date, value: filter.from),
                Field("to", id: "payments-to", "To", .date, value: filter.to),
            ], isOn: !filter.inForce.isEmpty, fault: fault,
            downloads: [
                Action("these payments as CSV", pages.address("/admin/payments.csv")),
                Action("the ledger as CSV", "/admin/ledger.csv"),
            ])
        let isWhole = filter.inForce.isEmpty
        return AdminPage(
            "Payments", lead: "Every order that Polar told of, newest first. Days are those of UTC.", at: .payments,
            context,
            parts: [
                Part("find").with { $0.filter = form },
                Part("list").with {
                    $0.table = paymentTable(
                        payments, named: "top",
                        ifEmpty: isWhole
                            ? "Nobody has bought anything yet. The first order will stand here."
                            : "No payment is like that.",
                        pages: pages.addresses("/admin/payments"), context)
                },
            ])
    }

    static func paymentTable(
        _ payments: [PaymentReport], named titleID: String, isOfOne: Bool = false, ifEmpty: String,
        pages: (newest: String?, older: String?) = (nil, nil), _ context: AdminContext
    ) -> Table {
        let user = isOfOne ? [] : [Table.Column("User")]
        return Table(
            named: titleID,
            [.init("When"), .init("Order")] + user + [
                .init("State"), .init("Paid", isNumber: true), .init("Credits", isNumber: true),
            ],
            rows: payments.map { payment in
                let state = Named.state(payment.state)
                let user = payment.user.map { Cell($0.text, link: AdminPath.user($0.text)) } ?? Cell("nobody known")
                return [
                    Cell(Moment(payment.createdAt, now: context.now)),
                    Cell(String(payment.order.text.prefix(8)), link: AdminPath.payment(payment.order)),
                ] + (isOfOne ? [] : [user]) + [
                    Cell(state.name, badge: state.badge, detail: Named.reason(payment.reason)),
                    Cell(payment.netText, detail: payment.refundText),
                    Cell(payment.state == .applied ? Format.number(payment.target) : "–"),
                ]
            }, ifEmpty: ifEmpty, pages: pages)
    }
}

extension PaymentReport {
    /// What was paid before tax.
    var netText: String {
        guard let net, let currency else { return "unreadable" }
        return Format.money(net, currency)
    }

    var refundText: String? {
        guard let refunded, let currency, refunded > 0 else { return nil }
        return "\(Format.money(refunded, currency)) refunded"
    }
}
