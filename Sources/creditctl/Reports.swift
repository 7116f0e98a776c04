import Core
import JSON

// How the answers look: one JSON object, or lines for a person.

extension BillingSettings {
    var json: JSON {
        [
            "pack_price_cents": .integer(packPriceCents), "credits_per_pack": .integer(creditsPerPack),
            "refund_on_failure": .bool(refundOnFailure), "free_trial_credits": .integer(freeTrialCredits),
            "currency": .string(currency), "version": .integer(version),
            "updated_at": .optional(updatedAt?.rfc3339), "updated_by": .optional(updatedBy),
        ]
    }

    var text: String {
        """
        pack_price_cents=\(packPriceCents)
        credits_per_pack=\(creditsPerPack)
        refund_on_failure=\(refundOnFailure)
        free_trial_credits=\(freeTrialCredits)
        """
    }
}

extension LedgerEntry {
    var json: JSON {
        [
            "id": .integer(id), "kind": .string(kind.rawValue), "amount": .integer(amount.rawValue),
            "balance_after": .integer(balanceAfter.rawValue), "created_at": .string(createdAt.rfc3339),
            "order_id": .optional(order?.text), "generation_id": .optional(generation?.text),
            "actor": .optional(actor), "reason": .optional(reason),
        ]
    }

    var line: String {
        var line = "\(createdAt.rfc3339)  \(kind.rawValue) \(amount.rawValue), leaves \(balanceAfter.rawValue)"
        if let order { line += ", order \(order.text)" }
        if let generation { line += ", generation \(generation.text)" }
        if let actor, let reason { line += ", by \(actor): \(reason)" }
        return line
    }
}

extension PaymentReport {
    var json: JSON {
        [
            "order_id": .string(order.text), "environment": .string(environment.rawValue),
            "user_id": .optional(user?.text), "checkout_id": .optional(checkout?.text), "state": .string(state),
            "reason": .optional(reason), "status": .optional(status), "currency": .optional(currency),
            "net_cents": .optional(net), "refunded_cents": .optional(refunded), "pack_credits": .optional(pack),
            "target_credits": .integer(target), "debt_credits": .integer(debt.rawValue),
            "dispute_lost": .bool(hasLostDispute), "polar_time": .string(clock.instant.rfc3339),
            "created_at": .string(createdAt.rfc3339), "updated_at": .string(updatedAt.rfc3339),
        ]
    }

    var line: String {
        let verdict = reason.map { "\(state) (\($0))" } ?? state
        let money = "\(net.map(String.init) ?? "?") \(currency ?? "?"), refunded \(refunded.map(String.init) ?? "?")"
        return "\(createdAt.rfc3339)  order \(order.text) \(status ?? "of unknown status"), \(verdict): "
            + "\(target) of \(pack.map(String.init) ?? "?") credits for \(money), debt \(debt.rawValue)"
    }
}

extension Checkout {
    /// Without its address and secret, which are the buyer's.
    fileprivate var json: JSON {
        [
            "id": .string(id.text), "polar_id": .optional(session?.id.text), "user_id": .string(user.text),
            "status": .string(status.rawValue), "quantity": .integer(quantity), "credits": .integer(lock.credits),
            "amount_cents": .integer(lock.amount), "currency": .string(lock.currency),
            "credits_granted": .integer(granted), "created_at": .string(createdAt.rfc3339),
        ]
    }
}

extension DeliveryReport {
    fileprivate var json: JSON {
        [
            "webhook_id": .string(id), "environment": .string(environment.rawValue), "type": .optional(type),
            "verdict": .string(verdict), "reason": .optional(reason), "body_bytes": .integer(bodyBytes),
            "sent_at": .string(sentAt.rfc3339), "received_at": .string(receivedAt.rfc3339),
        ]
    }

    fileprivate var line: String {
        "\(receivedAt.rfc3339)  \(type ?? "unreadable"): \(reason.map { "\(verdict) (\($0))" } ?? verdict), \(id)"
    }
}

extension UserReport {
    var json: JSON {
        [
            "user_id": .string(account.user.text), "email": .optional(email), "name": .optional(name),
            "credits": .integer(account.balance.rawValue), "debt": .integer(account.debt.rawValue),
            "has_free_trial": .bool(account.hasFreeTrial), "trial_credits": .integer(trial.rawValue),
            "trial": .optional(account.trial?.rawValue), "first_seen_at": .string(account.createdAt.rfc3339),
            "payments": .array(payments.map(\.json)),
            "entries": .array(entries.map(\.json)),
        ]
    }

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
    func json(of order: Order.ID) -> JSON {
        [
            "order_id": .string(order.text), "payment": payment?.json ?? .null, "checkout": checkout?.json ?? .null,
            "entries": .array(entries.map(\.json)), "deliveries": .array(deliveries.map(\.json)),
        ]
    }

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
