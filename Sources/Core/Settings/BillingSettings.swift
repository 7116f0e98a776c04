internal import Database

/// What is sold and how generous we are: one row, edited by admins. ``Setting`` tells of each.
public struct BillingSettings: Equatable, Sendable {
    /// Minor units of `currency`, before tax.
    public internal(set) var packPriceCents: Int64 = 0
    public internal(set) var creditsPerPack: Int64 = 0
    public internal(set) var refundOnFailure = false
    public internal(set) var freeTrialCredits: Int64 = 0
    public let currency: String
    /// Counts the changes: a form that was read at another version is stale.
    public let version: Int64
    public let updatedAt: Instant?
    public let updatedBy: String?

    /// The largest number of packs in one checkout.
    public static let quantityBounds: ClosedRange<Int64> = 1...20

    static func current(on connection: Connection) throws(DatabaseError) -> BillingSettings {
        try connection.query(
            """
            SELECT currency, version, updated_ms, updated_by, \(Setting.table.map(\.name).joined(separator: ", "))
            FROM billing_settings
            """
        ) {
            var settings = BillingSettings(
                currency: $0.text(0), version: $0.integer(1),
                updatedAt: $0.optionalInstant(2), updatedBy: $0.optionalText(3))
            for (column, setting) in zip(Int32(4)..., Setting.table) { settings[setting] = $0.integer(column) }
            return settings
        }[0]
    }
}
