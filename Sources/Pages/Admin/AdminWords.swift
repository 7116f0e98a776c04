internal import Core

extension ParkedReason {
    /// What it is, in a few words.
    var name: String {
        switch self {
        case .unknownUser: "No known user"
        case .checkoutMismatch: "Not what its checkout promised"
        case .priceMismatch: "Sold at another price"
        case .statusUnknown: "Unknown status"
        case .statusDisagrees: "Contradictory status"
        case .billingReason: "Not a plain purchase"
        case .seats: "Sold by seats"
        case .units: "Unreadable units"
        case .currency: "Another currency"
        case .amounts: "Unreadable amounts"
        case .nothingPaid: "Nothing was paid"
        }
    }

    /// Why no rule could grant it, and what a person may look at.
    var explanation: String {
        switch self {
        case .unknownUser:
            """
            It was paid, but neither our checkout nor its metadata nor Polar's customer names a user of ours. The e-mail \
            address alone is no proof. Find out whose it is, and assign it.
            """
        case .checkoutMismatch:
            """
            It came of a checkout of ours, but its product or its price before tax is not what that checkout promised. \
            Compare both below before you assign it.
            """
        case .priceMismatch:
            """
            No checkout of ours stands behind it, and its subtotal is not the price of its packs: it was bought through \
            Polar at another price, or just before the price was changed. Assigned, it grants the packs whole.
            """
        case .statusUnknown:
            """
            Polar says that it is paid, or was paid, under a status that this version does not know. See in Polar what it \
            means. What it granted before stays until then.
            """
        case .statusDisagrees:
            "Its status and its paid mark contradict each other. See in Polar whether the money has come."
        case .billingReason:
            "It is paid, but Polar did not sell it as a one-time purchase. No rule says how many credits it is worth."
        case .seats: "It was sold by seats, and no rule says how many credits a seat is worth."
        case .units: "The number of packs in it cannot be read, so nobody can say how many credits it is worth."
        case .currency: "It was paid in another currency than the one that packs are sold in."
        case .amounts: "Its amounts of money are missing, negative or not whole, so refunds could not be followed."
        case .nothingPaid: "It counts as paid, but nothing was paid for it: a full discount, or a test."
        }
    }
}

extension RecordedReason {
    var name: String {
        switch self {
        case .foreignProduct: "Another product: only kept"
        case .subscription: "A subscription: only kept"
        case .unpaid: "Not paid"
        case .settled: "Refunded before it was granted"
        case .dismissed: "Dismissed by an admin"
        }
    }
}

extension Verdict {
    var name: String {
        switch self {
        case .applied: "Applied"
        case .unchanged: "Nothing to change"
        case .stale: "Older than what was known"
        case .parked: "Parked"
        case .recorded: "Recorded"
        case .ignored: "Nothing to do"
        case .unreadable: "Unreadable"
        case .otherEnvironment: "Of the other environment"
        }
    }

    var badge: String {
        switch self {
        case .applied: "good"
        case .unchanged, .stale, .recorded, .ignored: "calm"
        case .parked, .otherEnvironment: "warn"
        case .unreadable: "bad"
        }
    }
}

/// What stands in a row under a name that another version may have written: shown as it is if nobody here knows it.
enum Named {
    static func reason(_ text: String?) -> String? {
        guard let text else { return nil }
        return ParkedReason(rawValue: text)?.name ?? RecordedReason(rawValue: text)?.name ?? text
    }

    static func state(_ state: PaymentState) -> (name: String, badge: String) {
        switch state {
        case .applied: ("Applied", "good")
        case .recorded: ("Recorded", "calm")
        case .parked: ("Parked", "warn")
        case .dismissed: ("Dismissed", "calm")
        }
    }

    /// Polar's word for an order.
    static func status(_ text: String?) -> String {
        guard let text else { return "unknown" }
        return text.split(separator: "_").joined(separator: " ")
    }

    static func action(_ text: String) -> String {
        switch text {
        case "settings.change": "Changed the settings"
        case "user.adjust": "Corrected a balance"
        case "user.forget": "Forgot a user"
        case "admin.grant": "Made an admin"
        case "admin.revoke": "Took admin rights away"
        case "order.assign": "Assigned an order"
        case "order.dismiss": "Dismissed an order"
        case "delivery.replay": "Replayed a delivery"
        case "generation.retry": "Retried a generation"
        case _: text
        }
    }
}

extension LedgerEntry.Kind {
    /// What happened, as an operator would say it.
    var name: String {
        switch self {
        case .trial: "Trial"
        case .purchase: "Purchase"
        case .charge: "Charge"
        case .refund: "Charge given back"
        case .clawback: "Clawback"
        case .repayment: "Debt repaid"
        case .restoration: "Clawback undone"
        case .adjustment: "Adjustment"
        }
    }
}

extension Generation.Status {
    var name: String {
        switch self {
        case .pending: "Waiting"
        case .processing: "Being made"
        case .completed: "Completed"
        case .failed: "Failed"
        case .cancelled: "Cancelled"
        }
    }
}
