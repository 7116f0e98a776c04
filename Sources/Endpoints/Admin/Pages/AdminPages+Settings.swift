internal import Core
internal import HTTP
internal import Pages

extension AdminPages {
    func settings(_ request: Request, _: String) throws(RequestError) -> Response {
        let settings = try stored(store.settings.current())
        return .html(.ok, try settingsPage(request, settings, .notSent))
    }

    /// The form of the settings: all of them, at the version that was read.
    func changeSettings(_ request: Request, _ form: Form, _: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let current = try stored(store.settings.current())
        guard let version = form["version"].flatMap({ Int64($0) }) else {
            throw .invalid(field: "version", rule: "the version that the form was read at")
        }
        let typed = TypedSettings(Setting.table.map { TypedSetting($0, in: form) }, currency: current.currency)
        guard typed.faults.isEmpty else {
            return .html(.unprocessableContent, try settingsPage(request, current, .faulty(typed)))
        }
        let outcome = try stored(
            store.settings.change(typed.change, expectedVersion: version, by: actor.text, at: dependencies.now()))
        dependencies.tell(outcome, by: actor, request)
        switch outcome {
        case .changed: return Self.done("/admin/settings", .settingsChanged)
        case .unchanged: return Self.done("/admin/settings", .settingsUnchanged)
        // A second click of the same form: what it asks for is in force.
        case .stale(let current) where typed.change.isInForce(in: current) && current.updatedBy == actor.text:
            return Self.done("/admin/settings", .settingsChanged)
        case .stale(let current): return .html(.conflict, try settingsPage(request, current, .stale(typed)))
        }
    }

    private func settingsPage(
        _ request: Request, _ settings: BillingSettings, _ trial: SettingsTrial
    ) throws(RequestError) -> String {
        let history = try stored(store.admins.auditLog(of: "billing_settings", limit: 20))
        return AdminPage.settings(settings, trial, history: history.items.map(AuditLine.init), try context(request))
            .html
    }
}

extension TypedSetting {
    /// Money may come in minor units instead, under the name that it has everywhere else.
    fileprivate init(_ setting: Setting, in form: Form) {
        switch setting.unit {
        case .yesNo: self.init(setting, String(form.isTicked(setting.name)))
        case .money(let field) where form[setting.name] == nil: self.init(setting, form.typed(field), isMoney: true)
        case .money, .count: self.init(setting, form.typed(setting.name))
        }
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
