internal import HTTP
internal import Threads

/// Polar's hosted checkout page, for money that does not move.
struct CheckoutPage: Sendable {
    let world: Monitor<World>
    let settings: SimulatorSettings

    /// How long the real page waits for the sale to be told before it sends the buyer on.
    ///
    /// Source: clients/packages/checkout/src/hooks/fulfillment.ts of polarsource/polar
    private static let patience = Duration.seconds(15)

    private static let countries = [
        ("US", "United States"), ("CA", "Canada"), ("CH", "Switzerland"), ("DE", "Germany (20 % VAT)"),
        ("FR", "France (20 % VAT)"), ("GB", "United Kingdom (20 % VAT)"), ("IN", "India"), ("JP", "Japan"),
    ]

    func respond(to request: Request) -> Response? {
        let path = request.path.split(separator: "/").map(String.init)
        guard path.first == "checkout", path.count >= 2 else { return nil }
        guard let checkout = checkout(secret: path[1]) else {
            return Page.message.response(
                .notFound, ["title": "No such checkout", "text": "This address belongs to no checkout session."])
        }
        switch (path.count, request.method) {
        case (2, .get): return page(checkout, complaint: Self.complaint(request))
        case (2, .post): return act(on: checkout, request)
        case (3, .get) where path[2] == "confirmation":
            return Page.message.response(.ok, ["title": "Thank you", "text": "The order is complete."])
        case _: return nil
        }
    }

    private func checkout(secret: String) -> Checkout? {
        world.withLock { world in world.kept.checkoutBySecret[secret].flatMap { world.kept.checkouts[$0] } }
    }

    private static func complaint(_ request: Request) -> String {
        request.parameters["declined"] == nil ? "" : "Your card was declined. Nothing was charged; you can try again."
    }

    private func page(_ checkout: Checkout, complaint: String, email: String? = nil, country: String? = nil) -> Response
    {
        guard checkout.status == .open, checkout.expiresAt > .now() else { return over(checkout) }
        let country = country ?? checkout.country ?? "US"
        let rate = World.taxPercent(in: country)
        let tax = checkout.netAmount * rate / 100
        let product = product(of: checkout)
        let values: [String: Any] = [
            "title": "Checkout", "product": product?.name ?? "", "details": product?.description ?? "",
            "subtotal": money(checkout.netAmount, checkout.price.currency),
            "tax": money(tax, checkout.price.currency), "taxRate": rate == 0 ? "" : String(rate),
            "total": money(checkout.netAmount + tax, checkout.price.currency),
            "email": email ?? checkout.customerEmail ?? "", "isLocked": checkout.customerID != nil,
            "name": checkout.customerName ?? "", "complaint": complaint, "back": back(from: checkout),
            "secret": checkout.clientSecret, "id": checkout.id,
            "countries": Self.countries.map { code, name in
                ["code": code, "name": name, "isChosen": code == country] as [String: Any]
            },
        ]
        return Page.checkout.response(
            complaint.isEmpty || email == nil ? .ok : .unprocessableContent, values,
            formTargets: [origin(of: checkout.successURL)])
    }

    private func over(_ checkout: Checkout) -> Response {
        let (title, text): (String, String) =
            switch checkout.status {
            case .succeeded: ("This checkout is paid", "The order is complete; there is nothing left to do here.")
            case .confirmed: ("The payment is on its way", "Reload this page in a moment.")
            case .open, .expired, .failed: ("This checkout has expired", "Go back to the shop and start anew.")
            }
        let isPaid = checkout.status == .succeeded
        return Page.checkoutOver.response(
            isPaid ? .ok : Status(rawValue: 410),
            [
                "title": title, "text": text,
                "link": isPaid ? world.withLock { $0.bodies.successURL(of: checkout) } : back(from: checkout),
                "label": isPaid ? "Go on to the shop" : "Back to the shop",
            ])
    }

    private func product(of checkout: Checkout) -> Product? {
        world.withLock { world in checkout.products.first.flatMap { world.kept.products[$0] } }
    }

    private func back(from checkout: Checkout) -> String { checkout.returnURL ?? origin(of: checkout.successURL) + "/" }

    private func act(on checkout: Checkout, _ request: Request) -> Response {
        guard let form = try? Form(request.body) else { return Response(.badRequest) }
        let email = (form["email"] ?? checkout.customerEmail ?? "").filter { !$0.isWhitespace }
        let country = form["country"].flatMap { code in Self.countries.first { $0.0 == code }?.0 } ?? "US"
        if checkout.customerID == nil, let fault = Validator.mailFault(email) {
            return page(checkout, complaint: fault, email: email, country: country)
        }
        let buyer = Buyer(
            email: email, name: form["name"].flatMap { $0.isEmpty ? nil : $0 }, country: country, externalID: nil)
        do throws(Refusal) {
            if form["action"] == "decline" {
                try world.withLocked { world throws(Refusal) in try world.decline(checkout.id, by: buyer) }
                return .seeOther("/checkout/\(checkout.clientSecret)?declined=1")
            }
            _ = try world.withLocked { world throws(Refusal) in try world.pay(checkout.id, by: buyer) }
            awaitNews(of: checkout.id)
            return .seeOther(world.withLock { $0.bodies.successURL(of: checkout) })
        } catch {
            // A second click on Pay lands here: the page says how things stand.
            if error.status == 422 { return page(checkout, complaint: error.detail, email: email, country: country) }
            return over(self.checkout(secret: checkout.clientSecret) ?? checkout)
        }
    }

    /// Until the shop's webhook took `checkout.updated` (succeeded), which it does after `order.paid`.
    private func awaitNews(of id: String) {
        _ = world.wait(atMost: Self.patience) { world -> Bool? in
            // Nothing will come while the control page keeps deliveries back.
            if world.behaviour.isDropping || world.behaviour.isHolding || !world.kept.isEndpointEnabled { return true }
            let news = world.newestEvent("checkout.updated", about: id)
            return news.map { $0.status == .waiting } ?? false ? nil : true
        }
    }
}

extension Monitor<World> {
    /// ``withLock(_:)`` for what can be refused.
    func withLocked<Result>(_ body: (inout World) throws(Refusal) -> Result) throws(Refusal) -> Result {
        let outcome = withLock { world -> Swift.Result<Result, Refusal> in
            do throws(Refusal) { return .success(try body(&world)) } catch { return .failure(error) }
        }
        return try outcome.get()
    }
}
