/// How an order stands with us. The raw value is stored: never rename one.
public enum PaymentState: String, CaseIterable, Sendable {
    case applied, recorded, parked, dismissed
}

extension PaymentState {
    /// What is kept of an outcome, and why.
    static func after(_ outcome: OrderOutcome) -> (state: PaymentState, reason: String?) {
        switch outcome {
        case .recorded(.dismissed): (.dismissed, RecordedReason.dismissed.rawValue)
        case .recorded(let reason): (.recorded, reason.rawValue)
        case .parked(let reason): (.parked, reason.rawValue)
        case .applied, .unchanged, .stale, .otherEnvironment: (.applied, nil)
        }
    }
}
