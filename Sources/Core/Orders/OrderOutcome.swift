/// What a snapshot of an order did to the ledger.
public enum OrderOutcome: Equatable, Sendable {
    /// The entries that were written, and how the debt changed.
    case applied(OrderChange)
    /// The order's credits are as they should be already.
    case unchanged
    /// A newer snapshot was applied before.
    case stale
    case parked(ParkedReason)
    case recorded(RecordedReason)
    /// The order, or its checkout, belongs to Polar's other environment.
    case otherEnvironment
}

public struct OrderChange: Equatable, Sendable {
    public let user: UserID
    public let entries: [LedgerEntry]
    /// Above zero: taken back but already spent. Below zero: debt that is settled.
    public let debt: Credits
    /// The checkout, the metadata and the customer do not name the same user.
    public let evidenceDisagrees: Bool
}

/// What became of a delivery. The raw value is stored: never rename one.
public enum Verdict: String, Sendable, CaseIterable {
    case applied, unchanged, stale, parked, recorded, ignored, unreadable
    case otherEnvironment = "other_environment"
}

extension OrderOutcome {
    public var verdict: Verdict {
        switch self {
        case .applied: .applied
        case .unchanged: .unchanged
        case .stale: .stale
        case .parked: .parked
        case .recorded: .recorded
        case .otherEnvironment: .otherEnvironment
        }
    }

    /// Which reason stands beside the verdict, if it has one.
    public var reason: String? {
        switch self {
        case .parked(let reason): reason.rawValue
        case .recorded(let reason): reason.rawValue
        case .applied, .unchanged, .stale, .otherEnvironment: nil
        }
    }
}
