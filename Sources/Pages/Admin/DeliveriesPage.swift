public import Core

/// One webhook with all that is kept of it, as texts for reading.
public struct DeliveryView: Sendable {
    let summary: DeliverySummary
    let headers: String
    /// `nil` once it was removed.
    let body: String?

    public init(_ summary: DeliverySummary, headers: String, body: String?) {
        self.summary = summary
        self.headers = headers
        self.body = body
    }
}

extension AdminPage {
    /// `/admin/deliveries`
    public static func deliveries(
        _ deliveries: [DeliverySummary], verdict: String, type: String, pages: ListPages, _ context: AdminContext
    ) -> AdminPage {
        let verdicts = [(value: "", text: "Any")] + Verdict.allCases.map { (value: $0.rawValue, text: $0.name) }
        let isWhole = verdict.isEmpty && type.isEmpty
        let filter = Filter(
            "/admin/deliveries",
            [
                Field("verdict", id: "deliveries-verdict", "Verdict", .select(verdicts), value: verdict),
                Field("type", id: "deliveries-type", "Event", value: type, help: "For instance order.paid."),
            ], isOn: !isWhole)
        return AdminPage(
            "Deliveries", lead: "Every webhook whose signature was right, newest first, and what became of it.",
            at: .deliveries, context,
            parts: [
                Part("find").with { $0.filter = filter },
                Part("list").with {
                    $0.table = deliveryTable(
                        deliveries, named: "top",
                        ifEmpty: isWhole
                            ? "Polar has not sent anything yet. Check the webhook's address and secret if you have sold something."
                            : "No delivery is like that.",
                        pages: pages.addresses("/admin/deliveries"), context)
                },
            ])
    }

    static func deliveryTable(
        _ deliveries: [DeliverySummary], named titleID: String, ifEmpty: String,
        pages: (newest: String?, older: String?) = (nil, nil), _ context: AdminContext
    ) -> Table {
        Table(
            named: titleID, [.init("Received"), .init("Event"), .init("Verdict"), .init("Delivery")],
            rows: deliveries.map { delivery in
                [
                    Cell(Moment(delivery.receivedAt, now: context.now)), Cell(delivery.type ?? "unreadable"),
                    Cell(
                        delivery.verdict.name, badge: delivery.verdict.badge, detail: Named.reason(delivery.reason)),
                    Cell(delivery.id, link: AdminPath.delivery(delivery.id)),
                ]
            }, ifEmpty: ifEmpty, pages: pages)
    }

    /// `/admin/deliveries/{webhook_id}`
    public static func delivery(
        _ delivery: DeliveryView, fault: String? = nil, _ context: AdminContext
    ) -> AdminPage {
        let summary = delivery.summary
        let verdict = summary.verdict
        var facts = [
            Fact("Verdict", verdict.name, detail: Named.reason(summary.reason), badge: verdict.badge),
            Fact("Event", summary.type ?? "unreadable"),
            summary.order.map { Fact("Order", String($0.text.prefix(8)), link: AdminPath.payment($0)) }
                ?? Fact("Order", "none"),
            Fact("Environment", summary.environment.rawValue), Fact("Sent", Moment(summary.sentAt, now: context.now)),
            Fact("Received", Moment(summary.receivedAt, now: context.now)),
        ]
        if let replayed = summary.replayedAt {
            facts.append(Fact("Replayed last", Moment(replayed, now: context.now)))
        }
        facts.append(Fact("webhook-id", summary.id, isCode: true))
        let replay = FormView(
            AdminPath.delivery(summary.id), context, hidden: [("action", "replay")], [], button: "Replay it",
            isSecond: true, fault: fault)
        return AdminPage(
            "Delivery", at: .deliveries, back: Action("All deliveries", "/admin/deliveries"), context,
            parts: [
                Part("facts").with { $0.facts = facts },
                Part("content", "What came").with {
                    $0.folded =
                        [
                            delivery.body.map {
                                Folded(
                                    summary: "Body, \(Format.bytes(summary.bodyBytes ?? 0))", text: $0, label: "Body")
                            }, Folded(summary: "Headers", text: delivery.headers, label: "Headers"),
                        ].compactMap(\.self)
                    $0.note =
                        delivery.body == nil ? "The body was removed after its time, and cannot be replayed." : nil
                },
                Part("replay", "Replay").with { part in
                    part.note =
                        "Applies it once more as if it had just come. What was done already is not done twice; a newer state of the order stays."
                    part.form = delivery.body == nil ? nil : replay
                    part.alert = delivery.body == nil ? fault : nil
                },
            ])
    }
}
