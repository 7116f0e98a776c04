import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// A key stands for what was done under it, and for nothing that was refused.
@Suite struct KeyedRequestTests {
    @Test func withoutCreditsTheKeyStaysFree() throws {
        let studio = try Studio()
        try studio.leave(0)
        #expect(studio.upload(try Sample.png(), key: "k").status == .paymentRequired)
        try studio.leave(1)
        let paid = studio.upload(try Sample.png(), key: "k")
        #expect(paid.status == .accepted, "credits have come")
        #expect(studio.upload(try Sample.png(), key: "k") == paid, "the last credit is gone, the answer is not")
        #expect(try studio.balance() == 0)
    }

    @Test func aFormThatWasRefusedMayBeSentAgain() throws {
        let studio = try Studio()
        try studio.leave(0)
        #expect(studio.submit(try Sample.png(), key: "k").status == .paymentRequired)
        try studio.leave(2)
        #expect(studio.submit(try Sample.png(), key: "k").headers["location"] == "/")
        #expect(studio.submit(try Sample.png(), key: "k").status == .seeOther)
        #expect(try studio.balance() == 1)
    }

    /// Sent first, each is refused; then the same key does something else.
    @Test func whatIsRefusedLeavesTheKeyFree() throws {
        let studio = try Studio()
        #expect(studio.upload(Array("no picture".utf8), key: "k").status == .unsupportedMediaType)
        #expect(studio.upload(Array(try Sample.png().dropLast()), key: "k").status == .unprocessableContent)
        let id = Generation.ID(random: [UInt8](repeating: 1, count: 16)).text
        let retry = "/api/v1/generations/\(id)/retry"
        #expect(studio.send(.post, retry, headers: ["idempotency-key": "k"]).status == .notFound)
        let queued = studio.upload(try Sample.png(), key: "k")
        #expect(queued.status == .accepted)
        let early = "/api/v1/generations/\(try #require(queued.json["id"]?.string))/retry"
        #expect(studio.send(.post, early, headers: ["idempotency-key": "r"]).status == .conflict)
        try studio.fail(.rejectedBySafety)
        #expect(studio.send(.post, early, headers: ["idempotency-key": "r"]).status == .accepted)
        #expect(studio.send(.post, early, headers: ["idempotency-key": "r"]).status == .accepted)
        #expect(try studio.balance() == 9)
    }

    @Test func whatAnAdminIsRefusedLeavesTheKeyFree() throws {
        let office = try AdminOffice()
        try office.receive(AdminOffice.order(1), as: "a")
        func post(_ path: String, _ body: String = "") -> Response {
            office.send(.post, "/api/v1/admin/\(path)", headers: ["idempotency-key": "k"], body: body)
        }
        let order = "parked/\(AdminOffice.id(1))"
        #expect(post("users/eve/adjustments", #"{"amount":1,"reason":"r"}"#).status == .notFound)
        #expect(post("users/ada/adjustments", #"{"amount":-99,"reason":"r"}"#).status == .conflict)
        #expect(post("users/ada/adjustments", #"{"amount":0}"#).status == .unprocessableContent)
        #expect(post("deliveries/none/replay").status == .notFound)
        #expect(post("parked/\(AdminOffice.id(2))/assign", #"{"user_id":"ada"}"#).status == .notFound)
        #expect(post("\(order)/dismiss", #"{"reason":7}"#).status == .unprocessableContent)
        #expect(post("\(order)/assign", "{}").status == .unprocessableContent)
        let assigned = post("\(order)/assign", #"{"user_id":"ada"}"#)
        #expect(assigned.status == .ok && assigned.json["credits"] == 420)
        #expect(post("\(order)/assign", #"{"user_id":"ada"}"#) == assigned)
        #expect(post("\(order)/assign", #"{"user_id":"bob"}"#).json["code"] == "idempotency_key_reused")
        #expect(post("deliveries/a/replay").json["code"] == "idempotency_key_reused")
        #expect(try office.balance("ada") == 430)
    }

    @Test func aCheckoutThatIsRefusedLeavesTheKeyFree() throws {
        let shop = try Shop()
        #expect(shop.buy(21, headers: ["idempotency-key": "k"]).status == .unprocessableContent)
        for quantity in 1...5 { #expect(shop.buy(quantity).status == .created) }
        #expect(shop.buy(6, headers: ["idempotency-key": "k"]).status == .tooManyRequests)
        shop.now = shop.now.advanced(by: .seconds(61))
        #expect(shop.buy(7, headers: ["idempotency-key": "k"]).status == .created)
    }
}

/// A session that Polar made, and whose answer nobody got.
@Suite struct ResumedCheckoutTests {
    private let shop: Shop
    init() throws { shop = try Shop() }

    private func session(_ number: UInt8, for checkout: Checkout) -> Checkout.OpenSession {
        Checkout.OpenSession(
            id: Checkout.PolarID(random: [UInt8](repeating: number, count: 16)),
            url: "https://polar.example/c/\(number)",
            clientSecret: "polar_c_\(number)", expiresAt: checkout.createdAt.advanced(by: .seconds(86_400)))
    }

    @Test func theSameKeyFindsItInsteadOfMakingAnother() throws {
        shop.createSession = { _ throws(PolarFailure) in throw .timedOut }
        #expect(shop.buy(2, headers: ["idempotency-key": "k"]).status.rawValue == 504)
        let row = try #require(shop.asked.first?.checkout.id)
        var searched: [Checkout.ID] = []
        shop.findSession = { [self] checkout throws(PolarFailure) in
            searched.append(checkout.id)
            return session(7, for: checkout)
        }
        // The price has changed meanwhile: what was promised stands.
        try shop.set(["pack_price_cents": 900])
        let found = shop.buy(2, headers: ["idempotency-key": "k"])
        #expect(found.status == .created && found.json["client_secret"] == "polar_c_7")
        #expect(found.json["amount_cents"] == 1000)
        #expect(shop.asked.count == 1 && searched == [row], "Polar makes no second one")
        #expect(shop.buy(2, headers: ["idempotency-key": "k"]) == found)
        #expect(shop.asked.count == 1 && searched == [row])
        let id = try #require(found.json["id"]?.string)
        #expect(shop.send(.get, "/api/v1/checkouts/\(id)").json["status"] == "open")
    }

    @Test func whereThereIsNoneItIsMadeForTheSameRow() throws {
        let working = shop.createSession
        shop.createSession = { _ throws(PolarFailure) in throw .unavailable("reset") }
        #expect(shop.buy(2, headers: ["idempotency-key": "k"]).status == .badGateway)
        shop.createSession = working
        #expect(shop.buy(2, headers: ["idempotency-key": "k"]).status == .created)
        #expect(shop.asked.count == 2 && shop.asked[0].checkout.id == shop.asked[1].checkout.id)
    }

    @Test func whoeverCannotAskMakesNone() throws {
        shop.createSession = { _ throws(PolarFailure) in throw .timedOut }
        _ = shop.buy(2, headers: ["idempotency-key": "k"])
        shop.findSession = { _ throws(PolarFailure) in throw .unavailable("500") }
        #expect(shop.buy(2, headers: ["idempotency-key": "k"]).status == .badGateway)
        #expect(shop.asked.count == 1)
        #expect(shop.buy(3, headers: ["idempotency-key": "k"]).json["code"] == "idempotency_key_reused")
    }
}
