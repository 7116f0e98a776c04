public import JSON

public enum Order { public typealias ID = Identifier<Order> }

/// What Polar says of one order at one moment, cut down to what decides over credits.
///
/// Every event of an order and every answer of Polar's API carries the whole order, so a snapshot is state and not a
/// step: applying the newest one is enough.
public struct OrderSnapshot: Equatable, Sendable {
    public let id: Order.ID
    public let clock: PolarClock
    public let status: Status?
    public let isPaid: Bool?
    public let billingReason: String?
    public let product: Product.ID?
    public let checkout: Checkout.PolarID?
    public let customer: String?
    public let currency: String?
    public let amounts: Amounts?
    public let hasSubscription: Bool
    public let hasSeats: Bool
    public let units: Units
    /// `metadata.user_id`: set by our checkout, out of the buyer's reach.
    public let metadataUser: UserID?
    /// What our checkout promised, as it stands in its metadata: for a database that was restored from before it.
    public let promise: Promise?
    /// `customer.external_id`: may be missing, or somebody else's where two people share an e-mail address.
    public let externalUser: UserID?
    public let createdAt: Instant?

    /// `nil` in the snapshot stands for a value that Polar did not have when this was written.
    public enum Status: String, Sendable, CaseIterable {
        case draft, pending, paid, refunded, void
        case partiallyRefunded = "partially_refunded"

        var claimsPayment: Bool {
            switch self {
            case .paid, .refunded, .partiallyRefunded: true
            case .draft, .pending, .void: false
            }
        }

        /// How far an order got: tells two snapshots of the same microsecond apart.
        var progress: Int64 {
            switch self {
            case .draft: 0
            case .pending: 1
            case .paid: 2
            case .partiallyRefunded: 3
            case .refunded: 4
            case .void: 5
            }
        }
    }

    /// Set by our checkout, out of the buyer's reach.
    public struct Promise: Equatable, Sendable {
        public static let creditsName = "promised_credits"
        public static let amountName = "promised_amount"

        public let credits: Int64
        /// Minor units, for all packs together.
        public let amount: Int64
    }

    public enum Units: Equatable, Sendable {
        case absent
        case count(Int64)
        case unreadable
    }

    /// Money in minor units of the currency. Whole and not negative, except what was paid from a balance at Polar.
    public struct Amounts: Equatable, Sendable {
        public let subtotal: Int64
        public let net: Int64
        public let tax: Int64
        public let total: Int64
        /// Below zero: paid from the customer's balance.
        public let appliedBalance: Int64
        /// Cumulative, without tax.
        public let refunded: Int64

        /// What a full refund gives back: Polar's own threshold.
        var base: Int64 { net + appliedBalance }
    }

    /// - Parameter data: an order, as in `data` of an event or from `GET /v1/orders/`.
    /// - Returns: `nil` without an `id` that is a UUID. Anything else that does not read is left `nil` and decided later.
    public init?(_ data: JSON, at clock: PolarClock) {
        guard let id = data["id"]?.string.flatMap(Order.ID.init) else { return nil }
        self.id = id
        self.clock = clock
        status = data["status"]?.string.flatMap(Status.init)
        isPaid = data["paid"]?.bool
        billingReason = data["billing_reason"]?.string
        product = data["product_id"]?.string.flatMap(Product.ID.init)
        checkout = data["checkout_id"]?.string.flatMap(Checkout.PolarID.init)
        customer = data["customer_id"]?.string
        currency = data["currency"]?.string?.lowercased()
        amounts = Amounts(data)
        hasSubscription = data["subscription_id"] != nil || data["subscription"] != nil
        hasSeats = data["seats"] != nil
        units =
            switch data["units"] {
            case nil: .absent
            case .integer(let count): .count(count)
            case .some: .unreadable
            }
        metadataUser = data["metadata"]?["user_id"]?.string.flatMap(UserID.init)
        promise = data["metadata"].flatMap(Promise.init)
        externalUser = data["customer"]?["external_id"]?.string.flatMap(UserID.init)
        createdAt = data["created_at"]?.string.flatMap(PolarClock.init)?.instant
    }

    /// The same order in Polar's shape, without what the buyer told Polar.
    public var json: JSON {
        [
            "id": .string(id.text), "status": .optional(status?.rawValue), "paid": isPaid.map(JSON.bool) ?? .null,
            "billing_reason": .optional(billingReason), "product_id": .optional(product?.text),
            "checkout_id": .optional(checkout?.text), "customer_id": .optional(customer),
            "currency": .optional(currency), "subtotal_amount": .optional(amounts?.subtotal),
            "net_amount": .optional(amounts?.net), "tax_amount": .optional(amounts?.tax),
            "total_amount": .optional(amounts?.total), "applied_balance_amount": .optional(amounts?.appliedBalance),
            "refunded_amount": .optional(amounts?.refunded), "subscription_id": hasSubscription ? "present" : .null,
            "seats": hasSeats ? 1 : .null, "units": units.json,
            "metadata": [
                "user_id": .optional(metadataUser?.text), Promise.creditsName: .optional(promise?.credits),
                Promise.amountName: .optional(promise?.amount),
            ],
            "customer": ["external_id": .optional(externalUser?.text)],
            "created_at": .optional(createdAt?.rfc3339),
        ]
    }

    /// By its mark or by its status: then somebody paid, whatever became of it since.
    var saysPaid: Bool { isPaid == true || status?.claimsPayment == true }

    /// Whether `earlier` already tells more than this: a retry that was overtaken, a redelivery of an old body.
    ///
    /// Events of one moment carry one time; among them the order that got further is the newer one.
    func isOlder(than earlier: OrderSnapshot) -> Bool {
        func place(_ snapshot: OrderSnapshot) -> (Int64, Int64, Int64) {
            (snapshot.clock.rawValue, snapshot.status?.progress ?? -1, snapshot.amounts?.refunded ?? -1)
        }
        return place(self) < place(earlier)
    }
}

extension OrderSnapshot.Promise {
    /// `nil` unless both are there and no more than a checkout can promise.
    init?(_ metadata: JSON) {
        guard let credits = metadata[Self.creditsName]?.integer, let amount = metadata[Self.amountName]?.integer,
            (1...20_000_000).contains(credits), (1...20_000_000).contains(amount)
        else { return nil }
        self.init(credits: credits, amount: amount)
    }
}

extension OrderSnapshot.Amounts {
    /// `nil` unless all that is there is whole, within bounds, and not negative where it must not be.
    init?(_ data: JSON) {
        // Far above any sale, far below where sums and products overflow.
        let bounds: ClosedRange<Int64> = 0...1_000_000_000_000_000
        func amount(_ name: String, isRequired: Bool = false, in range: ClosedRange<Int64>) -> Int64? {
            guard let value = data[name] else { return isRequired ? nil : 0 }
            return value.integer.flatMap { range.contains($0) ? $0 : nil }
        }
        guard let subtotal = amount("subtotal_amount", in: bounds),
            let net = amount("net_amount", isRequired: true, in: bounds), let tax = amount("tax_amount", in: bounds),
            let total = amount("total_amount", in: bounds),
            let balance = amount("applied_balance_amount", in: -bounds.upperBound...bounds.upperBound),
            let refunded = amount("refunded_amount", in: bounds)
        else { return nil }
        self.init(
            subtotal: subtotal, net: net, tax: tax, total: total, appliedBalance: balance, refunded: refunded)
    }
}

extension OrderSnapshot.Units {
    fileprivate var json: JSON {
        switch self {
        case .absent: .null
        case .count(let count): .integer(count)
        case .unreadable: "unreadable"
        }
    }
}
