/// What `creditctl reconcile` needs to know.
public struct ReconcileSettings: Sendable {
    public let store: StoreSettings
    public let scope: OrderScope
    /// `CREDITS_PUBLIC_URL`: where the webhook endpoint should lead.
    public let publicURL: String
    public let polar: PolarSettings
    /// `LOG_LEVEL`: lines below it are left out.
    public let logLevel: LogLine.Level

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        scope = OrderScope(&reader)
        publicURL = reader.address("CREDITS_PUBLIC_URL")
        polar = PolarSettings(&reader, environment: scope.environment)
        logLevel = reader.choice("LOG_LEVEL", default: .notice)
        try reader.finish()
    }
}
