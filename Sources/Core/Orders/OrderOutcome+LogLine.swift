extension OrderOutcome {
    /// - Parameter facts: what is known besides: the order, where the snapshot came from.
    public func logLine(_ facts: [String: any LogValue]) -> LogLine {
        var facts = facts
        if let reason { facts["order.reason"] = reason }
        switch self {
        case .applied(let change):
            facts["user.id"] = change.user
            facts["entry.credits"] = change.entries.reduce(Credits.zero) { $0 + $1.amount }
            facts["debt.credits"] = change.debt
            if change.evidenceDisagrees { facts["user.evidence_disagrees"] = true }
            return LogLine(change.evidenceDisagrees ? .warning : .notice, "order.applied", facts)
        case .unchanged: return LogLine(.info, "order.unchanged", facts)
        case .stale: return LogLine(.info, "order.stale", facts)
        case .parked: return LogLine(.error, "order.parked", facts)
        case .recorded: return LogLine(.info, "order.recorded", facts)
        case .otherEnvironment: return LogLine(.error, "order.other_environment", facts)
        }
    }
}
