internal import JSON

extension World {
    /// Does what a POST to the control API asks for.
    mutating func perform(_ path: [String], _ wish: Wish) throws(Refusal) -> JSON {
        switch (path.first ?? "", path.count) {
        case ("settings", 1): return try change(wish)
        case ("faults", 1): return try addFault(wish, to: \.faults)
        case ("issuer-faults", 1): return try addFault(wish, to: \.issuerFaults)
        case ("setup", 1): return try setUp(wish)
        case ("provider", 1):
            try provider.change(wish)
            return provider.summary
        case ("issuer", 1):
            behaviour.claims = ["email", "email_verified", "sid"].compactMap { name in
                wish.text(name).map { (name, $0) }
            }
            return .object(behaviour.claims.map { JSON.Member($0.name, .string($0.value)) })
        case ("deliveries", 2): return try deliveries(path[1], wish)
        case ("endpoint", 2): return try endpoint(path[1])
        case ("events", 1): return try sendAnything(wish)
        case ("events", 3): return try event(path[1], path[2], wish)
        case ("pay", 1): return try pay(wish)
        case ("checkouts", 3): return try checkout(path[1], path[2], wish)
        case ("orders", 1): return try addOrder(wish)
        case ("history", 1): return try addHistory(wish)
        case ("orders", 3): return try order(path[1], path[2], wish)
        case ("refunds", 3): return try refund(path[1], path[2], wish)
        case ("disputes", 2):
            guard let status = try wish.choice("status", Dispute.Status.self) else {
                throw .badParameter("status is missing.")
            }
            let dispute = try move(path[1].lowercased(), to: status)
            return bodies.dispute(dispute, customerID: kept.orders[dispute.orderID]?.customerID)
        case _: throw .notFound("There is no such control.")
        }
    }

    // MARK: How to misbehave

    private mutating func change(_ wish: Wish) throws(Refusal) -> JSON {
        if let scheme = try wish.choice("scheme", SimulatorSettings.Scheme.self) {
            guard scheme.key(of: settings.webhookSecret) != nil else {
                throw .badParameter("POLAR_WEBHOOK_SECRET is no secret of that scheme.")
            }
            behaviour.scheme = scheme
        }
        behaviour.retryFactor = try wish.decimal("retry_factor") ?? behaviour.retryFactor
        behaviour.isDropping = try wish.flag("drop") ?? behaviour.isDropping
        behaviour.dropNext = Int(try wish.number("drop_next") ?? Int64(behaviour.dropNext))
        behaviour.copies = min(100, Int(try wish.number("duplicates") ?? Int64(behaviour.copies)))
        behaviour.isHolding = try wish.flag("hold") ?? behaviour.isHolding
        if let seconds = try wish.number("replica_lag_seconds") { behaviour.replicaLag = .seconds(seconds) }
        let limit = try wish.number("api_limit_per_minute")
        behaviour.apiLimitPerMinute = Int(limit ?? Int64(behaviour.apiLimitPerMinute))
        behaviour.hasBenefit = try wish.flag("benefit") ?? behaviour.hasBenefit
        return settingsSummary
    }

    private mutating func addFault(
        _ wish: Wish, to list: WritableKeyPath<Behaviour, [APIFault]>
    ) throws(Refusal) -> JSON {
        guard let name = wish.text("fault") ?? wish.json["fault"]?.integer.map(String.init) else {
            behaviour[keyPath: list] = []
            return settingsSummary
        }
        let count = Int(try wish.number("count") ?? 1)
        let seconds = try wish.number("seconds").map { Int(min($0, 1800)) }
        guard count > 0, let fault = APIFault(name, count: count, seconds: seconds, acts: try wish.flag("acts")) else {
            throw .badParameter("fault is not 400 to 599, timeout, half, drip or nonsense.")
        }
        behaviour[keyPath: list].append(fault)
        return settingsSummary
    }

    private mutating func deliveries(_ action: String, _ wish: Wish) throws(Refusal) -> JSON {
        switch action {
        case "release":
            var ids = outbox.held
            if let named = wish.json["order"]?.array {
                ids = named.compactMap(\.string).filter { outbox.held.contains($0) }
            } else if wish.text("order") == "reverse" {
                ids.reverse()
            }
            for id in ids { kept.events[id]?.status = .waiting }
            outbox.held.removeAll { ids.contains($0) }
            outbox.fresh += ids
            behaviour.isHolding = false
            return ["released": .array(ids.map(JSON.string))]
        case "run-due":
            let now = Moment.now()
            for id in outbox.retries { kept.events[id]?.dueAt = now }
            return ["due": .integer(Int64(outbox.retries.count))]
        case _: throw .notFound("There is no such control.")
        }
    }

    private mutating func endpoint(_ action: String) throws(Refusal) -> JSON {
        guard ["enable", "disable"].contains(action) else { throw .notFound("There is no such control.") }
        kept.isEndpointEnabled = action == "enable"
        _ = tick()
        return ["enabled": .bool(kept.isEndpointEnabled)]
    }

    // MARK: Events

    private mutating func sendAnything(_ wish: Wish) throws(Refusal) -> JSON {
        guard let body = wish.text("raw") ?? wish.json["body"]?.text else {
            throw .badParameter("body or raw is missing.")
        }
        let id = wish.text("webhook_id") ?? newUUID()
        let type = wish.text("type") ?? wish.json["body"]?["type"]?.string ?? "by.hand"
        emit(type, body: body, id: id, createdAt: tick(), about: "by hand")
        return ["webhook_id": .string(id)]
    }

    private mutating func event(_ id: String, _ action: String, _ wish: Wish) throws(Refusal) -> JSON {
        guard kept.events[id] != nil else { throw .notFound() }
        switch action {
        case "redeliver": redeliver(id)
        case "send":
            let copies = min(1000, Int(try wish.number("copies") ?? 1))
            outbox.extra += Array(repeating: id, count: copies)
        case _: throw .notFound("There is no such control.")
        }
        return ["webhook_id": .string(id)]
    }

    // MARK: Sales

    private mutating func pay(_ wish: Wish) throws(Refusal) -> JSON {
        let id = try wish.required("checkout_id").lowercased()
        let order = try pay(id, by: try buyer(of: id, wish))
        return bodies.order(order)
    }

    private func buyer(of id: String, _ wish: Wish) throws(Refusal) -> Buyer {
        guard let checkout = kept.checkouts[id] else { throw .notFound() }
        let email = wish.text("email") ?? checkout.customerEmail ?? "buyer-\(id.prefix(8))@example.com"
        return Buyer(
            email: email, name: wish.text("name"), country: wish.text("country") ?? checkout.country ?? "US",
            externalID: wish.text("external_customer_id"), discount: try wish.number("discount") ?? 0)
    }

    private mutating func checkout(_ id: String, _ action: String, _ wish: Wish) throws(Refusal) -> JSON {
        let id = id.lowercased()
        switch action {
        case "pay": return try pay(Wish(.object([.init("checkout_id", .string(id))] + (wish.json.members ?? []))))
        case "decline": try decline(id, by: try buyer(of: id, wish))
        case "expire": try expire(id)
        case _: throw .notFound("There is no such control.")
        }
        return kept.checkouts[id].map(bodies.checkout) ?? .null
    }

    private mutating func addOrder(_ wish: Wish) throws(Refusal) -> JSON {
        let isForeign = try wish.flag("foreign") ?? false
        let id = wish.text("product_id")?.lowercased() ?? (isForeign ? Self.foreignProductID : settings.productID)
        guard let product = kept.products[id] else { throw .badParameter("There is no such product.") }
        let amount = try wish.number("amount") ?? product.price.amount
        let user = wish.text("user")
        let email = wish.text("email") ?? "\(user ?? "stranger-" + newUUID().prefix(8))@example.com"
        let order = makeOrder(
            product: product, amount: amount, email: email, externalID: user,
            metadata: wish.json["metadata"] ?? .object([]), isPending: wish.text("status") == "pending")
        return bodies.order(order)
    }

    private mutating func order(_ id: String, _ action: String, _ wish: Wish) throws(Refusal) -> JSON {
        let id = id.lowercased()
        switch action {
        case "refund":
            let refundWish = RefundWish(
                amount: try wish.number("amount"),
                reason: try wish.choice("reason", Refund.Reason.self) ?? .customerRequest,
                isPending: try wish.flag("pending") ?? false, revokesBenefits: try wish.flag("revoke_benefits") ?? false
            )
            let refund = try refund(id, refundWish)
            return bodies.refund(refund)
        case "dispute":
            let dispute = try openDispute(id, try wish.choice("status", Dispute.Status.self) ?? .needsResponse)
            return bodies.dispute(dispute, customerID: kept.orders[id]?.customerID)
        case "void", "settle":
            let order = try close(id, as: action == "void" ? .void : .paid)
            return bodies.order(order)
        case _: throw .notFound("There is no such control.")
        }
    }

    private mutating func refund(_ id: String, _ action: String, _ wish: Wish) throws(Refusal) -> JSON {
        let id = id.lowercased()
        let refund: Refund
        switch (action, wish.text("status")) {
        case ("settle", "succeeded"): refund = try settle(id, succeeded: true)
        case ("settle", "failed"): refund = try settle(id, succeeded: false)
        case ("settle", _): throw .badParameter("status is not succeeded or failed.")
        case ("bounce", _): refund = try bounce(id)
        case _: throw .notFound("There is no such control.")
        }
        return bodies.refund(refund)
    }

    // MARK: What there is

    /// Newest first; of long lists only the newest hundred.
    var summary: JSON {
        func newest<Value>(_ versions: Versions<Value>, _ json: (Value) -> JSON) -> JSON {
            .array(versions.ids.suffix(100).reversed().compactMap { versions[$0] }.map(json))
        }
        let bodies = bodies
        return [
            "settings": settingsSummary, "provider": provider.summary,
            "endpoint": [
                "url": .string(settings.webhookURL), "enabled": .bool(kept.isEndpointEnabled),
                "waiting": .integer(Int64(outbox.fresh.count + outbox.retries.count)),
                "held": .integer(Int64(outbox.held.count)),
            ],
            "checkouts": newest(kept.checkouts, bodies.checkout), "orders": newest(kept.orders, bodies.order),
            "refunds": newest(kept.refunds, bodies.refund),
            "disputes": newest(kept.disputes) {
                bodies.dispute($0, customerID: kept.orders[$0.orderID]?.customerID)
            },
            "events": .array(
                kept.eventIDs.suffix(100).reversed().compactMap { kept.events[$0] }.map(Self.summary)),
            "counts": [
                "checkouts": .integer(Int64(kept.checkouts.ids.count)),
                "orders": .integer(Int64(kept.orders.ids.count)), "events": .integer(Int64(kept.eventIDs.count)),
            ],
        ]
    }

    private static func summary(_ event: Event) -> JSON {
        [
            "webhook_id": .string(event.id), "type": .string(event.type), "about": .string(event.subject),
            "created_at": .string(event.createdAt.text), "status": .string(event.status.rawValue),
            "due_at": event.status == .waiting ? .string(event.dueAt.text) : .null,
            "attempts": .array(
                event.attempts.map { attempt in
                    [
                        "at": .string(attempt.at.text), "http_code": .optional(attempt.httpCode.map(Int64.init)),
                        "response": .string(attempt.response),
                    ]
                }),
        ]
    }

    private var settingsSummary: JSON {
        [
            "scheme": .string(behaviour.scheme.rawValue), "retry_factor": .decimal("\(behaviour.retryFactor)"),
            "drop": .bool(behaviour.isDropping), "drop_next": .integer(Int64(behaviour.dropNext)),
            "duplicates": .integer(Int64(behaviour.copies)), "hold": .bool(behaviour.isHolding),
            "replica_lag_seconds": .integer(behaviour.replicaLag.components.seconds),
            "api_limit_per_minute": .integer(Int64(behaviour.apiLimitPerMinute)),
            "benefit": .bool(behaviour.hasBenefit),
            "faults": .array(
                behaviour.faults.map { fault in
                    [
                        "fault": .string(fault.name), "count": .integer(Int64(fault.count)),
                        "acts": .bool(fault.acts),
                    ]
                }),
        ]
    }
}
