/// What a command of `creditctl` needs to know that applies orders by hand.
public struct ScopeSettings: Sendable {
    public let store: StoreSettings
    public let scope: OrderScope

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        scope = OrderScope(&reader)
        try reader.finish()
    }
}

extension OrderScope {
    /// `POLAR_SERVER` and `POLAR_PRODUCT_ID`
    init(_ reader: inout EnvironmentReader) {
        self.init(
            environment: reader.choice("POLAR_SERVER", default: nil),
            product: reader.identifier("POLAR_PRODUCT_ID", of: Product.self))
    }
}
