import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Signed webhooks through nginx, to the ledger.
@Suite(.serialized) struct OrdersTests {
    static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"

    private static func site() throws -> Site { try Site(["POLAR_PRODUCT_ID": product]) }

    /// What `user_2b7Qd9Zk1mN` has after each body that moves credits, and 430 at the end.
    static let balances: [(file: String, credits: Int64)] = [
        ("01-order.created-paid", 430), ("02-order.updated-paid", 430), ("03-order.paid", 430),
        ("04-order.created-pending", 430), ("05-order.created-draft", 430), ("07-refund.created-succeeded", 430),
        ("10-order.refunded-partial-1", 262), ("08-order.updated-refunded", 10), ("11-order.refunded-partial-2", 136),
        ("12-order.refunded-partial-3-final", 10), ("09-order.refunded-full", 10), ("13-refund.created-pending", 10),
        ("14-refund.updated-succeeded", 10), ("17-refund.created-dispute-prevention", 10),
        ("18-benefit_grant.revoked-custom", 10), ("06-order.updated-void", 10), ("15-refund.updated-failed", 10),
        ("16-order.updated-refund-reverted", 430), ("03-order.paid", 430), ("19-checkout.created", 430),
        ("20-checkout.updated-confirmed", 430), ("21-checkout.updated-succeeded", 430), ("22-checkout.expired", 430),
        ("23-customer.created", 430),
    ]

    @Test(arguments: ["2026-10", "2026-08-unversioned"], SignedWebhook.Scheme.allCases)
    func everyBodyOfPolarsGivesWhatTheRulesSay(_ version: String, _ scheme: SignedWebhook.Scheme) throws {
        let site = try Self.site()
        for (file, credits) in Self.balances {
            let body = try Places.text(of: "\(Places.repository)/Tests/Fixtures/\(version)/\(file).json")
            let answer = try site.deliver(body, scheme: scheme)
            #expect(answer.status == 202 && answer.body.isEmpty, "\(file)")
            #expect(try site.balance(of: "user_2b7Qd9Zk1mN").credits == credits, "\(file)")
        }
        try expectVerified(site)
    }

    @Test func whatIsNotVerifiedIsRefusedAndKeepsNothing() throws {
        let site = try Self.site()
        let secret = try #require(site.settings["POLAR_WEBHOOK_SECRET"])
        let body = Array(OrderEvent(product: Self.product).body.utf8)
        let now = Int64(Date().timeIntervalSince1970)
        let good = SignedWebhook(body, secret: secret)
        var altered = good
        altered.body.append(0x20)
        var nameless = good
        nameless.id = "another"
        let refused = [
            altered, nameless, SignedWebhook(body, secret: "whsec_" + String(repeating: "A", count: 44)),
            SignedWebhook(body, secret: secret, at: now - 310), SignedWebhook(body, secret: secret, at: now + 310),
        ]
        for webhook in refused { #expect(try site.deliver(webhook).status == 403) }
        #expect(try site.send("POST", "/polar/orders", body: body).status == 403)
        #expect(try site.balance(of: "ada").credits == 10)
        let answers = [
            try site.deliver(SignedWebhook(body, id: good.id, secret: secret, at: now - 290)),
            try site.send("POST", "/polar/orders/", headers: good.headers, body: body),
        ]
        #expect(answers.map(\.status) == [202, 202])
        #expect(try site.balance(of: "ada").credits == 430)
        let got = try site.send("GET", "/polar/orders")
        #expect(got.status == 405 && got.headers["allow"] == "POST")
        try expectVerified(site)
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "{\"type\":\"order.paid\"}", "\u{FEFF}{}", "{\"type\":\"a\",\"type\":\"b\"}",
        #"{"type":"order.paid","timestamp":"2026-11-20T10:15:02Z","data":{}}"#,
        #"{"type":"order.paid","timestamp":"yesterday","data":{"id":"57107b74-8400-4d80-a2fc-54c2b4239cb3"}}"#,
        String(repeating: "[", count: 100_000),
    ])
    func whatIsSignedButNoEventIs400AndKept(_ body: String) throws {
        let site = try Self.shared()
        let id = UUID().uuidString.lowercased()
        #expect(try site.deliver(body, id: id).status == 400)
        #expect(try site.deliver(body, id: id).status == 400, "The stored verdict answers")
        #expect(try site.deliver(OrderEvent(product: Self.product).body).status == 202)
    }

    @Test func thirtyTwoDeliveriesAtOnceGrantOnce() throws {
        let site = try Self.site()
        for sameID in [true, false] {
            var event = OrderEvent(product: Self.product)
            event.user = sameID ? "same" : "other"
            let (body, id) = (event.body, UUID().uuidString.lowercased())
            let statuses = Collected()
            DispatchQueue.concurrentPerform(iterations: 32) { _ in
                statuses.add(try? site.deliver(body, id: sameID ? id : UUID().uuidString.lowercased()).status)
            }
            #expect(statuses.all == Array(repeating: 202, count: 32))
            #expect(try site.balance(of: event.user).credits == 430)
        }
        try expectVerified(site)
    }

    @Test func aRefundAfterSpendingLeavesADebtThatTheNextPurchasePays() throws {
        let site = try Self.site()
        var first = OrderEvent(product: Self.product)
        #expect(try site.deliver(first.body).status == 202)
        // Spends 330 of the 430: an adjustment is the one way to spend until there are generations.
        #expect(try site.creditctl("adjust", "ada", "-330", "--reason", "spent").status == 0)
        (first.type, first.status, first.refunded, first.second) = ("order.refunded", "refunded", 500, 60)
        #expect(try site.deliver(first.body).status == 202)
        #expect(try site.balance(of: "ada") == (0, 320))
        try expectVerified(site)

        #expect(try site.deliver(OrderEvent(product: Self.product).body).status == 202)
        #expect(try site.balance(of: "ada") == (100, 0))
        let entries = try JSON(site.api("GET", "/api/v1/credits/entries", as: "ada").body)["items"]?.array ?? []
        #expect(
            entries.compactMap { $0["kind"]?.string } == [
                "repayment", "purchase", "clawback", "adjustment", "purchase", "trial",
            ])
        #expect(entries.compactMap { $0["amount"]?.integer } == [-320, 420, -100, -330, 420, 10])
        try expectVerified(site)
    }

    /// Sites take seconds to start; what leaves nothing behind for the next can share one.
    private static func shared() throws -> Site { try sharedSite.get() }
    private static let sharedSite = Result { try site() }
}

/// What several threads found.
final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Int?] = []

    func add(_ value: Int?) { lock.withLock { values.append(value) } }
    var all: [Int?] { lock.withLock { values } }
}
