public import Core

/// `/buy`: what a pack costs, and a button for some numbers of packs.
public struct BuyPage: Sendable {
    let frame: Frame
    let packCredits: String
    let packPrice: String
    let unitPrice: String?
    let trial: String?
    let debt: String?
    let fault: String?
    let formToken: String
    let offers: [Offer]
    let choices: [Choice]

    struct Offer: Sendable {
        let quantity: Int64
        let credits: String
        let price: String
        let idempotencyKey: String
    }

    struct Choice: Sendable {
        let quantity: Int64
        let label: String
    }

    let idempotencyKey: String

    /// - Parameters:
    ///   - fault: why the last try came to nothing, in words.
    ///   - keys: an idempotency key for each form of the page, so that a double click buys once.
    public init(_ account: Account, formToken: String, fault: String? = nil, keys: () -> String) {
        let settings = account.settings
        func credits(_ quantity: Int64) -> String { Format.credits(quantity * settings.creditsPerPack) }
        func price(_ quantity: Int64) -> String {
            Format.money(quantity * settings.packPriceCents, settings.currency)
        }
        frame = Frame(
            "Buy credits", person: Person(account, formToken: formToken), place: .buy)
        packCredits = credits(1)
        packPrice = price(1)
        unitPrice = Format.unitPrice(settings.packPriceCents, credits: settings.creditsPerPack, settings.currency)
        trial =
            account.hasFreeTrial && account.balance > .zero
            ? "You are trying it out: \(Format.credits(account.balance.rawValue)) are on us." : nil
        debt =
            account.debt > .zero
            ? """
            You owe \(Format.credits(account.debt.rawValue)) from a refunded order. Your next purchase pays them first.
            """ : nil
        self.fault = fault
        self.formToken = formToken
        offers = [1, 2, 5, 10].map {
            Offer(quantity: $0, credits: credits($0), price: price($0), idempotencyKey: keys())
        }
        choices = BillingSettings.quantityBounds.map {
            Choice(quantity: $0, label: "\($0) \($0 == 1 ? "pack" : "packs"): \(credits($0)) for \(price($0))")
        }
        idempotencyKey = keys()
    }

    public var html: String { Renderer.page("buy", self) }
}
