public import Core
internal import JSON

extension BillingSettings {
    public static let shape = Shape<BillingSettings>(
        "Settings", nil,
        Setting.table.map(\.field) + [
            Field("currency", .currency) { $0.currency },
            Field("version", .whole(from: 1)) { $0.version },
            Field(nullable: "updated_at", .time) { $0.updatedAt },
            Field(nullable: "updated_by", .text) { $0.updatedBy },
        ])

    /// The least that a pack may have been sold for, in minor units.
    static let leastPrice = Setting.named("pack_price_cents")?.bounds.lowerBound ?? 1

    /// What a pack costs now.
    static let price = shape.showing("pack_price_cents", "credits_per_pack", "currency", as: "Price")

    /// What a change may name: the settings, and the version that was read. What is only shown may be sent back.
    static let change: Component = {
        let members = shape.fields.map { field -> JSON.Member in
            if Setting.named(field.name) != nil { return JSON.Member(field.name, field.schema) }
            guard field.name == "version" else {
                return JSON.Member(field.name, ["description": "As read; not for changing"])
            }
            return JSON.Member(
                field.name, Kind<Int64>.whole.schema.described("Only if this version is still in force"))
        }
        return Component(
            "SettingsChange",
            [
                "type": "object", "properties": .object(members), "additionalProperties": false,
                "description": "What is left out stays as it is",
            ])
    }()
}

extension Setting {
    fileprivate var field: Field<BillingSettings> {
        switch unit {
        case .count: Field(name, .whole(in: bounds)) { $0[self] }
        case .money: Field(name, .whole(in: bounds), "Minor units of `currency`, before tax") { $0[self] }
        case .yesNo: Field(name, .flag) { $0[self] == 1 }
        }
    }
}
