internal import Core
internal import JSON

extension Route {
    static let admin: [Route] = adminAPI + adminPages

    private static let adminAPI: [Route] = [
        .admins(
            "getSettings", .get, "settings", "What is sold and how",
            answers: [.json(200, "In force", BillingSettings.shape.component)]),
        .admins(
            "changeSettings", .put, "settings", "Changes what is named; open checkouts keep their price",
            body: .json(BillingSettings.change), answers: [.json(200, "In force now", BillingSettings.shape.component)],
            refusals: [.conflict]),
        .admins(
            "listPayments", .get, "payments", "Orders", query: .payments + .page,
            answers: [.json(200, "A page", PaymentReport.list.component)]),
        .admins(
            "listUsers", .get, "users", "Users",
            query: [
                .text("q", "The beginning of an id or of an e-mail address"),
                .filter("debt", Kind.flag.schema, "Only those who owe"),
            ] + .page, answers: [.json(200, "A page", UserSummary.list.component)]),
        .admins(
            "adjustUser", .post, "users/{user_id*}/adjustments", "Gives or takes credits, never below zero",
            subject: .user, isKeyed: true,
            body: .json(.taking("NewAdjustment", [("amount", .adjustment), ("reason", .reason)])),
            answers: [.json(201, "The ledger's entry", LedgerEntry.adjustment.component)]),
        .admins(
            "getUser", .get, "users/{user_id*}", "One user", subject: .user,
            answers: [.json(200, "With totals", UserDetail.shape.component)]),
        .admins(
            "listParked", .get, "parked", "Paid orders that no rule could grant", query: .page,
            answers: [.json(200, "A page", PaymentReport.list.component)]),
        .admins(
            "assignOrder", .post, "parked/{order_id}/assign", "Says whose a parked order is", subject: .order,
            isKeyed: true,
            body: Body([("application/json", .taking([("user_id", .userGiven)], required: ["user_id"]))]),
            answers: [.json(200, "What it did", Assignment.shape.component)]),
        .admins(
            "dismissOrder", .post, "parked/{order_id}/dismiss", "Closes a parked order without credits",
            subject: .order, isKeyed: true,
            body: Body(isRequired: false, [("application/json", .taking([("reason", .reason)]))]),
            answers: [.json(200, "Closed", Dismissal.shape.component)]),
        .admins(
            "listDeliveries", .get, "deliveries", "The inbox of webhooks",
            query: [
                .filter("verdict", ["enum": .words(of: Verdict.self)], "What became of them"),
                .text("type", "Such as `order.paid`"),
                .filter("order_id", Kind<Order.ID>.id().schema, "About this order"),
            ] + .page, answers: [.json(200, "A page", DeliverySummary.list.component)]),
        .admins(
            "replayDelivery", .post, "deliveries/{webhook_id*}/replay", "Does anew what a delivery tells",
            subject: .delivery, isKeyed: true, answers: [.json(200, "What became of it", Replay.shape.component)]),
        .admins(
            "getDelivery", .get, "deliveries/{webhook_id*}", "One delivery with headers and body", subject: .delivery,
            answers: [.json(200, "As it came", DeliveryDetail.shape.component)]),
        .admins(
            "listAdmins", .get, "admins", "Who may use this", query: .page,
            answers: [.json(200, "A page", Admin.list.component)]),
        .admins(
            "grantAdmin", .put, "admins/{user_id*}", "Makes somebody an admin", subject: .user,
            answers: [
                .json(201, "Granted", Admin.shape.component), .json(200, "Was one already", Admin.shape.component),
            ]),
        .admins(
            "revokeAdmin", .delete, "admins/{user_id*}", "Takes it away, never from the last one", subject: .user,
            answers: [.bare(204, "Revoked")], refusals: [.conflict]),
    ]

    private static let adminPages: [Route] = [
        .page("paymentsTable", "/admin/payments.csv", .admin),
        .page("ledgerTable", "/admin/ledger.csv", .admin),
        .page("overviewPage", "/admin", .admin),
        .page("paymentsPage", "/admin/payments", .admin),
        .page("parkedPage", "/admin/parked", .admin),
        .page("usersPage", "/admin/users", .admin),
        .page("deliveriesPage", "/admin/deliveries", .admin),
        .page("auditPage", "/admin/audit", .admin),
        .page("settingsPage", "/admin/settings", .admin),
        .form("changeSettingsForm", "/admin/settings", .admin),
        .page("paymentPage", "/admin/payments/{id}", .admin),
        .page("parkedOrderPage", "/admin/parked/{id}", .admin),
        .form("settleForm", "/admin/parked/{id}", .admin),
        .page("userPage", "/admin/users/{id*}", .admin),
        .form("adjustForm", "/admin/users/{id*}", .admin),
        .page("deliveryPage", "/admin/deliveries/{id*}", .admin),
        .form("replayForm", "/admin/deliveries/{id*}", .admin),
        .page("adminsPage", "/admin/admins", .admin),
        .form("changeAdminsForm", "/admin/admins", .admin),
        .health("adminHealth", "/healthz/admin"),
        .machine("metrics", "/metrics"),
    ]

    private static func admins(
        _ name: String, _ method: Method, _ path: String, _ summary: String, subject: Parameter? = nil,
        query: [Parameter] = [], isKeyed: Bool = false, body: Body? = nil, answers: [Answer], refusals: [Refusal] = []
    ) -> Route {
        .api(
            name, method, "/api/v1/admin/" + path, for: .admin, summary, subject: subject, query: query,
            isKeyed: isKeyed, body: body, answers: answers, refusals: refusals)
    }
}

extension Parameter {
    fileprivate static let user = subject(
        "user_id", .plainName, "The user's id; one that no path can hold goes as `-` and `?user_id=`")
    fileprivate static let order = subject("order_id", Kind<Order.ID>.id().schema, "Polar's id of the order")
    fileprivate static let delivery = subject("webhook_id", .plainName, "The delivery's `webhook-id`")
}

extension [Parameter] {
    fileprivate static let payments: [Parameter] = [
        .filter("user_id", Kind.user.schema, "Of this user"),
        .filter(
            "status",
            ["enum": .array(OrderSnapshot.Status.allCases.map { .string($0.rawValue) } + PaymentState.words)],
            "Polar's word, or ours"),
        .filter("state", ["enum": .array(PaymentState.words)], "Ours"),
        .filter("parked", Kind.flag.schema, "Only the parked ones"),
        .filter("from", ["type": "string", "format": "date"], "The first day, UTC"),
        .filter("to", ["type": "string", "format": "date"], "The last day, UTC"),
    ]
}

extension PaymentState {
    fileprivate static var words: [JSON] { allCases.map { .string($0.rawValue) } }
}

extension JSON {
    fileprivate static let plainName: JSON = ["type": "string", "minLength": 1, "maxLength": 255]
    fileprivate static let userGiven = Kind.user.schema.replacing(
        "pattern", with: .string(#"^[^\x00-\x1f\x7f]{1,255}$"#))
    fileprivate static let reason: JSON = [
        "type": "string", "minLength": 1, "maxLength": 250, "pattern": "[A-Za-z0-9]",
    ]
    fileprivate static let adjustment = Kind.whole(
        in: -Adjustment.largestAmount.rawValue...Adjustment.largestAmount.rawValue
    ).schema.replacing("not", with: ["const": 0])
}
