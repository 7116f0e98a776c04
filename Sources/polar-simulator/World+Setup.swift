internal import JSON

/// What the merchant has set up at Polar, where it is not as it should be. Gone with the process.
struct Setup: Sendable {
    /// What the token may do; `nil`: everything.
    var scopes: Set<String>?
    var endpointURL: String?
    var endpointEvents: [String]?
    var endpointFormat = "raw"
    var isEndpointMissing = false
    var isProductArchived = false
    var isProductRecurring = false
    var productCurrency: String?
    var productAmount: Int64?
    var productAmountType: String?
    /// How far Polar's `Date` is ahead of this machine's clock.
    var dateOffset = Duration.zero
}

extension World {
    /// An empty wish: all is as it should be again.
    mutating func setUp(_ wish: Wish) throws(Refusal) -> JSON {
        guard wish.json.members?.isEmpty == false else {
            behaviour.setup = Setup()
            return .object([])
        }
        var setup = behaviour.setup
        if let scopes = wish.json["scopes"]?.array { setup.scopes = Set(scopes.compactMap(\.string)) }
        if let events = wish.json["endpoint_events"]?.array { setup.endpointEvents = events.compactMap(\.string) }
        setup.endpointURL = wish.text("endpoint_url") ?? setup.endpointURL
        setup.endpointFormat = wish.text("endpoint_format") ?? setup.endpointFormat
        setup.isEndpointMissing = try wish.flag("endpoint_missing") ?? setup.isEndpointMissing
        setup.isProductArchived = try wish.flag("product_archived") ?? setup.isProductArchived
        setup.isProductRecurring = try wish.flag("product_recurring") ?? setup.isProductRecurring
        setup.productCurrency = wish.text("product_currency") ?? setup.productCurrency
        setup.productAmount = try wish.number("product_amount") ?? setup.productAmount
        setup.productAmountType = wish.text("product_amount_type") ?? setup.productAmountType
        if let seconds = try wish.number("date_offset_seconds") { setup.dateOffset = .seconds(seconds) }
        behaviour.setup = setup
        return .object([])
    }

    /// The product that is sold, as the merchant has it now.
    func asSetUp(_ product: Product) -> JSON {
        let body = bodies.product(product)
        guard product.id == settings.productID else { return body }
        let setup = behaviour.setup
        return .object(
            (body.members ?? []).map { member in
                switch member.name {
                case "is_archived": JSON.Member(member.name, .bool(setup.isProductArchived))
                case "is_recurring": JSON.Member(member.name, .bool(setup.isProductRecurring))
                case "prices": JSON.Member(member.name, .array((member.value.array ?? []).map(priced)))
                case _: member
                }
            })
    }

    private func priced(_ price: JSON) -> JSON {
        let setup = behaviour.setup
        return .object(
            (price.members ?? []).map { member in
                switch member.name {
                case "price_currency": JSON.Member(member.name, setup.productCurrency.map(JSON.string) ?? member.value)
                case "price_amount": JSON.Member(member.name, setup.productAmount.map(JSON.integer) ?? member.value)
                case "amount_type": JSON.Member(member.name, setup.productAmountType.map(JSON.string) ?? member.value)
                case _: member
                }
            })
    }

    /// Whether the token has the scope that the call needs.
    ///
    /// Source: server/polar/auth/scope.py of polarsource/polar
    func mayCall(_ collection: String, isReading: Bool) -> Bool {
        guard let scopes = behaviour.setup.scopes else { return true }
        return scopes.contains("\(collection.replacing("-", with: "_")):\(isReading ? "read" : "write")")
    }
}

extension Moment {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    ///
    /// Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
    var httpDate: String {
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.prefix(10).split(separator: "-")
        let month = months[(Int(parts[1]) ?? 1) - 1]
        return "\(days[Int(seconds / 86_400 % 7)]), \(parts[2]) \(month) \(parts[0]) \(clock) GMT"
    }
}
