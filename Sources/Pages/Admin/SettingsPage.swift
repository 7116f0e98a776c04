public import Core

/// What a person typed into the settings' form, whatever it is.
public struct TypedSettings: Equatable, Sendable {
    public let packPriceCents: String
    public let creditsPerPack: String
    public let refundOnFailure: Bool
    public let freeTrialCredits: String

    public init(packPriceCents: String, creditsPerPack: String, refundOnFailure: Bool, freeTrialCredits: String) {
        self.packPriceCents = packPriceCents
        self.creditsPerPack = creditsPerPack
        self.refundOnFailure = refundOnFailure
        self.freeTrialCredits = freeTrialCredits
    }

    public init(_ settings: BillingSettings) {
        self.init(
            packPriceCents: String(settings.packPriceCents), creditsPerPack: String(settings.creditsPerPack),
            refundOnFailure: settings.refundOnFailure, freeTrialCredits: String(settings.freeTrialCredits))
    }
}

/// What came of the settings' form, if it was sent.
public enum SettingsTrial: Sendable {
    case notSent
    /// The names of the fields that are out of bounds.
    case faulty(TypedSettings, fields: Set<String>)
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
            case .faulty(let typed, let fields): (typed, fields)
            case .stale(let typed): (typed, [])
            }
        func fault(_ name: String, _ bounds: ClosedRange<Int64>) -> String? {
            wrong.contains(name)
                ? "A whole number from \(Format.number(bounds.lowerBound)) to \(Format.number(bounds.upperBound))."
                : nil
        }
        let fields = [
            Field(
                "pack_price_cents", id: "pack-price", "Price of a pack, in \(Format.minorName(settings.currency))",
                .number,
                value: typed.packPriceCents, help: priceHelp(settings),
                fault: fault("pack_price_cents", BillingSettings.packPriceBounds)),
            Field(
                "credits_per_pack", id: "pack-credits", "Credits in a pack", .number, value: typed.creditsPerPack,
                help: creditsHelp(settings), fault: fault("credits_per_pack", BillingSettings.creditsBounds)),
            Field(
                "refund_on_failure", id: "refund", "Give the credit back when an image finally fails",
                .tick(typed.refundOnFailure),
                help: "Off, a failed image stays charged, and its user may try it again at no cost."),
            Field(
                "free_trial_credits", id: "trial", "Free credits for a new user", .number,
                value: typed.freeTrialCredits,
                help:
                    "Given once, when a user is first seen. Users who are here already keep what they got. 0 to 10,000.",
                fault: fault("free_trial_credits", BillingSettings.trialBounds)),
        ]
        let count = wrong.count == 1 ? "One field is" : "\(wrong.count) fields are"
        return Part("form").with {
            $0.form = FormView(
                "/admin/settings", context, hidden: [("version", String(settings.version))], fields,
                button: "Save the settings",
                fault: wrong.isEmpty ? nil : "\(count) out of bounds. Nothing was saved.")
        }
    }

    private static func priceHelp(_ settings: BillingSettings) -> String {
        """
        Now \(settings.packPriceCents) is \(Format.money(settings.packPriceCents, settings.currency)), before tax. Whether Polar \
        adds the tax to it or takes it out of it is decided by the product at Polar. 50 to 1,000,000.
        """
    }

    private static func creditsHelp(_ settings: BillingSettings) -> String {
        let unit = Format.unitPrice(settings.packPriceCents, credits: settings.creditsPerPack, settings.currency)
        return (unit.map { "One credit now costs \($0). " } ?? "")
            + "Packs that were sold keep their credits, also when they are refunded. 1 to 1,000,000."
    }

    private static func bothVersions(
        _ settings: BillingSettings, _ typed: TypedSettings, _ context: AdminContext
    ) -> Part {
        let theirs = TypedSettings(settings)
        func row(_ name: String, _ before: String, _ mine: String) -> [Cell] {
            [Cell(name), Cell(before), Cell(mine, badge: before == mine ? nil : "warn")]
        }
        func word(_ isOn: Bool) -> String { isOn ? "given back" : "kept" }
        let when = settings.updatedAt.map { Format.relative($0, now: context.now) } ?? "meanwhile"
        return Part("versions", "Theirs and yours").with {
            $0.alert = """
                \(settings.updatedBy ?? "Somebody") saved other settings \(when), after you had opened this page. Nothing of yours was \
                saved. Your values are still in the form: send it again to put them in the place of theirs.
                """
            $0.table = Table(
                named: "versions", [.init("Setting"), .init("In force"), .init("Yours")],
                rows: [
                    row("Price of a pack", theirs.packPriceCents, typed.packPriceCents),
                    row("Credits in a pack", theirs.creditsPerPack, typed.creditsPerPack),
                    row("Credit of a failed image", word(theirs.refundOnFailure), word(typed.refundOnFailure)),
                    row("Free credits", theirs.freeTrialCredits, typed.freeTrialCredits),
                ], ifEmpty: "")
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
