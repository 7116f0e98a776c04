/// What `creditctl prune` needs to know: how long what nobody needs any more is kept, in days.
public struct PruneSettings: Sendable {
    public let store: StoreSettings
    /// `CREDITS_IMAGES`
    public let images: String
    /// `CHECKOUT_DAYS`: checkouts that came to nothing. `reconcile --deep` asks about those of 30 days.
    public let checkoutDays: Int
    /// `IMAGE_DAYS`: pictures and what was made of them; `nil`: until their users delete them.
    public let imageDays: Int?

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        images = reader.text("CREDITS_IMAGES")
        checkoutDays = reader.integer("CHECKOUT_DAYS", in: 31...36_500, default: 90)
        imageDays = reader.integer("IMAGE_DAYS", in: 1...36_500)
        try reader.finish()
    }
}
