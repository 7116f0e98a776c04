public import JSON

/// What is asked of Polar to find what no webhook told.
public protocol PolarReading: Sendable {
    func orders(_ slice: OrderSlice, page: Int) throws(PolarFailure) -> PolarPage<OrderSnapshot>
    func order(_ id: Order.ID) throws(PolarFailure) -> OrderSnapshot?
    func refunds(page: Int) throws(PolarFailure) -> PolarPage<RefundNotice>
    func lostDisputes(page: Int) throws(PolarFailure) -> PolarPage<DisputeNotice>
    func disputes(over order: Order.ID) throws(PolarFailure) -> [DisputeNotice]
    func report(on id: Checkout.PolarID) throws(PolarFailure) -> CheckoutReport?
    func webhookEndpoints() throws(PolarFailure) -> [WebhookEndpoint]
}

/// One page of one of Polar's lists.
///
/// Where it is newest first, new items push the others to later pages while it is read: an item may come twice, none is
/// missed. Items of one moment stand in any order, another one in each answer.
public struct PolarPage<Item: Equatable & Sendable>: Equatable, Sendable {
    public let items: [Item]
    /// How many could not be read as what they should be.
    public let unreadable: Int
    /// How many there are on all pages together.
    public let total: Int64
    public let isLast: Bool

    public init(items: [Item], unreadable: Int = 0, total: Int64, isLast: Bool) {
        self.items = items
        self.unreadable = unreadable
        self.total = total
        self.isLast = isLast
    }
}

/// Which orders are asked for: those of one product that were made within a time.
public struct OrderSlice: Equatable, Sendable {
    public let product: Product.ID
    public let start: Instant
    /// `nil`: up to now.
    public let end: Instant?

    public init(product: Product.ID, start: Instant, end: Instant? = nil) {
        self.product = product
        self.start = start
        self.end = end
    }
}

/// That there is a refund of an order. What it did to the order, the order itself says.
public struct RefundNotice: Equatable, Sendable {
    public let order: Order.ID
    public let createdAt: Instant
    /// When it came to stand as it does.
    public let clock: PolarClock
    public let state: State

    public enum State: Sendable {
        /// The order does not know of it yet.
        case pending
        case succeeded
        /// It failed, was taken back, or is what nobody knew when this was written.
        case ended
    }

    public init(order: Order.ID, createdAt: Instant, clock: PolarClock, state: State) {
        self.order = order
        self.createdAt = createdAt
        self.clock = clock
        self.state = state
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

    /// Without one of these, credits come late: by `reconcile`, or when the buyer looks. For the last one Polar waits
    /// before it sends the buyer back.
    public static let neededEvents: Set = [
        "order.created", "order.paid", "order.updated", "order.refunded", "checkout.updated",
    ]
}
