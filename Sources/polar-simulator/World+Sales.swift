internal import JSON

/// Why a buyer's or the control page's wish cannot be fulfilled, in Polar's words where it has some.
struct Refusal: Error, Equatable, Sendable {
    let status: Int
    let error: String
    let detail: String

    init(_ status: Int, _ error: String, _ detail: String) {
        self.status = status
        self.error = error
        self.detail = detail
    }

    static func badParameter(_ detail: String) -> Refusal { Refusal(422, "BadParameter", detail) }

    static func notFound(_ what: String = "Not found") -> Refusal { Refusal(404, "ResourceNotFound", what) }
}

/// Who pays, as the form of the checkout page says.
struct Buyer: Sendable {
    var email: String
    var name: String?
    var country: String
    /// The control page may let another customer pay than the one the session is for.
    var externalID: String?
    /// What a discount code took off the price, in cents; all of it makes the order free.
    var discount: Int64 = 0
}

extension World {
    static let lifetimeOfCheckouts = Duration.seconds(86_400)

    mutating func put(_ checkout: Checkout) {
        kept.checkouts.put(checkout, id: checkout.id, at: checkout.modifiedAt ?? checkout.createdAt)
        kept.checkoutBySecret[checkout.clientSecret] = checkout.id
    }

    mutating func put(_ order: Order) {
        kept.orders.put(order, id: order.id, at: order.modifiedAt ?? order.createdAt)
    }

    mutating func put(_ customer: Customer) {
        kept.customers[customer.id] = customer
        kept.customerByEmail[customer.email.lowercased()] = customer.id
        if let externalID = customer.externalID { kept.customerByExternalID[externalID] = customer.id }
    }

    func customer(externalID: String) -> Customer? {
        kept.customerByExternalID[externalID].flatMap { kept.customers[$0] }
    }

    func customer(email: String) -> Customer? {
        kept.customerByEmail[email.lowercased()].flatMap { kept.customers[$0] }
    }

    /// Changes a checkout, and tells so.
    private mutating func update(
        _ checkout: inout Checkout, to status: Checkout.Status, event: String = "checkout.updated"
    ) {
        checkout.status = status
        checkout.modifiedAt = tick()
        put(checkout)
        emit(event, bodies.checkout(checkout), about: checkout.id)
    }

    /// The buyer presses Pay: `confirmed`, then, if the charge succeeds, an order and `succeeded`.
    mutating func pay(_ id: String, by buyer: Buyer) throws(Refusal) -> Order {
        var checkout = try payable(id)
        let customer = try customer(of: &checkout, for: buyer)
        checkout.discountAmount = min(buyer.discount, checkout.price.amount)
        checkout.taxAmount = checkout.netAmount * Self.taxPercent(in: buyer.country) / 100
        update(&checkout, to: .confirmed)
        if let customer { emit("customer.created", bodies.customer(customer), about: customer.id) }
        let order = makePaidOrder(from: checkout)
        update(&checkout, to: .succeeded)
        if behaviour.hasBenefit { emitGrant(of: order, isRevoked: false) }
        return order
    }

    /// The charge fails: the checkout is open again and nothing was sold.
    mutating func decline(_ id: String, by buyer: Buyer) throws(Refusal) {
        var checkout = try payable(id)
        let customer = try customer(of: &checkout, for: buyer)
        update(&checkout, to: .confirmed)
        if let customer { emit("customer.created", bodies.customer(customer), about: customer.id) }
        update(&checkout, to: .open)
    }

    mutating func expire(_ id: String) throws(Refusal) {
        guard var checkout = kept.checkouts[id] else { throw .notFound() }
        guard checkout.status == .open else { throw Refusal(403, "NotOpenCheckout", "Checkout is not open.") }
        update(&checkout, to: .expired, event: "checkout.expired")
    }

    private func payable(_ id: String) throws(Refusal) -> Checkout {
        guard let checkout = kept.checkouts[id] else { throw .notFound() }
        guard checkout.status == .open else { throw Refusal(403, "NotOpenCheckout", "Checkout is not open.") }
        guard checkout.expiresAt > Moment.now() else {
            throw Refusal(410, "ExpiredCheckoutError", "This checkout session has expired.")
        }
        return checkout
    }

    /// Finds whom the order belongs to: by e-mail first, whatever external id the session names.
    ///
    /// - Returns: the customer if it was made just now.
    ///
    /// Source: server/polar/checkout/service.py:2890-2940 of polarsource/polar
    private mutating func customer(of checkout: inout Checkout, for buyer: Buyer) throws(Refusal) -> Customer? {
        checkout.country = buyer.country
        checkout.customerName = buyer.name ?? checkout.customerName
        if checkout.customerID != nil && buyer.externalID == nil { return nil }
        if let other = buyer.externalID.flatMap({ self.customer(externalID: $0) }) {
            checkout.customerID = other.id
            return nil
        }
        let externalID = buyer.externalID ?? checkout.externalCustomerID
        checkout.customerEmail = buyer.email
        if let known = customer(email: buyer.email) {
            checkout.customerID = known.id
            return nil
        }
        if let externalID, customer(externalID: externalID) != nil {
            throw Refusal(
                422, "CheckoutCustomerExternalIdMismatch",
                "The customer external ID is already used by a customer with another email address.")
        }
        let moment = tick()
        let customer = Customer(
            id: newUUID(), createdAt: moment, modifiedAt: moment, externalID: externalID, email: buyer.email,
            name: checkout.customerName, country: buyer.country, metadata: checkout.customerMetadata)
        put(customer)
        checkout.customerID = customer.id
        return customer
    }

    private mutating func makePaidOrder(from checkout: Checkout) -> Order {
        let order = Order(
            id: newUUID(), createdAt: tick(), modifiedAt: nil, status: .paid, price: checkout.price,
            discountAmount: checkout.discountAmount, taxAmount: checkout.taxAmount ?? 0, refundedAmount: 0,
            refundedTaxAmount: 0, productID: checkout.products.first ?? settings.productID,
            customerID: checkout.customerID ?? "", checkoutID: checkout.id, country: checkout.country,
            billingName: checkout.customerName, invoiceNumber: nextInvoiceNumber(), receiptNumber: nil,
            itemID: newUUID(), metadata: checkout.metadata)
        return announcePaid(order, created: true)
    }

    /// `order.created` says `paid` at once; the receipt has its number only in the third event.
    mutating func announcePaid(_ order: Order, created: Bool) -> Order {
        var order = order
        put(order)
        if created { emit("order.created", bodies.order(order), about: order.id) }
        emit("order.updated", bodies.order(order), about: order.id)
        order.receiptNumber = order.invoiceNumber.replacing("INV", with: "RCPT")
        put(order)
        emit("order.paid", bodies.order(order), about: order.id)
        return order
    }

    mutating func nextInvoiceNumber() -> String {
        kept.invoiceCount += 1
        let digits = String(kept.invoiceCount)
        return "INV-SIM-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    mutating func emitGrant(of order: Order, isRevoked: Bool) {
        let grant = bodies.benefitGrant(of: order, isRevoked: isRevoked, at: tick())
        emit(isRevoked ? "benefit_grant.revoked" : "benefit_grant.created", grant, about: order.id)
    }

    /// Exclusive, and simple: 20 % where Polar would have to collect VAT.
    static func taxPercent(in country: String) -> Int64 {
        ["AT", "BE", "DE", "ES", "FR", "GB", "IE", "IT", "NL", "PL", "PT", "SE"].contains(country) ? 20 : 0
    }
}
