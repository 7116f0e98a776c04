import Crypto
import Foundation
import HTTP
import JSON
import SQLite
import TestSupport
import Testing
import Threads

@testable import Core
@testable import Endpoints

/// A site on a real database of its own; Polar's answers are given, what it was asked is kept.
final class Shop: @unchecked Sendable {
    let store: Store
    let directory: URL
    var now = Instant(unixSeconds: 1_795_000_000)
    var createSession: (CheckoutRequest) throws(PolarFailure) -> Checkout.OpenSession
    var findSession: (Checkout) throws(PolarFailure) -> Checkout.OpenSession? = { _ in nil }
    var report: (Checkout.PolarID) throws(PolarFailure) -> CheckoutReport? = { _ in nil }
    var asked: [CheckoutRequest] = []
    var lines: [LogLine] = []
    let places = Bulkhead(places: 2)

    static let product: Product.ID = {
        guard let id = Product.ID("6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41") else { preconditionFailure() }
        return id
    }()

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "shop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let path = directory.appending(path: "credits.db").path
        _ = try Store.migrate(SQLiteFile(path))
        store = try Store(at: SQLiteFile(path)) { Issue.record("\($0)") }
        createSession = { request throws(PolarFailure) in
            Checkout.OpenSession(
                id: Checkout.PolarID(random: randomBytes(16)), url: "https://polar.example/checkout/1",
                clientSecret: "polar_c_1", expiresAt: request.checkout.createdAt.advanced(by: .seconds(86_400)))
        }
    }

    func set(_ settings: KeyValuePairs<String, Int64>) throws { try store.set(settings, at: now) }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private var site: Endpoints.Site {
        Endpoints.Site(
            CheckoutDependencies(
                store: store, scope: OrderScope(environment: .sandbox, product: Self.product),
                publicURL: "https://credits.example",
                createSession: { [self] request throws(PolarFailure) in
                    asked.append(request)
                    return try createSession(request)
                },
                findSession: { [self] checkout throws(PolarFailure) in try findSession(checkout) },
                report: { [self] id throws(PolarFailure) in try report(id) }, places: places, freeBytes: { 1 << 40 },
                now: { [self] in now }, random: randomBytes, log: { [self] in lines.append($0) }))
    }

    func send(
        _ method: Request.Method, _ path: String, query: String = "", user: String? = "ada", headers: Headers = [:],
        body: String = "", credential: Caller.Credential = .bearer, isEmailVerified: Bool? = nil, session: String? = nil
    ) -> Response {
        let caller = user.map {
            Caller(
                user: $0, email: "\($0)@example.com", name: "Ada", isEmailVerified: isEmailVerified,
                credential: credential, session: session)
        }
        return site.respond(
            to: Request(
                method: method, path: path, query: query, headers: headers, body: Array(body.utf8), caller: caller,
                id: "r1", remoteAddress: "203.0.113.7"))
    }

    func buy(_ quantity: Int, headers: Headers = [:], user: String = "ada") -> Response {
        send(.post, "/api/v1/checkouts", user: user, headers: headers, body: #"{"quantity":\#(quantity)}"#)
    }
}

extension Response {
    var json: JSON { (try? JSON(body)) ?? .null }
    var text: String { String(decoding: body, as: UTF8.self) }
}

@Suite struct CheckoutSiteTests {
    let shop: Shop
    init() throws { shop = try Shop() }

    @Test func aUserIsCreatedWithTheTrialAtFirstSight() {
        let first = shop.send(.get, "/api/v1/credits").json
        #expect(first["credits"] == 10 && first["debt"] == 0 && first["has_free_trial"] == true)
        #expect(first["price"] == ["pack_price_cents": 500, "credits_per_pack": 420, "currency": "usd"])
        #expect(shop.send(.get, "/api/v1/credits").json == first)
        let entries = shop.send(.get, "/api/v1/credits/entries").json["items"]?.array
        #expect(entries?.count == 1 && entries?.first?["kind"] == "trial")
    }

    @Test func theTrialIsShownForSevenDays() {
        _ = shop.send(.get, "/api/v1/credits")
        shop.now = shop.now.advanced(by: .seconds(7 * 86_400 - 1))
        #expect(shop.send(.get, "/api/v1/credits").json["has_free_trial"] == true)
        shop.now = shop.now.advanced(by: .seconds(1))
        #expect(shop.send(.get, "/api/v1/credits").json["has_free_trial"] == false)
    }

    @Test(arguments: [
        (Request.Method.get, "/api/v1/credits", 401, ""), (.get, "/api/v1/checkouts/x", 401, ""),
        (.post, "/api/v1/checkouts", 401, ""), (.get, "/buy", 401, ""),
    ])
    func nobodyGetsAnything(_ method: Request.Method, _ path: String, _ status: Int, _: String) {
        #expect(shop.send(method, path, user: nil).status.rawValue == status)
    }

    @Test(arguments: [
        (Request.Method.delete, "/api/v1/credits", "GET, HEAD"), (.get, "/api/v1/checkouts", "POST"),
        (.put, "/buy", "GET, POST, HEAD"), (.post, "/account", "GET, HEAD"),
    ])
    func anotherMethodIsToldWhichAreAllowed(_ method: Request.Method, _ path: String, _ allowed: String) {
        let response = shop.send(method, path)
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers["allow"] == allowed)
    }

    @Test(arguments: ["/api/v1/nothing", "/api/v1/checkouts/", "/api/v1/checkouts/a/b", "/api/v1/checkouts/not-a-uuid"])
    func anUnknownPathIsAProblem(_ path: String) {
        let response = shop.send(.get, path)
        #expect(response.status == .notFound)
        #expect(response.headers["content-type"] == "application/problem+json")
        #expect(response.json["code"] == "not_found" && response.json["request_id"] == "r1")
    }

    /// An order of two packs that came of the checkout.
    private func order(of checkout: String) throws -> OrderSnapshot {
        try #require(
            OrderSnapshot(
                [
                    "id": "57107b74-8400-4d80-a2fc-54c2b4239cb3", "status": "paid", "paid": true,
                    "billing_reason": "purchase", "product_id": .string(Shop.product.text),
                    "checkout_id": .string(checkout), "currency": "usd", "subtotal_amount": 1000, "net_amount": 1000,
                ], at: PolarClock(rawValue: 1_900_000_000_000_000)))
    }

    @Test func whatIsPaidIsNotHandedToTheBuyerAgain() throws {
        let id = try #require(shop.buy(2).json["id"]?.string)
        #expect(shop.buy(2).json["id"]?.string == id)
        _ = try shop.store.orders.apply(
            order(of: id), in: OrderScope(environment: .sandbox, product: Shop.product), at: shop.now)
        let seen = shop.send(.get, "/api/v1/checkouts/\(id)").json
        #expect(seen["status"] == "succeeded" && seen["credits_granted"] == 840)
        let next = shop.buy(2)
        #expect(next.status == .created && next.json["id"]?.string != id)
    }

    /// As an earlier version left it: the order is applied, the checkout open.
    @Test(arguments: ["/api/v1/checkouts/ID", "/buy/return"])
    func whoComesBackCuresACheckoutThatWasLeftOpen(_ path: String) throws {
        let id = try #require(shop.buy(2).json["id"]?.string)
        let order = try order(of: id)
        _ = try shop.store.orders.apply(
            order, in: OrderScope(environment: .sandbox, product: Shop.product), at: shop.now)
        let leaving = "DROP TRIGGER a_paid_sale_stays_paid; UPDATE checkouts SET status = 'open', has_paid_order = 0"
        let database = shop.directory.appending(path: "credits.db").path
        #expect(try Program("/usr/bin/sqlite3").run([database, leaving]).status == 0)
        shop.report = { id throws(PolarFailure) in
            CheckoutSnapshot(
                ["id": .string(id.text), "status": "succeeded"], at: PolarClock(rawValue: 1_900_000_000_000_000)
            ).map { CheckoutReport(checkout: $0, orders: [order]) }
        }
        let answer = shop.send(.get, path.replacing("ID", with: id), query: "checkout_id=\(id)")
        #expect(answer.status == .ok)
        #expect(shop.send(.get, "/api/v1/checkouts/\(id)").json["status"] == "succeeded")
        #expect(shop.buy(2).json["id"]?.string != id)
        #expect(try shop.store.ledger.verify() == [])
    }

    @Test func aCheckoutIsOpenedAtTheLockedPrice() throws {
        let response = shop.buy(2)
        #expect(response.status == .created)
        let id = try #require(response.json["id"]?.string)
        #expect(response.headers["location"] == "/api/v1/checkouts/\(id)")
        #expect(response.json["status"] == "open" && response.json["quantity"] == 2)
        #expect(response.json["credits"] == 840 && response.json["amount_cents"] == 1000)
        #expect(response.json["client_secret"] == "polar_c_1" && response.json["currency"] == "usd")
        let asked = try #require(shop.asked.first)
        #expect(asked.profile.email == "ada@example.com" && asked.remoteAddress == "203.0.113.7")

        let shown = shop.send(.get, "/api/v1/checkouts/\(id)")
        #expect(shown.status == .ok && shown.json["status"] == "open" && shown.json["credits_granted"] == 0)
        #expect(shop.send(.get, "/api/v1/checkouts/\(id)", user: "eve").status == .notFound)
        #expect(shop.send(.get, "/api/v1/checkouts/\(id.uppercased())").status == .ok)
    }

    @Test func anOpenCheckoutOfTheSameQuantityAndPriceIsReturnedAgain() {
        let first = shop.buy(1)
        let again = shop.buy(1)
        #expect(again.status == .ok && again.json["id"] == first.json["id"])
        #expect(shop.buy(2).status == .created)
        #expect(shop.buy(1, user: "eve").status == .created)
        shop.now = shop.now.advanced(by: .seconds(86_400))
        #expect(shop.buy(1).status == .created)
    }

    @Test(arguments: [
        (#"{"quantity":0}"#, 422), (#"{"quantity":21}"#, 422), (#"{"quantity":-1}"#, 422), (#"{"quantity":"1"}"#, 422),
        (#"{"quantity":1.0}"#, 422), (#"{"quantity":9223372036854775808}"#, 422), ("{}", 422), ("", 400), ("[1]", 400),
        (#"{"quantity":1,"quantity":2}"#, 400), (#"{"quantity":20}"#, 201), (#"{"quantity":1,"more":true}"#, 201),
    ])
    func theQuantityIsFromOneToTwenty(_ body: String, _ status: Int) {
        #expect(shop.send(.post, "/api/v1/checkouts", body: body).status.rawValue == status)
    }

    @Test func fiveCheckoutsAMinuteAndTwentyAnHour() throws {
        for minute in 0..<4 {
            for quantity in 1...5 {
                // Another price each minute, so that none is reused.
                #expect(shop.buy(quantity + minute * 5).status == .created)
            }
            if minute == 0 {
                let limited = shop.buy(20)
                #expect(limited.status == .tooManyRequests)
                let wait = try #require(limited.headers["retry-after"].flatMap { Int64($0) })
                #expect((1...61).contains(wait))
                #expect(shop.buy(5).status == .ok, "An open one is no new one")
                #expect(shop.buy(20, user: "eve").status == .created, "Limits are each user's own")
            }
            shop.now = shop.now.advanced(by: .seconds(61))
        }
        try shop.set(["pack_price_cents": 501])
        let hourly = shop.buy(1)
        #expect(hourly.status == .tooManyRequests)
        #expect(try #require(hourly.headers["retry-after"].flatMap { Int64($0) }) > 3000)
        shop.now = shop.now.advanced(by: .seconds(3600))
        #expect(shop.buy(1).status == .created)
    }

    @Test(arguments: [
        (PolarFailure.timedOut, 504, "polar_timeout"), (.unavailable("500"), 502, "polar_unavailable"),
        (.refused(status: 401, code: "invalid_token"), 502, "polar_unavailable"),
        (.unreadable("not JSON"), 502, "polar_unavailable"),
    ])
    func whenPolarDoesNotAnswerNothingIsHalfDone(_ failure: PolarFailure, _ status: Int, _ code: String) throws {
        let working = shop.createSession
        shop.createSession = { _ throws(PolarFailure) in throw failure }
        let response = shop.buy(1, headers: ["idempotency-key": "k"])
        #expect(response.status.rawValue == status && response.json["code"] == .string(code))
        #expect(shop.lines.last?.event == "polar.failed")
        shop.createSession = working
        #expect(shop.buy(1, headers: ["idempotency-key": "k"]).status == .created, "The key was let go")
    }

    @Test func theSameKeyBringsTheFirstAnswerBack() {
        let first = shop.buy(3, headers: ["idempotency-key": "key-1"])
        let again = shop.buy(3, headers: ["idempotency-key": "key-1"])
        #expect(again.status == .created && again.body == first.body)
        #expect(again.headers["location"] == first.headers["location"])
        #expect(shop.asked.count == 1)
        let other = shop.buy(4, headers: ["idempotency-key": "key-1"])
        #expect(other.status == .unprocessableContent && other.json["code"] == "idempotency_key_reused")
        #expect(shop.buy(3, headers: ["idempotency-key": "key-1"], user: "eve").status == .created)
        #expect(shop.buy(3, headers: ["idempotency-key": "a b"]).status == .unprocessableContent)
        shop.now = shop.now.advanced(by: .seconds(86_401))
        #expect(shop.buy(4, headers: ["idempotency-key": "key-1"]).status == .created, "Kept for 24 hours")
    }

    @Test func aRequestThatStillRunsIsNotRepeated() throws {
        let working = shop.createSession
        var inner: Response?
        shop.createSession = { [shop] request throws(PolarFailure) in
            inner = shop.buy(1, headers: ["idempotency-key": "k"])
            return try working(request)
        }
        #expect(shop.buy(1, headers: ["idempotency-key": "k"]).status == .created)
        #expect(inner?.status == .conflict && inner?.headers["retry-after"] != nil)
    }
}
