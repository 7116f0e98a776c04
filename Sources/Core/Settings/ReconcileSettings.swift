/// What `creditctl reconcile` needs to know.
public struct ReconcileSettings: Sendable {
    public let store: StoreSettings
    public let environment: Environment
    public let product: Product.ID
    /// `CREDITS_PUBLIC_URL`: where the webhook endpoint should lead.
    public let publicURL: String
    public let polar: PolarSettings
    /// `LOG_LEVEL`: lines below it are left out.
    public let logLevel: LogLine.Level

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        environment = reader.choice("POLAR_SERVER", default: nil)
        product = reader.identifier("POLAR_PRODUCT_ID", of: Product.self)
        publicURL = reader.address("CREDITS_PUBLIC_URL")
        polar = PolarSettings(&reader, environment: environment)
        logLevel = reader.choice("LOG_LEVEL", default: .notice)
        try reader.finish()
    }
}
