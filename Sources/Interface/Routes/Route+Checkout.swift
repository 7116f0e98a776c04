internal import Core
internal import JSON

extension Route {
    static let checkout: [Route] = [
        .api(
            "getCredits", .get, "/api/v1/credits",
            "Balance, debt and price; the first sight of a user brings the trial",
            answers: [.json(200, "What the caller has", Account.shape.component)]),
        .api(
            "listEntries", .get, "/api/v1/credits/entries", "The caller's ledger", query: .page,
            answers: [.json(200, "A page", LedgerEntry.list.component)]),
        .api(
            "createCheckout", .post, "/api/v1/checkouts",
            "Opens a checkout at Polar, or returns the open one of the same quantity and price", isKeyed: true,
            body: .json(
                .taking(
                    "NewCheckout",
                    [("quantity", Kind.whole(in: BillingSettings.quantityBounds).schema.described("Packs"))])),
            answers: [
                .made(201, "Opened", Checkout.buyers.component), .made(200, "Open already", Checkout.buyers.component),
            ], refusals: [.tooMany, .polarUnavailable, .polarTimeout]),
        .api(
            "getCheckout", .get, "/api/v1/checkouts/{id}", "A checkout of the caller's",
            subject: .subject("id", Kind<Checkout.PolarID>.id().schema, "Polar's id of the checkout"),
            answers: [.json(200, "As it stands", Checkout.followed.component)]),
        .page("buyPage", "/buy"),
        .form("buy", "/buy"),
        .page("returnPage", "/buy/return"),
        .page("accountPage", "/account"),
        .form("endSessions", "/account/sessions"),
        .health("checkoutHealth", "/healthz"),
        .health("readiness", "/readyz"),
    ]
}
