import Core

/// `name=value` as it was written, and what is meant by it.
struct Assignments {
    private(set) var change = SettingsChange()
    /// What cannot be meant, one sentence each.
    private(set) var misuses: [String] = []
    /// What is meant, but out of bounds.
    private(set) var faults: [BillingSettings.Fault] = []

    init(_ texts: [String]) {
        var names: Set<String> = []
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { misuses.append("\(text) is not NAME=VALUE"); continue }
            if !names.insert(parts[0]).inserted { misuses.append("\(parts[0]) stands twice") }
            assign(parts[0], parts[1])
        }
    }

    private mutating func assign(_ name: String, _ value: String) {
        switch name {
        case "pack_price_cents": change.packPriceCents = number(name, value, BillingSettings.packPriceBounds)
        case "credits_per_pack": change.creditsPerPack = number(name, value, BillingSettings.creditsBounds)
        case "free_trial_credits": change.freeTrialCredits = number(name, value, BillingSettings.trialBounds)
        case "refund_on_failure":
            change.refundOnFailure = Bool(value)
            if change.refundOnFailure == nil { misuses.append("\(name) is not true or false") }
        case _: misuses.append("\(name) is no setting")
        }
    }

    private mutating func number(_ name: String, _ value: String, _ bounds: ClosedRange<Int64>) -> Int64? {
        guard let number = Int64(value) else {
            misuses.append("\(name) is not a whole number")
            return nil
        }
        if !bounds.contains(number) { faults.append(BillingSettings.Fault(name: name, bounds: bounds)) }
        return number
    }
}

extension ClosedRange<Int64> {
    var words: String { "\(lowerBound) to \(upperBound)" }
}
