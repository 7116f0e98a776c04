public import Core

/// One field of the settings' form and what a person typed into it, whatever it is.
public struct TypedSetting: Sendable {
    let setting: Setting
    let text: String
    /// As people write money (`5.00`); otherwise money is in minor units.
    let isMoney: Bool

    public init(_ setting: Setting, _ text: String, isMoney: Bool = false) {
        self.setting = setting
        self.text = text
        self.isMoney = isMoney
    }
}

/// The settings' form as it was filled in, and what it asks for.
public struct TypedSettings: Sendable {
    let fields: [TypedSetting]
    public private(set) var change = SettingsChange()
    /// The names of the settings that nothing within bounds was typed for.
    public private(set) var faults: Set<String> = []

    public init(_ fields: [TypedSetting], currency: String) {
        self.fields = fields
        for field in fields where !change.set(field.setting, to: field.value(in: currency)) {
            faults.insert(field.setting.name)
        }
    }

    init(_ settings: BillingSettings) {
        self.init(Setting.table.map { TypedSetting($0, of: settings) }, currency: settings.currency)
    }
}

/// What came of the settings' form, if it was sent.
public enum SettingsTrial: Sendable {
    case notSent
    /// Something in it is out of bounds.
    case faulty(TypedSettings)
    /// Somebody else was faster: what they saved stands in the current settings.
    case stale(TypedSettings)
}

extension AdminPage {
    /// `/admin/settings`
    public static func settings(
        _ settings: BillingSettings, _ trial: SettingsTrial = .notSent, history: [AuditLine], _ context: AdminContext
    ) -> AdminPage {
        var parts: [Part] = []
        if case .stale(let typed) = trial { parts.append(bothVersions(settings, typed, context)) }
        parts.append(form(settings, trial, context))
        parts.append(changes(history, context))
        return AdminPage(
            "Settings",
            lead: "What is sold from now on. Whoever has opened a checkout already pays the price that it promised.",
            at: .settings, context, parts: parts)
    }

    private static func form(_ settings: BillingSettings, _ trial: SettingsTrial, _ context: AdminContext) -> Part {
        let (typed, wrong): (TypedSettings, Set<String>) =
            switch trial {
            case .notSent: (TypedSettings(settings), [])
            case .faulty(let typed): (typed, typed.faults)
            case .stale(let typed): (typed, [])
            }
        let count = wrong.count == 1 ? "One field is" : "\(wrong.count) fields are"
        return Part("form").with {
            $0.note = Format.unitPrice(
                settings.packPriceCents, credits: settings.creditsPerPack, settings.currency
            ).map { "One credit now costs \($0)." }
            $0.form = FormView(
                "/admin/settings", context, hidden: [("version", String(settings.version))],
                typed.fields.map { $0.field(beside: settings, isWrong: wrong.contains($0.setting.name)) },
                button: "Save the settings",
                fault: wrong.isEmpty ? nil : "\(count) out of bounds. Nothing was saved.")
        }
    }

    private static func bothVersions(
        _ settings: BillingSettings, _ typed: TypedSettings, _ context: AdminContext
    ) -> Part {
        let when = settings.updatedAt.map { Format.relative($0, now: context.now) } ?? "meanwhile"
        return Part("versions", "Theirs and yours").with {
            $0.alert = """
                \(settings.updatedBy ?? "Somebody") saved other settings \(when), after you had opened this page. Nothing of yours was \
                saved. Your values are still in the form: send it again to put them in the place of theirs.
                """
            $0.table = Table(
                named: "versions", [.init("Setting"), .init("In force"), .init("Yours")],
                rows: typed.fields.map { field in
                    let (theirs, mine) = (settings[field.setting], field.value(in: settings.currency))
                    return [
                        Cell(field.setting.label), Cell(field.text(of: theirs, in: settings.currency)),
                        Cell(
                            mine.map { field.text(of: $0, in: settings.currency) } ?? field.text,
                            badge: theirs == mine ? nil : "warn"),
                    ]
                }, ifEmpty: "")
        }
    }

    private static func changes(_ history: [AuditLine], _ context: AdminContext) -> Part {
        Part("changes", "Changes").with {
            $0.table = Table(
                named: "changes", [.init("When"), .init("Who"), .init("Before"), .init("After")],
                rows: history.map { entry in
                    [
                        Cell(Moment(entry.createdAt, now: context.now)), Cell(entry.actor),
                        Cell(entry.old ?? ""), Cell(entry.new ?? ""),
                    ]
                }, ifEmpty: "The settings have never been changed.")
        }
    }
}

extension TypedSetting {
    fileprivate init(_ setting: Setting, of settings: BillingSettings) {
        let value = settings[setting]
        switch setting.unit {
        case .money: self.init(setting, Format.amount(value, settings.currency), isMoney: true)
        case .count: self.init(setting, String(value))
        case .yesNo: self.init(setting, String(value == 1))
        }
    }

    /// `nil` for what is no value of the setting, whether in bounds or not.
    fileprivate func value(in currency: String) -> Int64? {
        isMoney ? Format.minor(text, currency) : setting.value(of: text)
    }

    /// A value as this field would have it.
    fileprivate func text(of value: Int64, in currency: String) -> String {
        switch setting.unit {
        case .money, .count: isMoney ? Format.amount(value, currency) : String(value)
        case .yesNo: value == 1 ? "Yes" : "No"
        }
    }

    /// - Parameter settings: those in force.
    fileprivate func field(beside settings: BillingSettings, isWrong: Bool) -> Field {
        let (least, most, currency) = (setting.bounds.lowerBound, setting.bounds.upperBound, settings.currency)
        let counts = "\(Format.number(least)) to \(Format.number(most))"
        switch setting.unit {
        case .yesNo:
            return field(setting.name, setting.label, .tick(value(in: currency) == 1), setting.help, fault: nil)
        case .money(let name) where isMoney:
            let amounts = "\(Format.money(least, currency)) to \(Format.money(most, currency))"
            let example = Format.amount(settings[setting], currency)
            return field(
                name, "\(setting.label), in \(currency.uppercased())", .money, "\(setting.help) \(amounts).",
                fault: isWrong ? "An amount from \(amounts), written like \(example)." : nil)
        case .money, .count:
            let unit = setting.unit == .count ? "" : ", in \(Format.minorName(currency))"
            return field(
                setting.name, setting.label + unit, .number, "\(setting.help) \(counts).",
                fault: isWrong ? "A whole number from \(counts)." : nil)
        }
    }

    private func field(_ name: String, _ label: String, _ kind: Field.Kind, _ help: String, fault: String?) -> Field {
        Field(name, id: name.replacing("_", with: "-"), label, kind, value: text, help: help, fault: fault)
    }
}
