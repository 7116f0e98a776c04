internal import Database

/// What is sold and how generous we are: one row, edited by admins.
public struct BillingSettings: Equatable, Sendable {
    /// Minor units of `currency`, before tax.
    public var packPriceCents: Int64
    public var creditsPerPack: Int64
    public var refundOnFailure: Bool
    public var freeTrialCredits: Int64
    public let currency: String
    /// Counts the changes: a form that was read at another version is stale.
    public let version: Int64
    public let updatedAt: Instant?
    public let updatedBy: String?

    public static let packPriceBounds: ClosedRange<Int64> = 50...1_000_000
    public static let creditsBounds: ClosedRange<Int64> = 1...1_000_000
    public static let trialBounds: ClosedRange<Int64> = 0...10_000

    /// The largest number of packs in one checkout.
    public static let quantityBounds: ClosedRange<Int64> = 1...20

    /// A setting that is out of bounds.
    public struct Fault: Equatable, Sendable, CustomStringConvertible {
        public let name: String
        public let bounds: ClosedRange<Int64>

        public init(name: String, bounds: ClosedRange<Int64>) {
            self.name = name
            self.bounds = bounds
        }

        public var description: String {
            "\(name) is not a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        }
    }

    /// Every setting that is out of bounds.
    public var faults: [Fault] {
        [
            ("pack_price_cents", packPriceCents, Self.packPriceBounds),
            ("credits_per_pack", creditsPerPack, Self.creditsBounds),
            ("free_trial_credits", freeTrialCredits, Self.trialBounds),
        ].filter { !$0.2.contains($0.1) }.map { Fault(name: $0.0, bounds: $0.2) }
    }

    static func current(on connection: Connection) throws(DatabaseError) -> BillingSettings {
        try connection.query(
            """
            SELECT pack_price_cents, credits_per_pack, refund_on_failure, free_trial_credits, currency, version,
                   updated_ms, updated_by
            FROM billing_settings
            """
        ) {
            BillingSettings(
                packPriceCents: $0.integer(0), creditsPerPack: $0.integer(1), refundOnFailure: $0.integer(2) == 1,
                freeTrialCredits: $0.integer(3), currency: $0.text(4), version: $0.integer(5),
                updatedAt: $0.optionalInteger(6).map(Instant.init(rawValue:)), updatedBy: $0.optionalText(7))
        }[0]
    }
}
