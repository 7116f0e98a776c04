public import Core

extension PaymentReport {
    public static let shape = Shape<PaymentReport>(
        "Payment", "One order of Polar's, as it was applied last",
        [
            Field("order_id", .id()) { $0.order },
            Field("environment", .word) { $0.environment },
            Field(nullable: "user_id", .user) { $0.user },
            Field(nullable: "checkout_id", .id(), "Polar's id of the checkout") { $0.checkout },
            Field("state", .word) { $0.state },
            Field(nullable: "reason", .text) { $0.reason },
            Field(nullable: "status", .word(of: OrderSnapshot.Status.self), "Polar's word") { $0.status },
            Field(nullable: "currency", .text) { $0.currency },
            Field(nullable: "net_cents", .cents) { $0.net },
            Field(nullable: "refunded_cents", .cents) { $0.refunded },
            Field(nullable: "pack_credits", .whole) { $0.pack },
            Field(
                "credits", .whole(from: 0), "What its entries sum to, the debt that it left counted as taken"
            ) { $0.target },
            Field("debt", .credits) { $0.debt },
            Field("dispute_lost", .flag) { $0.hasLostDispute },
            Field(nullable: "assigned_user_id", .user, "Whom an admin said that it is for") { $0.assignedUser },
            Field(nullable: "note", .text, "Why an admin dismissed it") { $0.note },
            Field("created_at", .time) { $0.createdAt },
            Field("updated_at", .time) { $0.updatedAt },
        ])

    public static let list = ListShape(shape, as: "Payments", "Newest first")

    public static let row = shape.showing(
        "order_id", "created_at", "environment", "user_id", "state", "reason", "status", "currency", "net_cents",
        "refunded_cents", "pack_credits", "credits", "debt", "dispute_lost", "checkout_id", "note", "updated_at",
        as: "PaymentRow")

    /// As an operator sees it, who also asks how old Polar's word is.
    public static let full = shape.with(
        Field("polar_time", .time) { $0.clock.instant }, as: "FullPayment")

    public static let fullList = ListShape(full, as: "FullPayments", "Newest first")
}

/// A parked order that was given to somebody, and what that did.
public struct Assignment: Sendable {
    let order: Order.ID
    let user: UserID
    let outcome: OrderOutcome

    public init(order: Order.ID, user: UserID, outcome: OrderOutcome) {
        self.order = order
        self.user = user
        self.outcome = outcome
    }

    private var change: OrderChange? { if case .applied(let change) = outcome { change } else { nil } }
    /// What its user has more, or less.
    public var credits: Credits { change?.entries.reduce(.zero) { $0 + $1.amount } ?? .zero }

    public static let shape = Shape<Assignment>(
        "Assignment", "What giving an order to a user did",
        [
            Field("order_id", .id()) { $0.order },
            Field("user_id", .user) { $0.user },
            Field("outcome", .word) { $0.outcome.verdict },
            Field(nullable: "reason", .text) { $0.outcome.reason },
            Field("credits", .change) { $0.credits },
            Field("debt_change", .change) { $0.change?.debt ?? .zero },
        ])
}

/// A parked order that was closed without credits.
public struct Dismissal: Sendable {
    let order: Order.ID
    let note: String

    public init(order: Order.ID, note: String) {
        self.order = order
        self.note = note
    }

    public static let shape = Shape<Dismissal>(
        "Dismissal", nil,
        [
            Field("order_id", .id()) { $0.order },
            Field("state", .always(.dismissed)) { _ in PaymentState.dismissed },
            Field("note", .text) { $0.note },
        ])
}

extension OrderReport {
    /// The whole story of one order.
    public static let shape = Shape<(order: Order.ID, report: OrderReport)>(
        "Order", "One order with everything that told of it",
        [
            Field("order_id", .id()) { $0.order },
            Field(nullable: "payment", .shape(PaymentReport.full)) { $0.report.payment },
            Field(nullable: "checkout", .shape(Checkout.shape)) { $0.report.checkout },
            Field("entries", .list(of: LedgerEntry.full)) { $0.report.entries },
            Field("deliveries", .list(of: DeliverySummary.shape)) { $0.report.deliveries },
        ])
}
