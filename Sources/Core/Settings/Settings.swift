internal import Database
private import JSON

/// What an admin wants to be otherwise: nothing in it is out of bounds, and what is not in it stays as it is.
public struct SettingsChange: Sendable {
    private var values: [(setting: Setting, value: Int64)] = []

    public init() {}

    /// - Parameter value: `nil` for what could not be read.
    /// - Returns: whether it is within the setting's bounds; nothing else is taken.
    public mutating func set(_ setting: Setting, to value: Int64?) -> Bool {
        guard let value, setting.bounds.contains(value) else { return false }
        values.append((setting, value))
        return true
    }

    func applied(to settings: BillingSettings) -> BillingSettings {
        values.reduce(into: settings) { $0[$1.setting] = $1.value }
    }

    public func isInForce(in settings: BillingSettings) -> Bool { applied(to: settings) == settings }
}

/// What became of the wish to change the settings.
public enum SettingsOutcome: Equatable, Sendable {
    case changed(BillingSettings)
    /// They were so already; nothing was written.
    case unchanged(BillingSettings)
    /// Somebody changed them since they were read.
    case stale(current: BillingSettings)
}

/// What the store can be asked of the settings that admins change.
public struct Settings: Home {
    let store: Store

    public func current() throws(StoreError) -> BillingSettings {
        try read { connection throws(DatabaseError) in try BillingSettings.current(on: connection) }
    }

    /// Changes what is sold from now on; what was promised before stands. The audit log tells the old and the new.
    ///
    /// - Parameter expectedVersion: what the admin looked at; `nil` if that does not matter.
    public func change(
        _ change: SettingsChange, expectedVersion: Int64?, by actor: String, at now: Instant
    ) throws(StoreError) -> SettingsOutcome {
        try write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            let old = try BillingSettings.current(on: connection)
            guard expectedVersion ?? old.version == old.version else { return .stale(current: old) }
            guard !change.isInForce(in: old) else { return .unchanged(old) }

            let new = change.applied(to: old)
            let count = Setting.table.count
            let columns = zip(Setting.table, 1...).map { "\($0.name) = $\($1)" }.joined(separator: ", ")
            try connection.run(
                """
                UPDATE billing_settings SET \(columns), version = version + 1, updated_ms = $\(count + 1),
                                            updated_by = $\(count + 2)
                """,
                Setting.table.map { .integer(new[$0]) } + [.integer(now.rawValue), .text(actor)]
            ) { _ in }
            let changed = Setting.table.filter { old[$0] != new[$0] }
            func text(_ settings: BillingSettings) -> String {
                JSON.object(changed.map { JSON.Member($0.name, $0.json(settings[$0])) }).text
            }
            try AuditLog.add(
                actor: actor, action: "settings.change", subject: "billing_settings", old: text(old), new: text(new),
                at: now, in: transaction)
            return .changed(try BillingSettings.current(on: connection))
        }
    }
}
