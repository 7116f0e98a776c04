public import Core

/// `/buy/return`: where a buyer comes back to. Arriving here proves nothing; what is shown is what is so.
public struct ReturnPage: Sendable {
    let frame: Frame
    let heading: String
    let lead: String
    let checkout: String
    /// Changes whenever the page would: the script asks until it does.
    let state: String
    let steps: [Step]
    let hint: String
    let actions: Actions?

    struct Step: Sendable {
        let text: String
        /// The class of the line.
        let look: String
        /// The look, for whoever does not see it.
        let word: String

        enum Look: String { case done, now, next, failed }

        init(_ text: String, _ look: Look) {
            self.text = text
            self.look = look.rawValue
            switch look {
            case .done: word = "done"
            case .now: word = "in progress"
            case .next: word = "not yet"
            case .failed: word = "failed"
            }
        }
    }

    public init(_ checkout: Checkout, account: Account, formToken: String) {
        let view = View(checkout, account: account)
        frame = Frame(
            view.heading, person: Person(account, formToken: formToken), place: .buy,
            script: view.isWaiting ? StaticFile.returnScript : nil, refreshSeconds: view.isWaiting ? 3 : nil)
        heading = view.heading
        lead = view.lead
        self.checkout = checkout.session?.id.text ?? ""
        state = "\(checkout.status.rawValue):\(checkout.granted)"
        steps = view.steps
        hint = view.isWaiting ? "This page follows by itself. You can also close it: nothing gets lost." : ""
        actions = Actions(view.actions)
    }

    public var html: String { Renderer.page("return", self) }

    /// What each status means to the buyer.
    fileprivate struct View {
        let heading: String
        let lead: String
        let steps: [Step]
        var actions: [Action] = []
        var isWaiting = false
    }
}

extension ReturnPage.View {
    init(_ checkout: Checkout, account: Account) {
        let credits = Format.credits(checkout.lock.credits)
        let price = Format.money(checkout.lock.amount, checkout.lock.currency)
        let balance = Format.credits(account.balance.rawValue)
        func steps(_ payment: ReturnPage.Step.Look, _ arrival: ReturnPage.Step.Look) -> [ReturnPage.Step] {
            [.init("Payment seen", payment), .init("Credits added", arrival)]
        }
        let again = [Action("Buy credits", "/buy")]
        switch checkout.status {
        case _ where checkout.granted > 0:
            self.init(
                heading: "Your credits are here",
                lead: "\(Format.credits(checkout.granted)) were added. You have \(balance) now.",
                steps: steps(.done, .done),
                actions: [Action("Make an image", "/"), Action("See every credit", "/account", isSecond: true)])
        case .succeeded where checkout.orderState == .applied || checkout.orderState == .recorded:
            self.init(
                heading: "This order was refunded", lead: "You have \(balance) now.", steps: steps(.done, .failed),
                actions: again)
        case .succeeded where checkout.orderState != nil:
            self.init(
                heading: "Your payment needs a look",
                lead:
                    "Polar has your payment, but it could not be matched by itself. Somebody looks at it; nothing is lost.",
                steps: steps(.done, .failed), actions: [Action("See your account", "/account")])
        case .succeeded:
            self.init(
                heading: "Payment seen",
                lead: "Polar has your payment of \(price). Your \(credits) are on their way.",
                steps: steps(.done, .now), isWaiting: true)
        case .confirmed:
            self.init(
                heading: "Payment is being confirmed",
                lead: "You pressed Pay for \(credits). We wait for Polar to confirm it.", steps: steps(.now, .next),
                isWaiting: true)
        case .creating, .open:
            let pay = checkout.session.map { [Action("Go on to pay \(price)", $0.url)] } ?? []
            self.init(
                heading: "Not paid yet", lead: "The checkout for \(credits) at \(price) is still open.",
                steps: steps(.now, .next), actions: pay + [Action("Choose something else", "/buy", isSecond: true)],
                isWaiting: true)
        case .expired:
            self.init(
                heading: "This checkout has expired", lead: "Nothing was paid and nothing was charged.",
                steps: steps(.failed, .next), actions: again)
        case .failed:
            self.init(
                heading: "The payment did not go through",
                lead: "Nothing was charged. You can try again with another card.", steps: steps(.failed, .next),
                actions: again)
        }
    }
}
