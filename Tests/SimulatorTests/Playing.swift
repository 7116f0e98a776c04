import Core
import HTTP
import JOSE
import JSON
import Threads

@testable import polar_simulator

/// A simulator that sends nothing: its events stay where a test can look at them.
struct Playing {
    static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"
    static let site = "http://localhost:8080"
    static let environment = [
        "SIMULATOR_PUBLIC_URL": "http://localhost:8081", "CREDITS_PUBLIC_URL": site,
        "SIMULATOR_WEBHOOK_URL": "http://127.0.0.1:8080/polar/orders", "POLAR_ACCESS_TOKEN": "polar_oat_test",
        "POLAR_WEBHOOK_SECRET": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "POLAR_PRODUCT_ID": product,
        "GEMINI_API_KEY": "a key of Gemini's", "PATH": "/usr/local/bin:/usr/bin:/bin", "OIDC_CLIENT_ID": "credits",
        "OIDC_CLIENT_SECRET": "a secret: with a colon",
    ]

    let simulator: Simulator

    /// Making one takes longer than all the rest.
    private static let key = Result { try JWK.generate(.rs256, keyID: Issuer.keyID) }

    init(_ changes: [String: String] = [:]) throws {
        let environment = Self.environment.merging(changes) { $1 }
        let settings = try SimulatorSettings(EnvironmentReader(environment) { _ in nil })
        simulator = try Simulator(settings, key: Self.key.get()) { _ in }
    }

    static func settings(_ changes: [String: String]) throws(SettingsError) -> SimulatorSettings {
        try SimulatorSettings(EnvironmentReader(environment.merging(changes) { $1 }) { _ in nil })
    }

    func api(_ method: Request.Method, _ target: String, _ body: JSON? = nil, headers: Headers = [:]) -> Response {
        var headers = headers
        if headers["authorization"] == nil { headers["authorization"] = "Bearer polar_oat_test" }
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        return simulator.respond(
            to: Request(
                method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: headers,
                body: body?.bytes ?? []))
    }

    func control(_ path: String, _ body: JSON = .object([])) throws -> JSON {
        let response = simulator.respond(
            to: Request(method: .post, path: "/control/api/\(path)", body: body.bytes))
        let json = try JSON(response.body)
        guard response.status == .ok else { throw Refused(status: response.status.rawValue, body: json.text) }
        return json
    }

    struct Refused: Error { let status: Int, body: String }

    /// The types of all events, oldest first.
    func events() throws -> [String] {
        let state = simulator.respond(to: Request(method: .get, path: "/control/api/state"))
        return try JSON(state.body)["events"]?.array?.compactMap { $0["type"]?.string }.reversed() ?? []
    }

    /// A new checkout session of `user`'s, 10 dollars.
    func checkout(for user: String, email: String? = nil) throws -> JSON {
        let response = api(.post, "/v1/checkouts/", Self.sale(of: user, email: email ?? "\(user)@example.com"))
        guard response.status == .created else {
            throw Refused(status: response.status.rawValue, body: String(decoding: response.body, as: UTF8.self))
        }
        return try JSON(response.body)
    }

    static func sale(of user: String, email: String) -> JSON {
        [
            "products": [.string(product)],
            "prices": .object([
                .init(product, [["amount_type": "fixed", "price_amount": 1000, "price_currency": "usd"]])
            ]),
            "external_customer_id": .string(user), "customer_email": .string(email),
            "metadata": ["user_id": .string(user)],
            "success_url": .string("\(site)/buy/return?checkout_id={CHECKOUT_ID}"),
        ]
    }

    /// Sells 10 dollars' worth, and answers the order.
    func sold(to user: String, email: String? = nil, as other: JSON.Member? = nil) throws -> JSON {
        let id = try checkout(for: user, email: email)["id"] ?? .null
        return try control("pay", .object([.init("checkout_id", id)] + (other.map { [$0] } ?? [])))
    }
}

extension Response {
    var json: JSON { (try? JSON(body)) ?? .null }
}
