public import JSON

/// One page of one of Polar's lists, newest first.
///
/// While it is read, new items push the others to later pages: an item may come twice, none is missed.
public struct PolarPage<Item: Equatable & Sendable>: Equatable, Sendable {
    public let items: [Item]
    /// How many could not be read as what they should be.
    public let unreadable: Int
    public let isLast: Bool

    public init(items: [Item], unreadable: Int = 0, isLast: Bool) {
        self.items = items
        self.unreadable = unreadable
        self.isLast = isLast
    }
}

/// That there is a refund of an order. What it did to the order, the order itself says.
public struct RefundNotice: Equatable, Sendable {
    public let order: Order.ID
    public let createdAt: Instant

    public init(order: Order.ID, createdAt: Instant) {
        self.order = order
        self.createdAt = createdAt
    }
}

/// How a dispute over an order stands. No event tells of it, and the order does not change.
public struct DisputeNotice: Equatable, Sendable {
    public let order: Order.ID
    public let isLost: Bool
    /// When it came to stand so.
    public let clock: PolarClock

    public init(order: Order.ID, isLost: Bool, clock: PolarClock) {
        self.order = order
        self.isLost = isLost
        self.clock = clock
    }
}

/// Where Polar sends webhooks, as Polar has it.
public struct WebhookEndpoint: Equatable, Sendable {
    public let url: String
    public let isEnabled: Bool
    public let format: String
    public let events: Set<String>

    public init(url: String, isEnabled: Bool, format: String, events: Set<String>) {
        self.url = url
        self.isEnabled = isEnabled
        self.format = format
        self.events = events
    }

    /// `nil` if it is none.
    public init?(_ json: JSON) {
        guard let url = json["url"]?.string, let isEnabled = json["enabled"]?.bool else { return nil }
        self.init(
            url: url, isEnabled: isEnabled, format: json["format"]?.string ?? "",
            events: Set((json["events"]?.array ?? []).compactMap(\.string)))
    }

    /// Whether it leads to the webhook of the site of that address.
    public func leads(to publicURL: String) -> Bool {
        url == publicURL + Self.path || url == publicURL + Self.path + "/"
    }

    public static let path = "/polar/orders"

    /// Without one of these, credits come late: by `reconcile`, or when the buyer looks.
    public static let neededEvents: Set = ["order.created", "order.paid", "order.updated", "order.refunded"]
}
