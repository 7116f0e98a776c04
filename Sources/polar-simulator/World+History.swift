internal import JSON

extension World {
    /// Sales of one pack each from the past, without any event: what a shop has that was sold from before it was ours.
    ///
    /// They lie evenly over `days` until an hour ago, always `equal` of them at the same moment; a thousand buyers take
    /// turns, and every so many orders one is refunded whole.
    mutating func addHistory(_ wish: Wish) throws(Refusal) -> JSON {
        guard let count = try wish.number("orders"), (1...1_000_000).contains(count) else {
            throw .badParameter("orders is not a number from 1 to 1000000.")
        }
        let refunds = min(count, try wish.number("refunds") ?? 0)
        let equal = max(1, try wish.number("equal") ?? 1)
        let days = min(3650, try wish.number("days") ?? 20)
        guard let product = kept.products[settings.productID] else { throw .notFound() }
        let end = tick() - .seconds(3600)
        let step = days * 86_400_000_000 / (count / equal + 1)
        for number in 0..<count {
            let moment = Moment(microseconds: end.microseconds - (count - 1 - number) / equal * step)
            let isRefunded = (number + 1) * refunds / count > number * refunds / count
            addSale(of: product, to: "buyer\(number % 1000)", at: moment, isRefunded: isRefunded)
        }
        return ["orders": .integer(count), "refunds": .integer(refunds)]
    }

    private mutating func addSale(of product: Product, to user: String, at moment: Moment, isRefunded: Bool) {
        let known = customer(externalID: user)
        let customer =
            known
            ?? Customer(
                id: newUUID(), createdAt: moment, modifiedAt: moment, externalID: user, email: "\(user)@example.com",
                name: nil, country: "US", metadata: StoredJSON())
        if known == nil { put(customer) }
        let refundedAt = moment + .seconds(60)
        let order = Order(
            id: newUUID(), createdAt: moment, modifiedAt: isRefunded ? refundedAt + .milliseconds(5) : nil,
            status: isRefunded ? .refunded : .paid, price: product.price, discountAmount: 0, taxAmount: 0,
            refundedAmount: isRefunded ? product.price.amount : 0, refundedTaxAmount: 0, productID: product.id,
            customerID: customer.id, checkoutID: nil, country: "US", billingName: nil,
            invoiceNumber: nextInvoiceNumber(), receiptNumber: nil, itemID: newUUID(),
            metadata: StoredJSON(["user_id": .string(user)]))
        put(order)
        guard isRefunded else { return }
        put(
            Refund(
                id: newUUID(), createdAt: refundedAt, modifiedAt: nil, status: .succeeded, reason: .customerRequest,
                amount: order.netAmount, taxAmount: 0, currency: order.price.currency, orderID: order.id,
                customerID: customer.id, revokesBenefits: false, disputeID: nil, metadata: StoredJSON()))
    }
}
