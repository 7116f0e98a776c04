internal import Database
private import JSON

/// What an admin wants to be otherwise; `nil` leaves a setting as it is.
public struct SettingsChange: Equatable, Sendable {
    public var packPriceCents: Int64?
    public var creditsPerPack: Int64?
    public var refundOnFailure: Bool?
    public var freeTrialCredits: Int64?

    public init() {}
}

/// What became of the wish to change the settings.
public enum SettingsOutcome: Equatable, Sendable {
    case changed(BillingSettings)
    /// They were so already; nothing was written.
    case unchanged(BillingSettings)
    case outOfBounds([BillingSettings.Fault])
    /// Somebody changed them since they were read.
    case stale(current: BillingSettings)
}

extension Store {
    public func settings() throws(StoreError) -> BillingSettings {
        try read { connection throws(DatabaseError) in try BillingSettings.current(on: connection) }
    }

    /// Changes what is sold from now on; what was promised before stands. The audit log tells the old and the new.
    ///
    /// - Parameter expectedVersion: what the admin looked at; `nil` if that does not matter.
    public func changeSettings(
        _ change: SettingsChange, expectedVersion: Int64?, by actor: String, at now: Instant
    ) throws(StoreError) -> SettingsOutcome {
        try write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            let old = try BillingSettings.current(on: connection)
            guard expectedVersion ?? old.version == old.version else { return .stale(current: old) }
            let new = old.applying(change)
            guard new.faults.isEmpty else { return .outOfBounds(new.faults) }
            guard new != old else { return .unchanged(old) }

            try connection.execute(
                """
                UPDATE billing_settings SET pack_price_cents = ?, credits_per_pack = ?, refund_on_failure = ?,
                       free_trial_credits = ?, version = version + 1, updated_ms = ?, updated_by = ?
                """,
                .integer(new.packPriceCents), .integer(new.creditsPerPack), .integer(new.refundOnFailure ? 1 : 0),
                .integer(new.freeTrialCredits), .integer(now.rawValue), .text(actor))
            let names = Set(zip(old.fields, new.fields).filter { $0 != $1 }.map(\.0.name))
            try AuditLog.add(
                actor: actor, action: "settings.change", subject: "billing_settings", old: old.text(of: names),
                new: new.text(of: names), at: now, in: transaction)
            return .changed(try BillingSettings.current(on: connection))
        }
    }
}

extension BillingSettings {
    fileprivate func applying(_ change: SettingsChange) -> BillingSettings {
        var settings = self
        settings.packPriceCents = change.packPriceCents ?? packPriceCents
        settings.creditsPerPack = change.creditsPerPack ?? creditsPerPack
        settings.refundOnFailure = change.refundOnFailure ?? refundOnFailure
        settings.freeTrialCredits = change.freeTrialCredits ?? freeTrialCredits
        return settings
    }

    fileprivate var fields: [JSON.Member] {
        [
            JSON.Member("pack_price_cents", .integer(packPriceCents)),
            JSON.Member("credits_per_pack", .integer(creditsPerPack)),
            JSON.Member("refund_on_failure", .bool(refundOnFailure)),
            JSON.Member("free_trial_credits", .integer(freeTrialCredits)),
        ]
    }

    fileprivate func text(of names: Set<String>) -> String {
        JSON.object(fields.filter { names.contains($0.name) }).text
    }
}
