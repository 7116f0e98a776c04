import Core
import JSON

// How the answers look: one JSON object, or lines for a person.

extension BillingSettings {
    var text: String {
        Setting.table.map { "\($0.name)=\($0.json(self[$0]).text)" }.joined(separator: "\n")
    }
}

extension LedgerEntry {
    var line: String {
        var line = "\(createdAt.rfc3339)  \(kind.rawValue) \(amount.rawValue), leaves \(balanceAfter.rawValue)"
        if let order { line += ", order \(order.text)" }
        if let generation { line += ", generation \(generation.text)" }
        if let actor, let reason { line += ", by \(actor): \(reason)" }
        return line
    }
}

extension PaymentReport {
    var line: String {
        let verdict = reason.map { "\(state.rawValue) (\($0))" } ?? state.rawValue
        let money = "\(net.map(String.init) ?? "?") \(currency ?? "?"), refunded \(refunded.map(String.init) ?? "?")"
        return "\(createdAt.rfc3339)  order \(order.text) \(status ?? "of unknown status"), \(verdict): "
            + "\(target) of \(pack.map(String.init) ?? "?") credits for \(money), debt \(debt.rawValue)"
    }
}

extension UserReport {
    var text: String {
        let who = [name, email].compactMap(\.self).joined(separator: ", ")
        let head = """
            user        \(account.user)\(who.isEmpty ? "" : " (\(who))")
            credits     \(account.balance.rawValue)
            debt        \(account.debt.rawValue)
            first seen  \(account.createdAt.rfc3339)
            trial       \(trial.rawValue) credits, \(account.trial?.words ?? (account.hasFreeTrial ? "running" : "over"))
            """
        return head + section("purchases", payments.map(\.line)) + section("entries", entries.map(\.line))
    }
}

extension TrialStanding {
    /// Why there is none; `nil` where it was given.
    fileprivate var words: String? {
        switch self {
        case .given, .givenUnnoted: nil
        case .none: "none was to be had"
        case .unverified: "waits for a verified address"
        case .repeated: "the address had its trial under another id"
        case .limited: "TRIAL_DAILY_LIMIT was reached"
        }
    }
}

extension OrderReport {
    func text(of order: Order.ID) -> String {
        var head = payment?.line ?? "order \(order.text): never applied"
        if let user = payment?.user { head += "\nuser      \(user)" }
        if let checkout {
            head += "\ncheckout  \(checkout.id.text), \(checkout.status.rawValue): "
            head += "\(checkout.lock.credits) credits for \(checkout.lock.amount) \(checkout.lock.currency)"
        }
        return head + section("entries", entries.map(\.line)) + section("deliveries", deliveries.map(\.line))
    }
}

func section(_ title: String, _ lines: [String]) -> String {
    "\n\n\(title)\n" + (lines.isEmpty ? ["none"] : lines).map { "  \($0)" }.joined(separator: "\n")
}
