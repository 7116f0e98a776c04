public import Core
public import HTTPClient
internal import JSON

/// Polar's API, as far as this product calls it.
///
/// Every call names the API version, for the default one moves; collections end in a slash, for Polar redirects
/// otherwise and no redirect is followed.
///
/// Source: https://docs.polar.sh/api-reference
public struct PolarClient: Sendable {
    private let address: String
    private let token: Secret
    private let version: String
    private var http: HTTPClient
    private let patience: Patience?

    /// How to bear Polar's limits: for whom nobody waits.
    public struct Patience: Sendable {
        let tries: Int
        let longest: Duration
        let wait: @Sendable (Duration) -> Void

        /// - Parameters:
        ///   - tries: how often one call waits.
        ///   - longest: a call that is to wait longer fails at once.
        public init(
            tries: Int = 3, longest: Duration = .seconds(65), wait: @escaping @Sendable (Duration) -> Void
        ) {
            self.tries = tries
            self.longest = longest
            self.wait = wait
        }
    }

    /// - Parameters:
    ///   - address: `https://api.polar.sh`, or the sandbox's: a token of one is unknown to the other.
    ///   - patience: without it, a limit is a failure at once.
    public init(address: String, token: Secret, version: String, http: HTTPClient, patience: Patience? = nil) {
        self.address = address
        self.token = token
        self.version = version
        self.http = http
        self.patience = patience
    }

    public init(_ settings: PolarSettings, http: HTTPClient, patience: Patience? = nil) {
        self.init(
            address: settings.address, token: settings.token, version: settings.version, http: http,
            patience: patience)
    }

    /// The same client for one question that somebody waits for: all its calls and tries have one deadline together.
    public func within(_ limit: Duration) -> PolarClient {
        var client = self
        client.http = http.within(limit)
        return client
    }

    /// Makes a checkout session with the promised price.
    ///
    /// Polar knows no idempotency keys, so a second try after an unclear answer could make a second session: harmless
    /// for money, and it happens once at most. Where Polar refuses the e-mail address (it looks the domain up), the
    /// session is made without it: the buyer types one.
    public func createCheckout(_ request: CheckoutRequest) throws(PolarFailure) -> Checkout.OpenSession {
        let body = { email in Self.body(of: request, email: email) }
        do throws(PolarFailure) {
            return try session(in: call("POST", "/v1/checkouts/", body: body(request.profile.email)))
        } catch .refused(422, Self.emailRefused) where request.profile.email != nil {
            return try session(in: call("POST", "/v1/checkouts/", body: body(nil)))
        }
    }

    /// What Polar knows of the checkout and of its orders; `nil` if it does not know it (yet: reads come from a replica).
    public func report(on id: Checkout.PolarID) throws(PolarFailure) -> CheckoutReport? {
        let json: JSON
        do throws(PolarFailure) {
            json = try call("GET", "/v1/checkouts/\(id.text)")
        } catch .refused(404, _) {
            return nil
        }
        guard let checkout = CheckoutSnapshot(json, at: try clock(of: json)) else { throw .unreadable("checkout") }
        guard checkout.status == .succeeded else { return CheckoutReport(checkout: checkout, orders: []) }
        let list = try call("GET", "/v1/orders/?checkout_id=\(id.text)&limit=100")
        guard let items = list["items"]?.array else { throw .unreadable("orders") }
        var orders: [OrderSnapshot] = []
        for item in items { orders.append(try order(in: item)) }
        return CheckoutReport(checkout: checkout, orders: orders)
    }

    func order(in json: JSON) throws(PolarFailure) -> OrderSnapshot {
        guard let order = OrderSnapshot(json, at: try clock(of: json)) else { throw .unreadable("order") }
        return order
    }

    private static let emailRefused = "customer_email"

    private static func body(of request: CheckoutRequest, email: String?) -> JSON {
        let checkout = request.checkout
        let product = checkout.lock.product.text
        var members: [JSON.Member] = [
            .init("products", [.string(product)]),
            .init(
                "prices",
                .object([
                    .init(
                        product,
                        [
                            [
                                "amount_type": "fixed", "price_amount": .integer(checkout.lock.amount),
                                "price_currency": .string(checkout.lock.currency),
                            ]
                        ])
                ])),
            .init("currency", .string(checkout.lock.currency)),
            .init("external_customer_id", .string(request.profile.user.text)),
            .init("allow_discount_codes", false),
            .init(
                "metadata",
                [
                    "user_id": .string(request.profile.user.text), "checkout": .string(checkout.id.text),
                    OrderSnapshot.Promise.creditsName: .integer(checkout.lock.credits),
                    OrderSnapshot.Promise.amountName: .integer(checkout.lock.amount),
                ]),
            .init("success_url", .string(request.publicURL + "/buy/return?checkout_id={CHECKOUT_ID}")),
            .init("return_url", .string(request.publicURL + "/buy")),
        ]
        // Polar refuses empty texts, and names of more than 256 characters.
        if let email { members.append(.init("customer_email", .string(email))) }
        if let name = request.profile.name { members.append(.init("customer_name", .string(String(name.prefix(256))))) }
        if !request.remoteAddress.isEmpty {
            members.append(.init("customer_ip_address", .string(request.remoteAddress)))
        }
        return .object(members)
    }

    func session(in json: JSON) throws(PolarFailure) -> Checkout.OpenSession {
        guard let id = json["id"]?.string.flatMap(Checkout.PolarID.init), let secret = json["client_secret"]?.string,
            let url = json["url"]?.string, url.hasPrefix("https://") || url.hasPrefix("http://"),
            url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let expiry = json["expires_at"]?.string.flatMap(PolarClock.init)
        else { throw .unreadable("checkout") }
        return Checkout.OpenSession(id: id, url: url, clientSecret: secret, expiresAt: expiry.instant)
    }

    /// `modified_at`, or `created_at` of what was never changed: the clock of a snapshot from the API.
    func clock(of json: JSON) throws(PolarFailure) -> PolarClock {
        guard let text = (json["modified_at"] ?? json["created_at"])?.string, let clock = PolarClock(text) else {
            throw .unreadable("modified_at")
        }
        return clock
    }

    /// One call; a second one only if nothing of the first reached Polar, or Polar itself broke.
    func call(_ method: String, _ path: String, body: JSON? = nil) throws(PolarFailure) -> JSON {
        do throws(PolarFailure) {
            return try callOnce(method, path, body: body)
        } catch .unavailable(let reason) where reason != Self.limited && http.hasTime {
            return try callOnce(method, path, body: body)
        }
    }

    private static let limited = "429"

    private func callOnce(_ method: String, _ path: String, body: JSON?) throws(PolarFailure) -> JSON {
        let answer = try patientAnswer(method, path, body: body)
        switch answer.status {
        case 200...299:
            guard let json = try? JSON(answer.body) else { throw .unreadable("not JSON") }
            return json
        case 429: throw .unavailable(Self.limited)
        case 500...599: throw .unavailable("\(answer.status)")
        case let status: throw .refused(status: status, code: Self.code(in: answer.body))
        }
    }

    /// Waits as long as Polar asks for, and asks again, if there is patience.
    private func patientAnswer(
        _ method: String, _ path: String, body: JSON?
    ) throws(PolarFailure) -> HTTPClient.Answer {
        let body = body?.bytes
        guard let patience else { return try answer(method, path, body: body) }
        for _ in 0..<patience.tries {
            let answer = try answer(method, path, body: body)
            guard answer.status == 429 else { return answer }
            let pause = Duration.seconds(answer.headers["retry-after"].flatMap { Int64($0) } ?? 10)
            guard pause <= patience.longest else { return answer }
            patience.wait(max(pause, .seconds(1)))
        }
        return try answer(method, path, body: body)
    }

    func answer(_ method: String, _ path: String, body: [UInt8]?) throws(PolarFailure) -> HTTPClient.Answer {
        var headers = [
            ("Authorization", "Bearer \(token.revealed)"), ("Polar-Version", version), ("Accept", "application/json"),
            ("User-Agent", "polar-credits"),
        ]
        if body != nil { headers.append(("Content-Type", "application/json")) }
        do {
            return try http.send(.init(method: method, url: address + path, headers: headers, body: body))
        } catch {
            throw PolarFailure(error)
        }
    }

    /// Polar's name for what is wrong; `customer_email` where a field error is about that.
    static func code(in body: [UInt8]) -> String {
        guard let json = try? JSON(body) else { return "unreadable" }
        let fields = (json["detail"]?.array ?? []).flatMap { $0["loc"]?.array ?? [] }.compactMap(\.string)
        if fields.contains(emailRefused) { return emailRefused }
        return (json["error"]?.string ?? json["detail"]?.string ?? "unnamed") + fields.map { ":" + $0 }.joined()
    }
}

extension PolarFailure {
    public init(_ error: HTTPClientError) {
        switch error {
        case .notSent(let reason): self = .unavailable(reason)
        case .cutShort(let reason): self = .unavailable(reason)
        case .tooLarge: self = .unreadable("too large")
        case .timedOut: self = .timedOut
        }
    }
}
