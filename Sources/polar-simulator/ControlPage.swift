internal import HTTP
private import JSON
internal import Threads

/// What was sold and what was told, with a button for everything that can go wrong.
struct ControlPage: Sendable {
    let world: Monitor<World>

    func respond(to request: Request) -> Response? {
        switch (request.path, request.method) {
        case ("/", .get), ("/control", .get): Page.control.response(.ok, world.withLock { values(of: $0) })
        case ("/portal", .get): portal(request)
        case _: nil
        }
    }

    private func values(of world: World) -> [String: Any] {
        let behaviour = world.behaviour
        return [
            "title": "Control", "webhookURL": world.settings.webhookURL, "site": world.settings.siteURL,
            "isEnabled": world.kept.isEndpointEnabled, "scheme": behaviour.scheme.rawValue,
            "otherScheme": behaviour.scheme == .standard ? "legacy" : "standard", "isDropping": behaviour.isDropping,
            "isHolding": behaviour.isHolding, "held": world.outbox.held.count, "dropNext": behaviour.dropNext,
            "copies": behaviour.copies, "lag": behaviour.replicaLag.components.seconds,
            "limit": behaviour.apiLimitPerMinute, "hasBenefit": behaviour.hasBenefit,
            "waiting": world.outbox.fresh.count + world.outbox.retries.count,
            "faults": behaviour.faults.map { "\($0.name) x \($0.count)" }.joined(separator: ", "),
            "calls": world.provider.calls, "pictures": world.provider.pictures,
            "providerFault": world.provider.fault == .none ? "" : world.provider.fault.words,
            "providerCount": world.provider.faultsLeft.map { String($0) } ?? "",
            "delay": world.provider.delayMilliseconds,
            "providerFaults": ProviderFault.allCases.filter { $0 != .none }.map {
                ["name": $0.rawValue, "words": $0.words]
            },
            "hasCheckouts": !world.kept.checkouts.ids.isEmpty, "hasOrders": !world.kept.orders.ids.isEmpty,
            "hasEvents": !world.kept.eventIDs.isEmpty,
            "checkouts": newest(world.kept.checkouts, 20).map { row($0, in: world) },
            "orders": newest(world.kept.orders, 50).map { row($0, in: world) },
            "events": world.kept.eventIDs.suffix(60).reversed().compactMap { world.kept.events[$0] }.map(row),
        ]
    }

    private func newest<Value>(_ versions: Versions<Value>, _ count: Int) -> [Value] {
        versions.ids.suffix(count).reversed().compactMap { versions[$0] }
    }

    private func row(_ checkout: Checkout, in world: World) -> [String: Any] {
        [
            "id": checkout.id, "shortID": String(checkout.id.prefix(8)), "time": checkout.createdAt.clock,
            "exactTime": checkout.createdAt.text, "status": checkout.status.rawValue,
            "isOpen": checkout.status == .open, "secret": checkout.clientSecret,
            "user": checkout.externalCustomerID ?? "", "email": checkout.customerEmail ?? "",
            "amount": money(checkout.price.amount, checkout.price.currency),
        ]
    }

    private func row(_ order: Order, in world: World) -> [String: Any] {
        let customer = world.kept.customers[order.customerID]
        let refunds = world.refunds(of: order.id).sorted { $0.createdAt < $1.createdAt }.map { refund in
            [
                "id": refund.id, "amount": money(refund.amount, refund.currency), "status": refund.status.rawValue,
                "isPending": refund.status == .pending, "isSucceeded": refund.status == .succeeded,
            ] as [String: Any]
        }
        let disputes = world.kept.disputes.newest.values.filter { $0.orderID == order.id }.map { dispute in
            ["id": dispute.id, "status": dispute.status.rawValue.replacing("_", with: " ")] as [String: Any]
        }
        return [
            "id": order.id, "shortID": String(order.id.prefix(8)), "time": order.createdAt.clock,
            "exactTime": order.createdAt.text, "status": order.status.rawValue.replacing("_", with: " "),
            "product": world.kept.products[order.productID]?.name ?? "", "email": customer?.email ?? "",
            "user": customer?.externalID ?? "", "amount": money(order.netAmount, order.price.currency),
            "refunded": order.refundedAmount == 0 ? "" : money(order.refundedAmount, order.price.currency),
            "isPaid": order.status.isPaid, "isRefundable": order.status.isPaid && order.refundableAmount > 0,
            "isPending": order.status == .pending, "refunds": refunds, "disputes": disputes,
        ]
    }

    private func row(_ event: Event) -> [String: Any] {
        let mark =
            switch event.status {
            case .succeeded: "good"
            case .failed, .skipped: "bad"
            case .waiting, .held: "wait"
            }
        return [
            "id": event.id, "shortID": String(event.id.prefix(8)), "type": event.type, "time": event.createdAt.clock,
            "exactTime": event.createdAt.text, "about": String(event.subject.prefix(8)),
            "status": event.status.rawValue, "mark": mark,
            "due": event.status == .waiting && !event.attempts.isEmpty ? "next \(event.dueAt.clock)" : "",
            "attempts": event.attempts.suffix(5).map { attempt in
                "\(attempt.at.clock) \(attempt.httpCode.map { String($0) } ?? String(attempt.response.prefix(40)))"
            }.joined(separator: "; "),
            "count": event.attempts.count,
        ]
    }

    /// What a customer session leads to.
    private func portal(_ request: Request) -> Response {
        let token = request.parameters["customer_session_token"] ?? ""
        let values = world.withLock { world -> [String: Any]? in
            guard let customer = world.portals[token].flatMap({ world.kept.customers[$0] }) else { return nil }
            let orders = newest(world.kept.orders, 1000).filter { $0.customerID == customer.id }.map { order in
                [
                    "product": world.kept.products[order.productID]?.name ?? "", "number": order.invoiceNumber,
                    "date": String(order.createdAt.text.prefix(10)),
                    "total": money(order.totalAmount, order.price.currency),
                    "status": order.status.rawValue.replacing("_", with: " "),
                ]
            }
            return [
                "title": "Your orders", "email": customer.email, "orders": orders, "back": world.settings.siteURL,
            ]
        }
        guard let values else {
            return Page.message.response(
                .notFound, ["title": "No session", "text": "This link is not valid any more."])
        }
        return Page.portal.response(.ok, values)
    }
}
