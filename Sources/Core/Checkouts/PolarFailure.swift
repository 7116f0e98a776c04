/// Polar did not do what it was asked for.
public enum PolarFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// Not reached, overloaded or broken: the same call may work later.
    case unavailable(String)
    /// No whole answer in time. What was asked for may have happened.
    case timedOut
    /// Polar says no: the token, the product or a field is wrong. `code` is Polar's own, without its values.
    case refused(status: Int, code: String)
    /// An answer that does not read as what it should be.
    case unreadable(String)

    public var description: String {
        switch self {
        case .unavailable(let reason): "not available: \(reason)"
        case .timedOut: "no answer in time"
        case .refused(let status, let code): "refused: \(status) \(code)"
        case .unreadable(let what): "not readable: \(what)"
        }
    }
}

/// What a checkout session at Polar is made of.
public struct CheckoutRequest: Equatable, Sendable {
    public let checkout: Checkout
    public let profile: Profile
    /// The buyer's, for tax and currency; otherwise Polar guesses from our server's.
    public let remoteAddress: String
    /// Of this site: `CREDITS_PUBLIC_URL`.
    public let publicURL: String

    public init(checkout: Checkout, profile: Profile, remoteAddress: String, publicURL: String) {
        self.checkout = checkout
        self.profile = profile
        self.remoteAddress = remoteAddress
        self.publicURL = publicURL
    }
}

/// A checkout as Polar's API tells it, together with the orders that came of it.
public struct CheckoutReport: Equatable, Sendable {
    public let checkout: CheckoutSnapshot
    public let orders: [OrderSnapshot]

    public init(checkout: CheckoutSnapshot, orders: [OrderSnapshot]) {
        self.checkout = checkout
        self.orders = orders
    }
}
