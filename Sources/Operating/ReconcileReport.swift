public import Core
public import JSON

/// What one run found and did, or, of a dry run, would do.
public struct ReconcileReport: Sendable {
    /// One order whose credits were not what Polar says.
    public struct Change: Equatable, Sendable {
        public let order: Order.ID
        public let user: UserID
        /// What its entries summed to, and what they sum to now.
        public let before: Int64
        public let target: Int64
        /// How the user's debt changed with it.
        public let debt: Int64
    }

    public struct Failure: Equatable, Sendable {
        /// Such as `orders`.
        public let what: String
        public let reason: String
    }

    public enum Endpoint: String, Sendable {
        case enabled, disabled, missing
        /// Polar did not say.
        case unread
    }

    public let isDryRun: Bool
    /// From when on orders were read.
    public let since: Instant
    /// How many orders were looked at.
    public internal(set) var orders = 0
    public internal(set) var checkouts = 0
    /// Lost disputes that were new, and former ones that are lost no more.
    public internal(set) var disputes = 0
    /// Orders that are parked since this run.
    public internal(set) var parked = 0
    /// What the API shows older than it is here, or not yet: looked at again in the next run.
    public internal(set) var lagging = 0
    public internal(set) var corrected = 0
    /// The sum of all corrections, each counted as positive.
    public internal(set) var credits: Int64 = 0
    /// The first so many corrections.
    public internal(set) var changes: [Change] = []
    public internal(set) var failures: [Failure] = []
    public internal(set) var endpoint = Endpoint.unread

    /// Up to when all orders are read, and all refunds; `nil`: as far as before.
    var ordersEnd: Instant?
    var refundsEnd: Instant?

    static let mostNamed = 1000

    /// Whether all that was to be read was read.
    public var isWhole: Bool { failures.isEmpty }

    mutating func add(_ change: Change) {
        corrected += 1
        credits += abs(change.target - change.before)
        if changes.count < Self.mostNamed { changes.append(change) }
    }

    mutating func add(_ failure: Failure) {
        if failures.count < Self.mostNamed { failures.append(failure) }
    }

    public var members: [JSON.Member] {
        func count(_ name: String, _ value: Int) -> JSON.Member { .init(name, .integer(Int64(value))) }
        return [
            .init("ok", .bool(isWhole)), .init("since", .string(since.rfc3339)),
            .init("read_until", .optional(ordersEnd?.rfc3339)), count("orders", orders),
            count("corrected", corrected), .init("credits", .integer(credits)), count("parked", parked),
            count("lagging", lagging), count("disputes", disputes), count("checkouts", checkouts),
            count("failures", failures.count), .init("endpoint", .string(endpoint.rawValue)),
        ]
    }
}
