internal import Core
internal import HTTP
internal import Interface
internal import JSON

/// `POST /api/v1/checkouts` and `GET /api/v1/checkouts/{id}`.
struct CheckoutsAPI: Sendable {
    let dependencies: CheckoutDependencies

    private var buying: Buying { Buying(dependencies: dependencies) }

    func create(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        return try dependencies.once(
            request.headers["idempotency-key"], request, of: profile.user,
            answer: { (opened: OpenedCheckout) in .success(.opened(opened)) }
        ) { keyed throws(RequestError) in
            try buying.open(
                try Quantity.checked(try request.object()["quantity"]?.integer), for: profile, under: keyed, request)
        }
    }

    func show(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let checkout = try buying.follow(id, request)
        guard let session = checkout.session else { throw .notFound }
        return .json(.ok, Checkout.followed.json(BuyersCheckout(checkout, session, status: checkout.status)))
    }
}

enum Quantity {
    static func checked(_ quantity: Int64?) throws(RequestError) -> Int64 {
        guard let quantity, BillingSettings.quantityBounds.contains(quantity) else {
            throw .invalid(field: "quantity", rule: "a whole number from 1 to 20")
        }
        return quantity
    }
}

extension Response {
    fileprivate static func opened(_ opened: OpenedCheckout) -> Response {
        .json(
            opened.isNew ? .created : .ok,
            Checkout.buyers.json(BuyersCheckout(opened.checkout, opened.session, status: .open)),
            headers: ["location": "/api/v1/checkouts/\(opened.session.id.text)"])
    }
}
