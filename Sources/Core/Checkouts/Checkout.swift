public import JSON

/// One attempt to buy: our row, and the session at Polar that belongs to it.
public struct Checkout: Equatable, Sendable {
    public typealias ID = Identifier<Checkout>
    /// Polar's id of the session: the one that addresses, events and orders name.
    public typealias PolarID = Identifier<Session>
    public enum Session {}

    public let id: ID
    public let user: UserID
    public let quantity: Int64
    /// What was promised when it was opened: credits, money in minor units, currency.
    public let lock: PriceLock
    public internal(set) var status: Status
    public let createdAt: Instant
    /// `nil` until Polar has answered.
    public let session: OpenSession?
    /// What the order of this checkout has granted so far.
    public let granted: Int64
    /// What became of that order; `nil` while there is none.
    public let orderState: OrderState?

    /// The raw value is stored: never rename one.
    public enum OrderState: String, Sendable {
        case applied, recorded, parked, dismissed
    }

    /// What Polar answered when the checkout was made. Raw text: the secret goes to its buyer alone.
    public struct OpenSession: Equatable, Sendable {
        public let id: PolarID
        public let url: String
        public let clientSecret: String
        public let expiresAt: Instant

        public init(id: PolarID, url: String, clientSecret: String, expiresAt: Instant) {
            self.id = id
            self.url = url
            self.clientSecret = clientSecret
            self.expiresAt = expiresAt
        }
    }

    /// The raw value is stored and shown: never rename one.
    public enum Status: String, Sendable, CaseIterable {
        /// Our row is there, Polar has not answered yet.
        case creating
        case open, confirmed, succeeded, expired, failed
    }
}

/// A checkout that can be paid now, and whether it was made for the one who is told of it.
public struct OpenedCheckout: Equatable, Sendable {
    public let checkout: Checkout
    public let session: Checkout.OpenSession
    public let isNew: Bool

    public init(checkout: Checkout, session: Checkout.OpenSession, isNew: Bool) {
        self.checkout = checkout
        self.session = session
        self.isNew = isNew
    }
}

/// What Polar says of one checkout at one moment.
public struct CheckoutSnapshot: Equatable, Sendable {
    public let id: Checkout.PolarID
    public let clock: PolarClock
    public let status: Checkout.Status

    public init?(_ data: JSON, at clock: PolarClock) {
        guard let id = data["id"]?.string.flatMap(Checkout.PolarID.init),
            let status = data["status"]?.string.flatMap(Checkout.Status.init), status != .creating
        else { return nil }
        self.id = id
        self.clock = clock
        self.status = status
    }
}
