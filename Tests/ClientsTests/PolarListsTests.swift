import Clients
import Core
import HTTPClient
import JSON
import TestSupport
import Testing
import Threads

/// Polar's lists, from a real server that does what it should not.
@Suite struct PolarListsTests {
    private static let order = "57107b74-8400-4d80-a2fc-54c2b4239cb3"
    private static let orderBody = """
        {"id": "\(order)", "created_at": "2026-11-20T10:15:02.123456Z", "modified_at": null, "status": "paid", "paid": true}
        """
    private static let since = Instant(unixSeconds: 1_795_000_000)

    private func list(_ items: [String], pages: Int = 1) -> PolarServer.Answer {
        .init(
            body: """
                {"items": [\(items.joined(separator: ","))], "pagination": {"total_count": 1, "max_page": \(pages)}}
                """)
    }

    private func client(
        _ server: PolarServer, patience: PolarClient.Patience? = nil, timeout: Duration = .seconds(5),
        bytes: Int = 1 << 20
    ) -> PolarClient {
        PolarClient(
            address: server.address, token: Secret("polar_oat_test"), version: "2026-10",
            http: HTTPClient(totalTimeout: timeout, maximumResponseBytes: bytes), patience: patience)
    }

    private func failure<Answer>(_ body: () throws(PolarFailure) -> Answer) -> PolarFailure? {
        do throws(PolarFailure) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    private static let product = Product.ID(random: [UInt8](repeating: 2, count: 16))
    private static let slice = OrderSlice(product: product, start: since)

    @Test func ordersOfTheProductAreAskedForOldestFirstInWholePages() throws {
        let server = try PolarServer(["/v1/orders/": [list([Self.orderBody], pages: 2), list([], pages: 2)]])
        let page = try client(server).orders(Self.slice, page: 1)
        #expect(page.items.map(\.id.text) == [Self.order] && page.unreadable == 0 && !page.isLast)
        #expect(page.items.first?.clock == PolarClock("2026-11-20T10:15:02.123456Z"))
        #expect(try client(server).orders(Self.slice, page: 2).isLast)
        let moment = OrderSlice(product: Self.product, start: Self.since, end: Self.since)
        _ = try client(server).orders(moment, page: 1)
        let asked =
            "GET /v1/orders/?product_id=\(Self.product.text)&sorting=created_at&created_after=2026-11-18T11:06:39.999Z"
        #expect(
            try server.calls() == [
                asked + "&limit=100&page=1", asked + "&limit=100&page=2",
                asked + "&created_before=2026-11-18T11:06:40.000Z&limit=100&page=1",
            ])
        let headers = try server.headers()
        #expect(headers.contains("Polar-Version: 2026-10") && headers.contains("Bearer polar_oat_test"))
    }

    @Test func oneUnreadableItemHidesNoOther() throws {
        let server = try PolarServer([
            "/v1/orders/": [list(["{}", Self.orderBody, #"{"id": "../../secrets", "created_at": "now"}"#, "3"])]
        ])
        let page = try client(server).orders(Self.slice, page: 1)
        #expect(page.items.count == 1 && page.unreadable == 3 && page.isLast)
    }

    @Test func refundsDisputesAndEndpointsAreRead() throws {
        let clock = #""created_at": "2026-11-20T10:00:00Z", "modified_at": "2026-11-21T10:00:00Z""#
        let server = try PolarServer([
            "/v1/refunds/": [
                list(
                    ["pending", "succeeded", "frozen"].map {
                        #"{"order_id": "\#(Self.order)", "status": "\#($0)", \#(clock)}"#
                    })
            ],
            "/v1/disputes/": [list([#"{"order_id": "\#(Self.order)", "status": "lost", \#(clock)}"#])],
            "/v1/webhooks/endpoints": [
                list([
                    #"{"url": "https://a/polar/orders", "enabled": false, "format": "raw", "events": ["order.paid"]}"#
                ])
            ],
        ])
        let polar = client(server)
        let id = try #require(Order.ID(Self.order))
        let created = try #require(PolarClock("2026-11-20T10:00:00Z"))
        let modified = try #require(PolarClock("2026-11-21T10:00:00Z"))
        #expect(
            try polar.refunds(page: 1).items == [
                RefundNotice(order: id, createdAt: created.instant, clock: modified, state: .pending),
                RefundNotice(order: id, createdAt: created.instant, clock: modified, state: .succeeded),
                RefundNotice(order: id, createdAt: created.instant, clock: modified, state: .ended),
            ])
        #expect(try polar.lostDisputes(page: 1).items == [DisputeNotice(order: id, isLost: true, clock: modified)])
        #expect(try polar.disputes(over: id).map(\.isLost) == [true])
        let other = Order.ID(random: [UInt8](repeating: 1, count: 16))
        #expect(failure { () throws(PolarFailure) in try polar.disputes(over: other) } == .unreadable("disputes"))
        let endpoint = WebhookEndpoint(
            url: "https://a/polar/orders", isEnabled: false, format: "raw", events: ["order.paid"])
        #expect(try polar.webhookEndpoints() == [endpoint])
        #expect(endpoint.leads(to: "https://a") && !endpoint.leads(to: "https://a/polar"))
    }

    @Test func anotherOrderThanTheOneAskedForIsNone() throws {
        let other = Order.ID(random: [UInt8](repeating: 1, count: 16))
        let server = try PolarServer(["/v1/orders/\(other.text)": [.init(body: Self.orderBody)]])
        #expect(failure { () throws(PolarFailure) in try client(server).order(other) } == .unreadable("order"))
        let unknown = try #require(Order.ID(Self.order))
        #expect(try client(server).order(unknown) == nil)
    }

    @Test(arguments: [
        ("a page", PolarServer.Answer(body: "<html>"), PolarFailure?.some(.unreadable("not JSON"))),
        ("no list", .init(body: "{}"), .unreadable("list")), ("half", .init(body: "{}      ", kind: "half"), nil),
        ("a redirect", .init(status: 307, headers: ["Location": "/v1/elsewhere"]), nil),
        ("too much", .init(body: String(repeating: " ", count: 200_000)), .unreadable("too large")),
        ("a hanging server", .init(kind: "hang"), .timedOut),
        ("no scope", .init(status: 403, body: #"{"error": "insufficient_scope"}"#), nil),
    ])
    func whatIsNoListIsAFailure(_ name: String, _ answer: PolarServer.Answer, _ expected: PolarFailure?) throws {
        let server = try PolarServer(["/v1/refunds/": [answer], "/v1/elsewhere": [list([])]])
        let polar = client(server, timeout: .seconds(1), bytes: 100_000)
        let found = failure { () throws(PolarFailure) in try polar.refunds(page: 1) }
        #expect(found != nil, "\(name)")
        if let expected { #expect(found == expected, "\(name)") }
        #expect(try !server.calls().contains { $0.contains("elsewhere") })
    }

    @Test func aLimitIsWaitedForAsLongAsPolarSays() throws {
        let limit = PolarServer.Answer(status: 429, headers: ["Retry-After": "60"])
        let server = try PolarServer(["/v1/refunds/": [limit, limit, list([])]])
        let waits = Monitor<[Duration]>([])
        let polar = client(server, patience: .init(tries: 3) { wait in waits.withLock { $0.append(wait) } })
        #expect(try polar.refunds(page: 1).isLast)
        #expect(waits.withLock { $0 } == [.seconds(60), .seconds(60)])
    }

    @Test(arguments: [("1800", 0), ("60", 3), ("x", 3)])
    func nobodyWaitsForEver(_ seconds: String, _ count: Int) throws {
        let server = try PolarServer(["/v1/orders/": [.init(status: 429, headers: ["Retry-After": seconds])]])
        let waits = Monitor(0)
        let polar = client(server, patience: .init(tries: 3) { _ in waits.withLock { $0 += 1 } })
        #expect(
            failure { () throws(PolarFailure) in try polar.orders(Self.slice, page: 1) } == .unavailable("429"))
        #expect(waits.withLock { $0 } == count)
    }

    @Test func withoutPatienceALimitIsAFailureAtOnce() throws {
        let server = try PolarServer(["/v1/orders/": [.init(status: 429, headers: ["Retry-After": "60"])]])
        let polar = client(server)
        #expect(
            failure { () throws(PolarFailure) in try polar.orders(Self.slice, page: 1) } == .unavailable("429"))
    }
}
