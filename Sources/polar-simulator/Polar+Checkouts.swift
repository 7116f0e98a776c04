internal import HTTP
internal import JSON

extension World {
    /// `POST /v1/checkouts/`
    ///
    /// Source: server/polar/checkout/schemas.py:190-388 and service.py of polarsource/polar
    mutating func createCheckout(_ request: Request) throws(APIFailure) -> Response {
        var body = try Validator.body(of: request)
        let products = soldProducts(&body)
        let prices = adHocPrices(&body, of: products)
        let unknownCustomer = customerNamed(by: &body)
        for name in ["units", "min_units", "max_units"] where body.root[name] != nil {
            body.refuse([.string(name)], "value_error", "Units can only be set on unit-based pricing.")
        }
        let name = body.text("customer_name", maximum: 256).flatMap { $0.isEmpty ? nil : $0 }
        let email = body.email("customer_email")
        let address = body.text("customer_ip_address")
        if let address, !Self.isAddress(address) {
            body.refuse(
                ["customer_ip_address"], "ip_any_address", "value is not a valid IPv4 or IPv6 address",
                input: .string(address))
        }
        let country = body.root["customer_billing_address"]?["country"]?.string
        let successURL = body.url("success_url")
        let returnURL = body.url("return_url")
        let embedOrigin = body.text("embed_origin")
        let locale = body.text("locale")
        let allowsCodes = body.flag("allow_discount_codes") ?? true
        let metadata = body.metadata("metadata")
        let customerMetadata = body.metadata("customer_metadata")
        let currency = body.text("currency")
        let price = products.first.flatMap { prices[$0]?.first ?? kept.products[$0]?.price }
        if let currency, let price, currency.lowercased() != price.currency {
            body.refuse(
                ["currency"], "value_error", "Product is not available in this currency.", input: .string(currency))
        }
        try body.finish()
        guard let price else { throw .notFound }

        let created = tick()
        let secret = newToken("polar_c_")
        let checkout = Checkout(
            id: newUUID(), createdAt: created, modifiedAt: nil, expiresAt: created + Self.lifetimeOfCheckouts,
            status: .open, clientSecret: secret,
            successURL: successURL ?? "\(settings.publicURL)/checkout/\(secret)/confirmation", returnURL: returnURL,
            embedOrigin: embedOrigin, products: products, price: price, prices: prices, discountAmount: 0,
            taxAmount: country == nil ? nil : price.amount * Self.taxPercent(in: country ?? "") / 100, country: country,
            customerID: unknownCustomer.known?.id, externalCustomerID: unknownCustomer.externalID,
            customerName: name ?? unknownCustomer.known?.name, customerEmail: email ?? unknownCustomer.known?.email,
            customerIP: address, locale: locale, allowsDiscountCodes: allowsCodes, metadata: StoredJSON(metadata),
            customerMetadata: StoredJSON(customerMetadata))
        put(checkout)
        let data = bodies.checkout(checkout)
        emit("checkout.created", data, about: checkout.id)
        return .json(.created, data)
    }

    private func soldProducts(_ body: inout Validator) -> [String] {
        body.requireField("products")
        guard let value = body.root["products"] else { return [] }
        guard let list = value.array else {
            body.refuse(["products"], "list_type", "Input should be a valid list", input: value)
            return []
        }
        if list.isEmpty {
            body.refuse(
                ["products"], "too_short", "List should have at least 1 item after validation, not 0", input: value)
        }
        var ids: [String] = []
        for (index, element) in list.enumerated() {
            let path: [JSON] = ["products", .integer(Int64(index))]
            guard let text = element.string, isUUID(text) else {
                body.refuse(path, "uuid_parsing", "Input should be a valid UUID", input: element)
                continue
            }
            let id = text.lowercased()
            if kept.products[id] == nil { body.refuse(path, "value_error", "Product does not exist.", input: element) }
            if ids.contains(id) { body.refuse(path, "value_error", "Products must be unique.", input: element) }
            ids.append(id)
        }
        return ids
    }

    /// `{product_id: [{amount_type: fixed, price_amount, price_currency}]}`
    private mutating func adHocPrices(_ body: inout Validator, of products: [String]) -> [String: [Price]] {
        guard let value = body.root["prices"] else { return [:] }
        guard let members = value.members else {
            body.refuse(["prices"], "dict_type", "Input should be a valid dictionary", input: value)
            return [:]
        }
        var prices: [String: [Price]] = [:]
        for member in members {
            let id = member.name.lowercased()
            let path: [JSON] = ["prices", .string(member.name)]
            if !products.contains(id) {
                body.refuse(path, "value_error", "Product is not part of this checkout.", input: .string(member.name))
            }
            guard let list = member.value.array, !list.isEmpty else {
                body.refuse(
                    path, "too_short", "List should have at least 1 item after validation, not 0", input: member.value)
                continue
            }
            for (index, element) in list.enumerated() {
                if let price = adHocPrice(element, at: path + [.integer(Int64(index))], &body) {
                    prices[id, default: []].append(price)
                }
            }
        }
        return prices
    }

    private mutating func adHocPrice(_ element: JSON, at path: [JSON], _ body: inout Validator) -> Price? {
        guard element["amount_type"]?.string == "fixed" else {
            body.refuse(
                path, "union_tag_invalid", "Input tag does not match any of the expected tags: 'fixed'", input: element)
            return nil
        }
        guard let amount = element["price_amount"]?.integer else {
            body.refuse(
                path + ["fixed", "price_amount"], "int_type", "Input should be a valid integer", input: element)
            return nil
        }
        guard amount >= 50 else {
            body.refuse(
                path + ["fixed", "price_amount"], "greater_than_equal", "Input should be greater than or equal to 50",
                input: .integer(amount))
            return nil
        }
        guard amount <= 99_999_999 else {
            body.refuse(
                path + ["fixed", "price_amount"], "less_than_equal",
                "Input should be less than or equal to 99999999", input: .integer(amount))
            return nil
        }
        let currency = element["price_currency"]?.string ?? "usd"
        guard ["usd", "eur", "gbp", "cad", "aud", "jpy", "chf", "sek", "inr", "brl"].contains(currency) else {
            body.refuse(
                path + ["fixed", "price_currency"], "enum", "Input should be a presentment currency",
                input: .string(currency))
            return nil
        }
        return Price(id: newUUID(), createdAt: tick(), isAdHoc: true, amount: amount, currency: currency)
    }

    /// A customer that is known already ties the session to itself; an unknown external id makes nobody yet.
    private func customerNamed(by body: inout Validator) -> (known: Customer?, externalID: String?) {
        let externalID = body.text("external_customer_id") ?? body.text("customer_external_id")
        if let id = body.uuid("customer_id") {
            guard let customer = kept.customers[id] else {
                body.refuse(["customer_id"], "value_error", "Customer does not exist.", input: .string(id))
                return (nil, externalID)
            }
            return (customer, customer.externalID)
        }
        return (externalID.flatMap { customer(externalID: $0) }, externalID)
    }

    private static func isAddress(_ text: String) -> Bool {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        if numbers.count == 4 { return numbers.allSatisfy { $0 != nil } }
        return text.contains(":") && text.utf8.count <= 39
            && text.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }

    /// `GET /v1/checkouts/{id}`, from the replica.
    func readCheckout(_ id: String) throws(APIFailure) -> Response {
        let id = try Self.identifier(id)
        guard let checkout = kept.checkouts.value(id, at: replicaMoment) else { throw .notFound }
        return .json(.ok, bodies.checkout(checkout))
    }

    /// `GET /v1/checkouts/`
    func listCheckouts(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let organizations = listing.uuids("organization_id")
        let products = listing.uuids("product_id")
        let customers = listing.uuids("customer_id")
        let externalIDs = listing.values("external_customer_id")
        let statuses = listing.choices("status", among: Checkout.Status.allCases.map(\.rawValue))
        let sorting = listing.sorting(["created_at", "expires_at", "status"])
        var found = kept.checkouts.all(at: replicaMoment).filter { checkout in
            organizations.allows(kept.organizationID) && products.allows(checkout.products.first)
                && customers.allows(checkout.customerID) && externalIDs.allows(checkout.externalCustomerID)
                && statuses.allows(checkout.status.rawValue)
        }
        if sorting.first?.isDescending == false { found.reverse() }
        return try listing.page(of: found, bodies.checkout)
    }

    /// A path's id, in lower case.
    static func identifier(_ text: String) throws(APIFailure) -> String {
        guard isUUID(text) else {
            throw .invalid(
                "uuid_parsing", at: ["path", "id"], "Input should be a valid UUID", input: .string(text))
        }
        return text.lowercased()
    }
}
