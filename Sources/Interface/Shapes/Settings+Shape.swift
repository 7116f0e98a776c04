public import Core

extension BillingSettings {
    public static let shape = Shape<BillingSettings>(
        "Settings", nil,
        Setting.table.map(\.field) + [
            Field("currency", .currency) { $0.currency },
            Field("version", .whole(from: 1)) { $0.version },
            Field(nullable: "updated_at", .time) { $0.updatedAt },
            Field(nullable: "updated_by", .text) { $0.updatedBy },
        ])

    /// What a pack costs now.
    static let price = shape.showing("pack_price_cents", "credits_per_pack", "currency", as: "Price")
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
