internal import HTTP
internal import JSON

extension World {
    /// `GET /v1/orders/{id}`, from the replica.
    func readOrder(_ id: String) throws(APIFailure) -> Response {
        let id = try Self.identifier(id)
        guard let order = kept.orders.value(id, at: replicaMoment) else { throw .notFound }
        return .json(.ok, bodies.order(order))
    }

    /// `GET /v1/orders/`
    ///
    /// Source: server/polar/order/endpoints.py:92-132 and sorting.py of polarsource/polar
    func listOrders(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let statuses = listing.choices("status", among: Order.Status.allCases.map(\.rawValue))
        let organizations = listing.uuids("organization_id")
        let products = listing.uuids("product_id")
        let customers = listing.uuids("customer_id")
        let checkouts = listing.uuids("checkout_id")
        let discounts = listing.uuids("discount_id")
        let subscriptions = listing.uuids("subscription_id")
        let types = listing.choices("product_billing_type", among: ["one_time", "recurring"])
        let externalIDs = listing.values("external_customer_id")
        let after = listing.moment("created_after")
        let before = listing.moment("created_before")
        let metadata = listing.metadata
        let sorting = listing.sorting([
            "created_at", "status", "invoice_number", "amount", "net_amount", "customer", "product", "discount",
            "subscription",
        ])
        let found = kept.orders.all(at: replicaMoment) { order in
            after.map { order.createdAt >= $0 } ?? true && before.map { order.createdAt <= $0 } ?? true
                && statuses.allows(order.status.rawValue) && organizations.allows(kept.organizationID)
                && products.allows(order.productID) && customers.allows(order.customerID)
                && checkouts.allows(order.checkoutID) && discounts.allows(nil) && subscriptions.allows(nil)
                && types.allows("one_time") && externalIDs.allows(kept.customers[order.customerID]?.externalID)
                && metadata.allSatisfy { Self.text(order.metadata.value[$0.name]) == $0.value }
        }
        return try listing.page(of: sorted(found, by: sorting)) { bodies.order(found[$0]) }
    }

    private static func text(_ value: JSON?) -> String? {
        guard let value else { return nil }
        return value.string ?? value.text
    }

    /// Equals stand in another order in each answer: Polar's database promises none.
    ///
    /// - Returns: their places in `orders`.
    private func sorted(_ orders: [Order], by criteria: [(name: String, isDescending: Bool)]) -> [Int] {
        // The last criterion first, each time keeping the order of equals.
        criteria.reversed().reduce(Array(orders.indices).shuffled()) { order, criterion in
            let placed = order.enumerated().map {
                (place: $0.offset, index: $0.element, key: key(criterion.name, of: orders[$0.element]))
            }
            return placed.sorted { left, right in
                if left.key == right.key { return left.place < right.place }
                return criterion.isDescending ? left.key > right.key : left.key < right.key
            }.map(\.index)
        }
    }

    private func key(_ name: String, of order: Order) -> (Int64, String) {
        switch name {
        case "status": (0, order.status.rawValue)
        case "invoice_number": (0, order.invoiceNumber)
        case "amount", "net_amount": (order.netAmount, "")
        case "customer": (0, kept.customers[order.customerID]?.email ?? "")
        case "product": (0, kept.products[order.productID]?.name ?? "")
        case "discount", "subscription": (0, "")
        case _: (order.createdAt.microseconds, "")
        }
    }

    // MARK: Refunds

    /// `GET /v1/refunds/`
    func listRefunds(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let ids = listing.uuids("id")
        let organizations = listing.uuids("organization_id")
        let orders = listing.uuids("order_id")
        let subscriptions = listing.uuids("subscription_id")
        let customers = listing.uuids("customer_id")
        let externalIDs = listing.values("external_customer_id")
        let succeeded = listing.flag("succeeded")
        let sorting = listing.sorting(["created_at", "amount"])
        var found = kept.refunds.all(at: replicaMoment).filter { refund in
            ids.allows(refund.id) && organizations.allows(kept.organizationID) && orders.allows(refund.orderID)
                && subscriptions.allows(nil) && customers.allows(refund.customerID)
                && externalIDs.allows(kept.customers[refund.customerID]?.externalID)
                && succeeded.map { $0 == (refund.status == .succeeded) } ?? true
        }
        let isByAmount = sorting.first?.name == "amount"
        found.sort { isByAmount ? $0.amount > $1.amount : $0.createdAt > $1.createdAt }
        if sorting.first?.isDescending == false { found.reverse() }
        return try listing.page(of: found, bodies.refund)
    }

    /// `POST /v1/refunds/`
    mutating func createRefund(_ request: Request) throws(APIFailure) -> Response {
        var body = try Validator.body(of: request)
        for name in ["order_id", "reason", "amount"] { body.requireField(name) }
        let orderID = body.uuid("order_id")
        let reason = body.text("reason").flatMap { Refund.Reason(rawValue: $0) }
        if body.root["reason"] != nil, reason == nil || reason == .disputePrevention {
            body.refuse(["reason"], "enum", "Input should be a refund reason", input: body.root["reason"])
        }
        let amount = body.root["amount"]?.integer
        if body.root["amount"] != nil, amount.map({ $0 <= 0 }) ?? true {
            body.refuse(["amount"], "greater_than", "Input should be greater than 0", input: body.root["amount"])
        }
        let revokes = body.flag("revoke_benefits") ?? false
        _ = body.text("comment")
        let metadata = body.metadata("metadata")
        try body.finish()
        guard let orderID, let reason, let amount else { throw .notFound }
        guard let order = kept.orders[orderID] else {
            body.refuse(["order_id"], "value_error", "Order not found", input: .string(orderID))
            throw .invalid(body.faults)
        }
        guard order.totalAmount > 0 else {
            throw .refused(Refusal(404, "RefundUnknownPayment", "Refund payment not found."))
        }
        guard !isInDispute(order) else {
            throw .refused(Refusal(403, "RefundDisputedPayment", "The payment is disputed."))
        }
        let wish = RefundWish(amount: amount, reason: reason, revokesBenefits: revokes, metadata: metadata)
        do throws(Refusal) {
            let refund = try refund(order.id, wish)
            return .json(.created, bodies.refund(refund))
        } catch {
            guard error.status == 422 else { throw .refused(error) }
            body.refuse(["amount"], "value_error", error.detail, input: .integer(amount))
            throw .invalid(body.faults)
        }
    }

    private func isInDispute(_ order: Order) -> Bool {
        kept.disputes.newest.values.contains { dispute in
            guard dispute.orderID == order.id else { return false }
            switch dispute.status {
            case .needsResponse, .underReview, .lost: return true
            case .prevented, .earlyWarning, .won: return false
            }
        }
    }

    // MARK: Disputes

    /// `GET /v1/disputes/`
    func listDisputes(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let organizations = listing.uuids("organization_id")
        let orders = listing.uuids("order_id")
        let statuses = listing.choices("status", among: Dispute.Status.allCases.map(\.rawValue))
        let sorting = listing.sorting(["created_at", "amount"])
        var found = kept.disputes.all(at: replicaMoment).filter { dispute in
            organizations.allows(kept.organizationID) && orders.allows(dispute.orderID)
                && statuses.allows(dispute.status.rawValue)
        }
        if sorting.first?.isDescending == false { found.reverse() }
        return try listing.page(of: found, disputeBody)
    }

    /// `GET /v1/disputes/{id}`
    func readDispute(_ id: String) throws(APIFailure) -> Response {
        let id = try Self.identifier(id)
        guard let dispute = kept.disputes.value(id, at: replicaMoment) else { throw .notFound }
        return .json(.ok, disputeBody(dispute))
    }

    private func disputeBody(_ dispute: Dispute) -> JSON {
        bodies.dispute(dispute, customerID: kept.orders[dispute.orderID]?.customerID)
    }
}
