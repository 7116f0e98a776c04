public import Core

extension BillingSettings {
    public static let shape = Shape<BillingSettings>(
        "Settings", nil,
        [
            Field("pack_price_cents", .whole(in: packPriceBounds), "Minor units of `currency`, before tax") {
                $0.packPriceCents
            },
            Field("credits_per_pack", .whole(in: creditsBounds)) { $0.creditsPerPack },
            Field("refund_on_failure", .flag) { $0.refundOnFailure },
            Field("free_trial_credits", .whole(in: trialBounds)) { $0.freeTrialCredits },
            Field("currency", .currency) { $0.currency },
            Field("version", .whole(from: 1)) { $0.version },
            Field(nullable: "updated_at", .time) { $0.updatedAt },
            Field(nullable: "updated_by", .text) { $0.updatedBy },
        ])

    /// What a pack costs now.
    static let price = shape.showing("pack_price_cents", "credits_per_pack", "currency", as: "Price")
}
