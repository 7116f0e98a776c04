internal import HTTP
internal import JSON

extension World {
    /// `GET /v1/customers/`
    func listCustomers(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let organizations = listing.uuids("organization_id")
        let emails = listing.values("email").map { Set($0.map { $0.lowercased() }) }
        let externalIDs = listing.values("external_id")
        let sorting = listing.sorting(["created_at", "email", "name"])
        var found = kept.customers.values.filter { customer in
            organizations.allows(kept.organizationID) && emails.allows(customer.email.lowercased())
                && externalIDs.allows(customer.externalID)
        }
        found.sort { $0.createdAt > $1.createdAt }
        if sorting.first?.isDescending == false { found.reverse() }
        return try listing.page(of: found, bodies.customer)
    }

    func readCustomer(_ id: String) throws(APIFailure) -> Response {
        guard let customer = kept.customers[try Self.identifier(id)] else { throw .notFound }
        return .json(.ok, bodies.customer(customer))
    }

    /// `GET /v1/customers/external/{external_id}`
    func readCustomer(externalID: String) throws(APIFailure) -> Response {
        guard let customer = customer(externalID: externalID) else { throw .notFound }
        return .json(.ok, bodies.customer(customer))
    }

    /// `POST /v1/customers/`
    ///
    /// Source: server/polar/customer/service.py of polarsource/polar
    mutating func createCustomer(_ request: Request) throws(APIFailure) -> Response {
        var body = try Validator.body(of: request)
        body.requireField("email")
        let email = body.email("email")
        let name = body.text("name", maximum: 256)
        let externalID = body.text("external_id")
        let country = body.root["billing_address"]?["country"]?.string
        let metadata = body.metadata("metadata")
        if let email, customer(email: email) != nil {
            body.refuse(
                ["email"], "value_error", "A customer with this email address already exists.", input: .string(email))
        }
        if let externalID, customer(externalID: externalID) != nil {
            body.refuse(
                ["external_id"], "value_error", "A customer with this external ID already exists.",
                input: .string(externalID))
        }
        try body.finish()
        guard let email else { throw .notFound }
        let customer = Customer(
            id: newUUID(), createdAt: tick(), modifiedAt: nil, externalID: externalID, email: email, name: name,
            country: country, metadata: StoredJSON(metadata))
        put(customer)
        emit("customer.created", bodies.customer(customer), about: customer.id)
        return .json(.created, bodies.customer(customer))
    }

    /// `POST /v1/customer-sessions/`
    mutating func createCustomerSession(_ request: Request) throws(APIFailure) -> Response {
        var body = try Validator.body(of: request)
        let id = body.uuid("customer_id")
        let externalID = body.text("external_customer_id") ?? body.text("customer_external_id")
        let returnURL = body.url("return_url")
        let customer = id.flatMap { kept.customers[$0] } ?? externalID.flatMap { self.customer(externalID: $0) }
        if customer == nil {
            let name = id == nil ? "external_customer_id" : "customer_id"
            body.refuse([.string(name)], "value_error", "Customer does not exist.", input: body.root[name])
        }
        try body.finish()
        guard let customer else { throw .notFound }
        let created = tick()
        let token = newToken("polar_cst_")
        portals[token] = customer.id
        let portal = "\(settings.publicURL)/portal?customer_session_token=\(token)"
        return .json(
            .created,
            [
                "created_at": .string(created.text), "modified_at": .null, "id": .string(newUUID()),
                "token": .string(token), "expires_at": .string((created + .seconds(3600)).text),
                "return_url": .optional(returnURL), "customer_portal_url": .string(portal),
                "customer_id": .string(customer.id), "customer": bodies.customer(customer),
            ])
    }

    // MARK: Products

    func listProducts(_ request: Request) throws(APIFailure) -> Response {
        var listing = Listing(request)
        let ids = listing.uuids("id")
        let organizations = listing.uuids("organization_id")
        let isArchived = listing.flag("is_archived")
        let isRecurring = listing.flag("is_recurring")
        let found = kept.products.values.filter { product in
            ids.allows(product.id) && organizations.allows(kept.organizationID) && isArchived != true
                && isRecurring != true
        }
        return try listing.page(of: found.sorted { $0.name < $1.name }, asSetUp)
    }

    func readProduct(_ id: String) throws(APIFailure) -> Response {
        guard let product = kept.products[try Self.identifier(id)] else { throw .notFound }
        return .json(.ok, asSetUp(product))
    }
}
