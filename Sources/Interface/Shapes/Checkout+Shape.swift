public import Core
internal import JSON

extension Checkout {
    /// What was promised when it was opened.
    private static let terms = Shape<Checkout>(
        "Terms", nil,
        [
            Field("quantity", .whole(in: BillingSettings.quantityBounds), "Packs") { $0.quantity },
            Field("credits", .whole(from: 1)) { $0.lock.credits },
            Field("amount_cents", .whole(from: BillingSettings.leastPrice), "Minor units of `currency`") {
                $0.lock.amount
            },
            Field("currency", .currency) { $0.lock.currency },
        ])

    private static let granted = Field<Checkout>("credits_granted", .whole(from: 0)) { $0.granted }

    /// As an operator sees it: without its address and secret, which are the buyer's.
    public static let shape = Shape<Checkout>(
        "CheckoutReport", nil,
        [
            Field(nullable: "id", .id(), "Polar's; null until Polar has answered") { $0.session?.id },
            Field("local_id", .id(), "Ours") { $0.id },
            Field("user_id", .user) { $0.user },
            Field("status", .word) { $0.status },
        ] + terms.fields + [granted, Field("created_at", .time) { $0.createdAt }])

    /// As its buyer sees it.
    public static let buyers = Shape<BuyersCheckout>(
        "Checkout", "Price and credits are locked when it is opened",
        [
            Field("id", .id(), "Polar's") { $0.session.id },
            Field("status", .shown) { $0.status },
            Field("url", .address) { $0.session.url },
            Field("client_secret", .text) { $0.session.clientSecret },
            Field("expires_at", .time) { $0.session.expiresAt },
        ] + terms.fields { $0.checkout })

    /// As its buyer sees it afterwards.
    public static let followed = buyers.with(granted.inside { $0.checkout }, as: "FollowedCheckout")
}

/// A checkout that Polar has opened.
public struct BuyersCheckout: Sendable {
    let checkout: Checkout
    let session: Checkout.OpenSession
    let status: Checkout.Status

    public init(_ checkout: Checkout, _ session: Checkout.OpenSession, status: Checkout.Status) {
        self.checkout = checkout
        self.session = session
        self.status = status
    }
}

extension Kind<Checkout.Status> {
    /// Nobody is told of one that Polar has not opened yet.
    fileprivate static var shown: Kind {
        Kind(["enum": .array(Checkout.Status.allCases.filter { $0 != .creating }.map { .string($0.rawValue) })]) {
            .string($0.rawValue)
        }
    }
}
