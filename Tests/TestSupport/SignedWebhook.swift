private import Crypto
public import Foundation
public import HTTPClient

/// A webhook as Polar sends it, signed now in either scheme.
public struct SignedWebhook: Sendable {
    public enum Scheme: String, Sendable, CaseIterable { case standard, legacy }

    public var id: String
    public var timestamp: String
    public var signature: String
    public var body: [UInt8]

    public init(
        _ body: [UInt8], id: String = UUID().uuidString.lowercased(), secret: String, scheme: Scheme = .standard,
        at seconds: Int64 = Int64(Date().timeIntervalSince1970)
    ) {
        self.id = id
        self.body = body
        timestamp = String(seconds)
        let key: [UInt8] =
            switch scheme {
            case .legacy: Array(secret.utf8)
            case .standard: Base64.decoded(String(secret.dropFirst("whsec_".count))) ?? []
            }
        signature = "v1," + Base64.encoded(hmacSHA256(key: key, message: Array("\(id).\(timestamp).".utf8) + body))
    }

    public var headers: [(String, String)] {
        [
            ("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature),
            ("Content-Type", "application/json"), ("User-Agent", "polar.sh webhooks"),
        ]
    }
}

extension Site {
    /// Sends it through nginx and returns the answer.
    public func deliver(_ webhook: SignedWebhook) throws -> HTTPClient.Answer {
        try send("POST", "/polar/orders", headers: webhook.headers, body: webhook.body)
    }

    /// Signs the body with the site's own secret and sends it.
    public func deliver(
        _ body: String, id: String = UUID().uuidString.lowercased(), scheme: SignedWebhook.Scheme = .standard
    ) throws -> HTTPClient.Answer {
        let secret = settings["POLAR_WEBHOOK_SECRET"] ?? ""
        return try deliver(SignedWebhook(Array(body.utf8), id: id, secret: secret, scheme: scheme))
    }
}

/// An event about one order, as much of it as decides over credits.
public struct OrderEvent: Sendable {
    public var type = "order.paid"
    public var order = UUID().uuidString.lowercased()
    public var user = "ada"
    public var status = "paid"
    public var refunded = 0
    public var net = 500
    /// Seconds after some moment: tells newer from older.
    public var second = 0
    public var product: String

    public init(product: String) { self.product = product }

    public var body: String {
        let minute = second / 60
        let clock =
            "2026-11-20T10:\(minute < 10 ? "0" : "")\(minute):\(second % 60 < 10 ? "0" : "")\(second % 60).123456Z"
        return """
            {"type":"\(type)","timestamp":"\(clock)","api_version":"2026-10","data":{"id":"\(order)",\
            "created_at":"2026-11-20T10:00:00.123456Z","modified_at":null,"status":"\(status)","paid":true,\
            "subtotal_amount":\(net),"discount_amount":0,"net_amount":\(net),"tax_amount":0,"total_amount":\(net),\
            "applied_balance_amount":0,"refunded_amount":\(refunded),"currency":"usd","billing_reason":"purchase",\
            "seats":null,"units":null,"product_id":"\(product)","subscription_id":null,"checkout_id":null,\
            "metadata":{"user_id":"\(user)"},"customer":{"external_id":null}}}
            """
    }
}
