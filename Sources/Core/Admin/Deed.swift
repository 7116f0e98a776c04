/// What became of something that an admin asked for, on a page, through the API or with `creditctl`: one line of log for
/// all of them.
public protocol Deed {
    /// - Returns: `nil` if nothing was changed.
    func logLine(_ facts: [String: any LogValue]) -> LogLine?
}

extension AssignOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        switch self {
        case .applied(let outcome): outcome.logLine(facts.merging(["order.source": "assigned"]) { $1 })
        case .notParked, .notGrantable, .belongsTo, .unknownOrder, .otherEnvironment: nil
        }
    }
}

extension DismissOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        self == .dismissed ? LogLine(.notice, "order.dismissed", facts) : nil
    }
}

extension ReplayOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        guard case .replayed(let receipt) = self else { return nil }
        let verdict: [String: any LogValue] = ["webhook.verdict": receipt.verdict.rawValue]
        return LogLine(.notice, "delivery.replayed", facts.merging(verdict) { $1 })
    }
}

extension AdjustmentOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        guard case .adjusted(let entry) = self else { return nil }
        let moved: [String: any LogValue] = [
            "user.id": entry.user, "entry.credits": entry.amount, "entry.id": entry.id,
        ]
        return LogLine(.notice, "user.adjusted", facts.merging(moved) { $1 })
    }
}

extension GrantAdminOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        self == .granted ? LogLine(.notice, "admin.granted", facts) : nil
    }
}

extension RevokeAdminOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        self == .revoked ? LogLine(.notice, "admin.revoked", facts) : nil
    }
}

extension SettingsOutcome: Deed {
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        guard case .changed(let new) = self else { return nil }
        return LogLine(.notice, "settings.changed", facts.merging(["settings.version": new.version]) { $1 })
    }
}

extension Once: Deed where Outcome: Deed {
    /// What was done before was told before.
    public func logLine(_ facts: [String: any LogValue]) -> LogLine? {
        guard case .now(let outcome) = self else { return nil }
        return outcome.logLine(facts)
    }
}
