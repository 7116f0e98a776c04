internal import JSON

struct RefundWish: Sendable {
    /// Before tax; `nil`: all that is left.
    var amount: Int64?
    var reason = Refund.Reason.customerRequest
    var isPending = false
    var revokesBenefits = false
    var metadata = JSON.object([])
    var disputeID: String?
}

extension World {
    /// Source: server/polar/refund/service.py of polarsource/polar
    mutating func refund(_ orderID: String, _ wish: RefundWish) throws(Refusal) -> Refund {
        guard let order = kept.orders[orderID] else { throw .notFound() }
        guard order.status.isPaid, order.totalAmount > 0 else {
            throw Refusal(404, "RefundUnknownPayment", "Refund payment not found.")
        }
        let underWay = refunds(of: orderID).filter { $0.status == .pending }.reduce(0) { $0 + $1.amount }
        let left = order.refundableAmount - underWay
        guard left > 0 else { throw Refusal(403, "RefundedAlready", "Order is already fully refunded.") }
        let amount = wish.amount ?? left
        guard amount > 0, amount <= left else {
            throw Refusal(
                422, "RefundAmountTooHigh",
                "Refund amount \(amount) exceeds the remaining order balance: \(left)")
        }
        let refund = Refund(
            id: newUUID(), createdAt: tick(), modifiedAt: nil, status: wish.isPending ? .pending : .succeeded,
            reason: wish.reason, amount: amount, taxAmount: tax(on: amount, of: order), currency: order.price.currency,
            orderID: order.id, customerID: order.customerID, revokesBenefits: wish.revokesBenefits,
            disputeID: wish.disputeID, metadata: StoredJSON(wish.metadata))
        put(refund)
        emit("refund.created", bodies.refund(refund), about: order.id)
        if refund.status == .succeeded { book(refund, of: order) }
        return refund
    }

    /// A pending refund ends: `refund.updated`, and if it succeeded, what a refund does.
    mutating func settle(_ refundID: String, succeeded: Bool) throws(Refusal) -> Refund {
        guard var refund = kept.refunds[refundID], let order = kept.orders[refund.orderID] else { throw .notFound() }
        guard refund.status == .pending else { throw Refusal(409, "NotPending", "The refund is not pending.") }
        refund.status = succeeded ? .succeeded : .failed
        refund.modifiedAt = tick()
        put(refund)
        emit("refund.updated", bodies.refund(refund), about: order.id)
        if succeeded { book(refund, of: order) }
        return refund
    }

    /// The bank sends a refund back: the order's total goes down, and only `order.updated` says so.
    mutating func bounce(_ refundID: String) throws(Refusal) -> Refund {
        guard var refund = kept.refunds[refundID], var order = kept.orders[refund.orderID] else { throw .notFound() }
        guard refund.status == .succeeded else { throw Refusal(409, "NotSucceeded", "The refund has not succeeded.") }
        refund.status = .failed
        refund.modifiedAt = tick()
        put(refund)
        emit("refund.updated", bodies.refund(refund), about: order.id)
        order.refundedAmount -= refund.amount
        order.refundedTaxAmount -= refund.taxAmount
        order.status = order.refundedAmount == 0 ? .paid : .partiallyRefunded
        update(&order)
        return refund
    }

    func refunds(of orderID: String) -> [Refund] {
        kept.refunds.newest.values.filter { $0.orderID == orderID }
    }

    /// Cumulative, net of tax; the last one makes the order `refunded`.
    private mutating func book(_ refund: Refund, of paidOrder: Order) {
        var order = paidOrder
        order.refundedAmount += refund.amount
        order.refundedTaxAmount += refund.taxAmount
        order.status = order.refundedAmount >= order.netAmount ? .refunded : .partiallyRefunded
        update(&order)
        emit("order.refunded", bodies.order(order), about: order.id)
        if refund.revokesBenefits && behaviour.hasBenefit { emitGrant(of: order, isRevoked: true) }
    }

    private mutating func update(_ order: inout Order) {
        order.modifiedAt = tick()
        put(order)
        emit("order.updated", bodies.order(order), about: order.id)
    }

    mutating func put(_ refund: Refund) {
        kept.refunds.put(refund, id: refund.id, at: refund.modifiedAt ?? refund.createdAt)
    }

    private func tax(on amount: Int64, of order: Order) -> Int64 {
        if amount == order.refundableAmount { return order.refundableTaxAmount }
        return order.netAmount == 0 ? 0 : order.taxAmount * amount / order.netAmount
    }

    // MARK: Disputes

    /// Prevented: the network gives the money back before it comes to a dispute, and Polar books a refund.
    mutating func openDispute(_ orderID: String, _ status: Dispute.Status) throws(Refusal) -> Dispute {
        guard let order = kept.orders[orderID] else { throw .notFound() }
        guard order.status.isPaid else { throw Refusal(409, "NotPaid", "The order is not paid.") }
        let first: Dispute.Status = status == .prevented ? .earlyWarning : .needsResponse
        let dispute = Dispute(
            id: newUUID(), createdAt: tick(), modifiedAt: nil, status: first,
            amount: order.netAmount, taxAmount: order.taxAmount, currency: order.price.currency, orderID: order.id,
            paymentID: newUUID())
        put(dispute)
        return try move(dispute.id, to: status)
    }

    /// Lost or won: no event at all, unless the product has a benefit, which is revoked either way.
    ///
    /// Source: server/polar/dispute/service.py:298-333 of polarsource/polar
    mutating func move(_ disputeID: String, to status: Dispute.Status) throws(Refusal) -> Dispute {
        guard var dispute = kept.disputes[disputeID], let order = kept.orders[dispute.orderID] else {
            throw .notFound()
        }
        let former = dispute.status
        guard former != status else { return dispute }
        dispute.status = status
        dispute.modifiedAt = tick()
        put(dispute)
        switch status {
        case .prevented:
            let wish = RefundWish(reason: .disputePrevention, revokesBenefits: true, disputeID: dispute.id)
            if order.refundableAmount > 0 { _ = try refund(order.id, wish) }
        case .lost, .won:
            if behaviour.hasBenefit { emitGrant(of: order, isRevoked: true) }
        case .earlyWarning, .needsResponse, .underReview:
            // Prevented, and then raised anyway: the refund did not happen.
            let own = refunds(of: order.id).first { $0.disputeID == dispute.id && $0.status == .succeeded }
            if former == .prevented, let own { _ = try bounce(own.id) }
        }
        return dispute
    }

    private mutating func put(_ dispute: Dispute) {
        kept.disputes.put(dispute, id: dispute.id, at: dispute.modifiedAt ?? dispute.createdAt)
    }

    // MARK: Orders without a checkout

    /// An order that no checkout of ours led to: off-session, by a payment link, of another product.
    mutating func makeOrder(
        product: Product, amount: Int64, email: String, externalID: String?, metadata: JSON, isPending: Bool
    ) -> Order {
        let customer = customer(email: email) ?? externalID.flatMap { self.customer(externalID: $0) }
        let buyer = customer ?? newCustomer(email: email, externalID: externalID)
        var price = product.price
        if price.amount != amount {
            price = Price(
                id: newUUID(), createdAt: tick(), isAdHoc: true, amount: amount, currency: product.price.currency)
        }
        let order = Order(
            id: newUUID(), createdAt: tick(), modifiedAt: nil, status: isPending ? .pending : .paid, price: price,
            discountAmount: 0, taxAmount: 0, refundedAmount: 0, refundedTaxAmount: 0, productID: product.id,
            customerID: buyer.id, checkoutID: nil, country: buyer.country, billingName: buyer.name,
            invoiceNumber: nextInvoiceNumber(), receiptNumber: nil, itemID: newUUID(), metadata: StoredJSON(metadata))
        guard isPending else { return announcePaid(order, created: true) }
        put(order)
        emit("order.created", bodies.order(order), about: order.id)
        return order
    }

    private mutating func newCustomer(email: String, externalID: String?) -> Customer {
        let moment = tick()
        let customer = Customer(
            id: newUUID(), createdAt: moment, modifiedAt: moment, externalID: externalID, email: email, name: nil,
            country: "US", metadata: StoredJSON())
        put(customer)
        emit("customer.created", bodies.customer(customer), about: customer.id)
        return customer
    }

    /// A pending order is paid at last, or never will be.
    mutating func close(_ orderID: String, as status: Order.Status) throws(Refusal) -> Order {
        guard var order = kept.orders[orderID] else { throw .notFound() }
        guard order.status == .pending else { throw Refusal(409, "NotPending", "The order is not pending.") }
        order.status = status
        if status == .paid {
            order.modifiedAt = tick()
            return announcePaid(order, created: false)
        }
        update(&order)
        return order
    }
}
