public import JSON

/// One billing setting: form, API, command line, help, audit log, statements and checks are made from its line in ``table``.
///
/// A new one is a property of ``BillingSettings`` with its line here, and a column with the same bounds in a migration.
public struct Setting: Sendable {
    public static let table = [
        Setting(
            "pack_price_cents", .money(typedAs: "pack_price"), 50...1_000_000, \.packPriceCents, "Price of a pack",
            """
            Before tax. Whether Polar adds the tax to it or takes it out of it is decided by the product at Polar.
            """),
        Setting(
            "credits_per_pack", .count, 1...1_000_000, \.creditsPerPack, "Credits in a pack",
            "Packs that were sold keep their credits, also when they are refunded."),
        Setting(
            "refund_on_failure", .yesNo, 0...1, \.refundOnFailure.number,
            "Give the credit back when an image finally fails",
            "Off, a failed image stays charged, and its user may try it again at no cost."),
        Setting(
            "free_trial_credits", .count, 0...10_000, \.freeTrialCredits, "Free credits for a new user",
            "Given once, when a user is first seen. Users who are here already keep what they got."),
    ]

    public enum Unit: Equatable, Sendable {
        case count
        /// Minor units of the settings' currency. A form shows and takes it as people write it, in a field of this name.
        case money(typedAs: String)
        /// 1 and 0, as the column keeps it.
        case yesNo
    }

    /// Of the API's and the form's field, of the command line's, in the audit log, of the column.
    public let name: String
    public let unit: Unit
    public let bounds: ClosedRange<Int64>
    fileprivate let path: any WritableKeyPath<BillingSettings, Int64> & Sendable
    public let label: String
    public let help: String

    private init(
        _ name: String, _ unit: Unit, _ bounds: ClosedRange<Int64>,
        _ path: any WritableKeyPath<BillingSettings, Int64> & Sendable, _ label: String, _ help: String
    ) {
        self.name = name
        self.unit = unit
        self.bounds = bounds
        self.path = path
        self.label = label
        self.help = help
    }

    public static func named(_ name: String) -> Setting? {
        table.first { $0.name.utf8.elementsEqual(name.utf8) }
    }

    /// What its values are, to whoever sent another.
    public var rule: String {
        switch unit {
        case .count, .money: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        case .yesNo: "true or false"
        }
    }

    public func json(_ value: Int64) -> JSON {
        switch unit {
        case .count, .money: .integer(value)
        case .yesNo: .bool(value == 1)
        }
    }

    /// `nil` for what is not of its type. Whether it is within bounds is found by ``SettingsChange``.
    public func value(of json: JSON) -> Int64? {
        switch unit {
        case .count, .money: json.integer
        case .yesNo: json.bool?.number
        }
    }

    public func value(of text: String) -> Int64? {
        switch unit {
        case .count, .money: Int64(text)
        case .yesNo: Bool(text)?.number
        }
    }
}

extension BillingSettings {
    public internal(set) subscript(setting: Setting) -> Int64 {
        get { self[keyPath: setting.path] }
        set { self[keyPath: setting.path] = newValue }
    }
}

extension Bool {
    fileprivate var number: Int64 {
        get { self ? 1 : 0 }
        set { self = newValue == 1 }
    }
}
