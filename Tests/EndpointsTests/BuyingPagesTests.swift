import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

@Suite struct BuyingPagesTests {
    let shop: Shop
    init() throws { shop = try Shop() }

    static let form: Headers = ["content-type": "application/x-www-form-urlencoded", "accept": "text/html"]

    private func order(_ fields: String, token: String = "token") -> Response {
        shop.send(.post, "/buy", headers: Self.form, body: fields, credential: .cookie(formToken: token))
    }

    @Test func aFormWithTheSessionsTokenLeadsToPolar() {
        let response = order("form_token=token&idempotency_key=k&quantity=2")
        #expect(response.status == .seeOther)
        #expect(response.headers["location"] == "https://polar.example/checkout/1")
        #expect(order("form_token=token&idempotency_key=k&quantity=2").status == .seeOther)
        #expect(shop.asked.count == 1, "A double click buys once")
    }

    @Test(arguments: [
        ("quantity=2", "token"), ("form_token=&quantity=2", "token"), ("form_token=&quantity=2", ""),
        ("form_token=other&quantity=2", "token"), ("form_token=token+&quantity=2", "token"),
    ])
    func aForeignFormIsRefused(_ fields: String, _ token: String) {
        #expect(order(fields, token: token).status == .forbidden)
        #expect(shop.asked.isEmpty)
    }

    @Test func whatIsWrongStandsOnTheSamePage() {
        let bounds = order("form_token=token&quantity=21")
        #expect(bounds.status == .unprocessableContent)
        #expect(bounds.text.contains("Choose 1 to 20 packs.") && bounds.text.contains("Buy 420 credits for $5.00"))
        shop.createSession = { _ throws(PolarFailure) in throw .unavailable("500") }
        let down = order("form_token=token&quantity=1")
        #expect(down.status == .badGateway && down.text.contains("Nothing was charged"))
    }

    @Test func everyFormOfThePageHasAKeyOfItsOwn() {
        let page = shop.send(.get, "/buy", credential: .cookie(formToken: "token")).text
        let keys = page.matches(of: /name="idempotency_key" value="([^"]+)"/).map(\.1)
        #expect(keys.count == 5 && Set(keys).count == 5)
        #expect(page.matches(of: /name="form_token" value="token"/).count == 6)
    }

    @Test func theReturnPageFollowsTheCheckout() throws {
        let id = try #require(shop.buy(1).json["id"]?.string)
        func page() -> String { shop.send(.get, "/buy/return", query: "checkout_id=\(id)").text }
        #expect(page().contains("Not paid yet"))
        try note(id, .confirmed)
        #expect(page().contains("being confirmed"))
        try note(id, .succeeded)
        #expect(page().contains("on their way"))
        try pay(id)
        #expect(page().contains("Your credits are here") && page().contains("420 credits were added"))
        #expect(shop.send(.get, "/buy/return", query: "checkout_id=\(id)", user: "eve").status == .notFound)
        #expect(shop.send(.get, "/buy/return").status == .notFound)
    }

    @Test func polarIsAskedWhenTheWebhookIsLateButNotTooOften() throws {
        let id = try #require(shop.buy(1).json["id"]?.string)
        var questions = 0
        let polarID = try #require(Checkout.PolarID(id))
        shop.report = { _ throws(PolarFailure) in
            questions += 1
            guard let report = Self.report(polarID) else { throw .unreadable("the test's own body") }
            return report
        }
        let first = shop.send(.get, "/api/v1/checkouts/\(id)").json
        #expect(first["status"] == "succeeded" && first["credits_granted"] == 420)
        #expect(shop.send(.get, "/api/v1/credits").json["credits"] == 430)
        _ = shop.send(.get, "/api/v1/checkouts/\(id)")
        #expect(questions == 1, "What was granted needs no question")

        let other = try #require(shop.buy(2).json["id"]?.string)
        shop.report = { _ throws(PolarFailure) in
            questions += 1
            throw .timedOut
        }
        for _ in 0..<3 { #expect(shop.send(.get, "/api/v1/checkouts/\(other)").json["status"] == "open") }
        #expect(questions == 2)
        shop.now = shop.now.advanced(by: Buying.questionInterval)
        _ = shop.send(.get, "/api/v1/checkouts/\(other)")
        #expect(questions == 3)
    }

    @Test func theStatementIsPagedAndEmptyOnesSaySo() throws {
        try shop.set(["free_trial_credits": 0])
        #expect(shop.send(.get, "/account").text.contains("Nothing has moved yet"))
        let user = try #require(UserID("ada"))
        for number in 1...25 {
            _ = try shop.store.ledger.adjust(
                Adjustment(user: user, amount: 1, actor: "test", reason: "step \(number)", key: "\(number)"),
                at: shop.now)
        }
        let page = shop.send(.get, "/account").text
        #expect(page.contains("step 25") && page.contains("step 6<") && !page.contains("step 5<"))
        let cursor = try #require(page.firstMatch(of: /cursor=(\d+)/)?.1)
        #expect(shop.send(.get, "/account", query: "cursor=\(cursor)").text.contains("step 5<"))
        #expect(shop.send(.get, "/account", query: "cursor=x").status == .unprocessableContent)
        for (limit, status) in [("0", 422), ("1", 200), ("100", 200), ("101", 422), ("ten", 422)] {
            #expect(shop.send(.get, "/api/v1/credits/entries", query: "limit=\(limit)").status.rawValue == status)
        }
    }

    private func note(_ id: String, _ status: Checkout.Status) throws {
        let clock = PolarClock(rawValue: shop.now.rawValue * 1000)
        let json: JSON = ["id": .string(id), "status": .string(status.rawValue)]
        try shop.store.checkouts.note(try #require(CheckoutSnapshot(json, at: clock)), in: .sandbox)
    }

    private func pay(_ id: String) throws {
        let scope = OrderScope(environment: .sandbox, product: Shop.product)
        let order = try #require(Self.order(of: id))
        guard case .applied = try shop.store.orders.apply(order, in: scope, at: shop.now) else {
            Issue.record("not applied")
            return
        }
    }

    private static func order(of checkout: String) -> OrderSnapshot? {
        OrderSnapshot(
            [
                "id": "57107b74-8400-4d80-a2fc-54c2b4239cb3", "status": "paid", "paid": true,
                "billing_reason": "purchase", "product_id": .string(Shop.product.text),
                "checkout_id": .string(checkout), "currency": "usd", "subtotal_amount": 500, "net_amount": 500,
                "refunded_amount": 0,
            ], at: PolarClock(rawValue: 1_795_000_000_000_000))
    }

    private static func report(_ id: Checkout.PolarID) -> CheckoutReport? {
        let clock = PolarClock(rawValue: 1_795_000_000_000_000)
        guard let order = order(of: id.text),
            let checkout = CheckoutSnapshot(["id": .string(id.text), "status": "succeeded"], at: clock)
        else { return nil }
        return CheckoutReport(checkout: checkout, orders: [order])
    }
}
