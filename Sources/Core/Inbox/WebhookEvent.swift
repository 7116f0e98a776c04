private import JSON

/// What a delivery tells, cut down to what this product acts on.
public struct WebhookEvent: Equatable, Sendable {
    /// Such as `order.paid`. Types that Polar may add are kept and not acted on.
    public let type: String
    /// When the event was made, not when it was sent.
    public let clock: PolarClock
    public let subject: Subject

    public enum Subject: Equatable, Sendable {
        case order(OrderSnapshot)
        case checkout(CheckoutSnapshot)
        /// Nothing to act on. Refunds and disputes name the order that they are about.
        case elsewhere(order: Order.ID?)
    }

    /// Reads a trusted delivery. Unknown members, types and values of enumerations never fail it.
    public init(_ delivery: Delivery) throws(WebhookEventError) {
        let envelope: JSON
        do { envelope = try JSON(delivery.body) } catch { throw .notJSON(error.description) }
        guard let type = envelope["type"]?.string, (1...100).contains(type.utf8.count) else { throw .missing("type") }
        guard let clock = envelope["timestamp"]?.string.flatMap(PolarClock.init) else { throw .missing("timestamp") }
        guard let data = envelope["data"], data.members != nil else { throw .missing("data") }
        self.type = type
        self.clock = clock
        switch type {
        case "order.created", "order.updated", "order.paid", "order.refunded":
            guard let order = OrderSnapshot(data, at: clock) else { throw .missing("data.id") }
            subject = .order(order)
        case "checkout.created", "checkout.updated", "checkout.expired":
            subject = CheckoutSnapshot(data, at: clock).map(Subject.checkout) ?? .elsewhere(order: nil)
        case _:
            subject = .elsewhere(order: data["order_id"]?.string.flatMap(Order.ID.init))
        }
    }
}

/// Where the body did not read as an event. Its values are left out: they are the customer's.
public enum WebhookEventError: Error, Equatable, Sendable, CustomStringConvertible {
    case notJSON(String)
    case missing(String)

    public var description: String {
        switch self {
        case .notJSON(let reason): "not JSON: \(reason)"
        case .missing(let path): "\(path) is missing or malformed"
        }
    }
}
