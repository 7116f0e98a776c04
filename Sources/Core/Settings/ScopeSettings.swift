/// What a command of `creditctl` needs to know that applies orders by hand.
public struct ScopeSettings: Sendable {
    public let store: StoreSettings
    public let scope: OrderScope

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        scope = OrderScope(
            environment: reader.choice("POLAR_SERVER", default: nil),
            product: reader.identifier("POLAR_PRODUCT_ID", of: Product.self))
        try reader.finish()
    }
}
