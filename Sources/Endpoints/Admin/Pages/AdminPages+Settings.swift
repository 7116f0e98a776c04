internal import Core
internal import HTTP
internal import JSON
internal import Pages

extension AdminPages {
    func settings(_ request: Request, _: String) throws(RequestError) -> Response {
        let settings = try stored { () throws(StoreError) in try store.settings() }
        return .html(.ok, try settingsPage(request, settings, .notSent))
    }

    /// The form of the settings: all four of them, at the version that was read.
    func changeSettings(_ request: Request, _: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let form = try request.form()
        let typed = TypedSettings(
            packPriceCents: form.typed("pack_price_cents"), creditsPerPack: form.typed("credits_per_pack"),
            refundOnFailure: form.isTicked("refund_on_failure"), freeTrialCredits: form.typed("free_trial_credits"))
        let current = try stored { () throws(StoreError) in try store.settings() }
        guard let version = form["version"].flatMap({ Int64($0) }) else {
            throw .invalid(field: "version", rule: "the version that the form was read at")
        }
        let (change, faults) = typed.change
        guard faults.isEmpty else {
            return .html(.unprocessableContent, try settingsPage(request, current, .faulty(typed, fields: faults)))
        }
        let outcome = try stored { () throws(StoreError) in
            try store.changeSettings(change, expectedVersion: version, by: actor.text, at: dependencies.now())
        }
        switch outcome {
        case .changed(let new):
            log("settings.changed", ["user.id": actor, "settings.version": new.version], request)
            return Self.done("/admin/settings", .settingsChanged)
        case .unchanged: return Self.done("/admin/settings", .settingsUnchanged)
        case .outOfBounds(let faults):
            let trial = SettingsTrial.faulty(typed, fields: Set(faults.map(\.name)))
            return .html(.unprocessableContent, try settingsPage(request, current, trial))
        // A second click of the same form: what it asks for is in force.
        case .stale(let current) where TypedSettings(current) == typed && current.updatedBy == actor.text:
            return Self.done("/admin/settings", .settingsChanged)
        case .stale(let current): return .html(.conflict, try settingsPage(request, current, .stale(typed)))
        }
    }

    private func settingsPage(
        _ request: Request, _ settings: BillingSettings, _ trial: SettingsTrial
    ) throws(RequestError) -> String {
        let history = try stored { () throws(StoreError) in try store.auditLog(of: "billing_settings", limit: 20) }
        return AdminPage.settings(settings, trial, history: history.items.map(AuditLine.init), try context(request))
            .html
    }
}

extension TypedSettings {
    /// What it asks for, or the names of the fields that no number within bounds was typed into.
    fileprivate var change: (SettingsChange, faults: Set<String>) {
        var change = SettingsChange()
        var faults: Set<String> = []
        func number(_ name: String, _ text: String, _ bounds: ClosedRange<Int64>) -> Int64? {
            if let value = Int64(text), bounds.contains(value) { return value }
            faults.insert(name)
            return nil
        }
        change.packPriceCents = number("pack_price_cents", packPriceCents, BillingSettings.packPriceBounds)
        change.creditsPerPack = number("credits_per_pack", creditsPerPack, BillingSettings.creditsBounds)
        change.freeTrialCredits = number("free_trial_credits", freeTrialCredits, BillingSettings.trialBounds)
        change.refundOnFailure = refundOnFailure
        return (change, faults)
    }
}

extension Form {
    /// What a person typed, without the blanks around it; empty if the field is not there.
    func typed(_ name: String) -> String {
        let text = self[name] ?? ""
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }

    /// A browser sends a box that is ticked and leaves out one that is not.
    func isTicked(_ name: String) -> Bool {
        switch self[name] {
        case nil, "", "false", "off", "0": false
        case .some: true
        }
    }
}
