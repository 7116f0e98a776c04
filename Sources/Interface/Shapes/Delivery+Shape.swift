public import Core
internal import JSON

extension DeliverySummary {
    public static let shape = Shape<DeliverySummary>(
        "Delivery", "One webhook in the inbox",
        [
            Field("webhook_id", .text) { $0.id },
            Field("environment", .word) { $0.environment },
            Field(nullable: "type", .text) { $0.type },
            Field(nullable: "order_id", .id()) { $0.order },
            Field("verdict", .word) { $0.verdict },
            Field(nullable: "reason", .text) { $0.reason },
            Field(nullable: "body_bytes", .whole, "Null once the body is no longer kept") { $0.bodyBytes },
            Field("sent_at", .time) { $0.sentAt },
            Field("received_at", .time) { $0.receivedAt },
            Field(nullable: "replayed_at", .time) { $0.replayedAt },
        ])

    public static let list = ListShape(shape, as: "Deliveries", "Newest first")
}

extension DeliveryDetail {
    public static let shape = Shape<DeliveryDetail>(
        "DeliveryDetail", "One webhook with all that came with it",
        DeliverySummary.shape.fields { $0.summary } + [
            Field("headers", .headers) { $0.headers },
            // What was signed was bytes; what is no text is shown as far as it is one.
            Field(nullable: "body", .text) { $0.body.map { String(decoding: $0, as: UTF8.self) } },
        ])
}

extension Kind<[DeliveryDetail.Header]> {
    fileprivate static var headers: Kind {
        Kind(["type": "object", "additionalProperties": ["type": "string"]]) { headers in
            .object(headers.map { JSON.Member($0.name, .string($0.value)) })
        }
    }
}

/// A delivery that was done anew, and what became of it.
public struct Replay: Sendable {
    let webhook: String
    let receipt: Receipt

    public init(webhook: String, receipt: Receipt) {
        self.webhook = webhook
        self.receipt = receipt
    }

    public static let shape = Shape<Replay>(
        "Replay", nil,
        [
            Field("webhook_id", .text) { $0.webhook },
            Field("verdict", .word) { $0.receipt.verdict },
            Field(nullable: "reason", .text) { $0.receipt.reason },
        ])
}
