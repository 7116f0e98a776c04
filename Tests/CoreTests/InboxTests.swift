import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// What is kept of a delivery, and what it does, through `Store.receive`.
@Suite struct InboxTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func receive(
        _ id: String, _ body: [UInt8], in scope: OrderScope = TestStore.scope
    ) throws -> Receipt {
        let delivery = Delivery(id: id, sent: TestStore.now, body: body)
        return try test.store.inbox.receive(
            delivery, event: try? WebhookEvent(delivery), headers: [("webhook-id", id), ("user-agent", "polar \"x\"")],
            in: scope, at: TestStore.now.advanced(by: .seconds(1)))
    }

    private func body(_ type: String, _ order: TestOrder) -> [UInt8] {
        let time = order.snapshot.clock.instant.rfc3339
        return (["type": .string(type), "timestamp": .string(time), "data": order.json] as JSON).bytes
    }

    private func rows() throws -> [String] {
        try test.connection().query(
            """
            SELECT webhook_id || '|' || environment || '|' || coalesce(type, '-') || '|' || coalesce(order_id, '-')
                   || '|' || verdict || '|' || coalesce(reason, '-') FROM deliveries ORDER BY id
            """
        ) { $0.text(0) }
    }

    @Test func aDeliveryIsKeptWithItsBytesAndItsVerdict() throws {
        let body = body("order.paid", TestOrder())
        guard case .applied(.applied(let change), let order) = try receive("w1", body) else {
            Issue.record("not applied")
            return
        }
        #expect(change.entries.map(\.amount) == [420])
        #expect(order.text == TestOrder().id)
        #expect(try rows() == ["w1|sandbox|order.paid|\(order.text)|applied|-"])
        let row = try test.connection().query("SELECT body, headers, sent_ms, received_ms FROM deliveries") {
            (body: $0.blob(0), headers: $0.text(1), sent: $0.integer(2), received: $0.integer(3))
        }[0]
        #expect(row.body == body)
        #expect(row.headers == #"{"webhook-id":"w1","user-agent":"polar \"x\""}"#)
        #expect(row.sent == TestStore.now.rawValue)
        #expect(row.received == TestStore.now.rawValue + 1000)
        try test.verify()
    }

    @Test func theSameWebhookIsAnsweredFromItsVerdict() throws {
        let body = body("order.paid", TestOrder())
        _ = try receive("w1", body)
        #expect(try receive("w1", body) == .repeated(.applied))
        // A redelivery carries the old body; whatever it carries, its id was answered.
        #expect(try receive("w1", Array("{}".utf8)) == .repeated(.applied))
        #expect(try rows().count == 1)
        #expect(try test.balance() == 430)
        try test.verify()
    }

    @Test func theOldBodyUnderANewIDIsStale() throws {
        let paid = body("order.paid", TestOrder())
        _ = try receive("w1", paid)
        _ = try receive("w2", body("order.refunded", TestOrder().refunded(500)))
        #expect(try receive("w3", paid).verdict == .stale)
        #expect(try test.balance() == 10)
        #expect(try rows().map { $0.split(separator: "|")[4] } == ["applied", "applied", "stale"])
        try test.verify()
    }

    @Test func anUnreadableBodyIsKept() throws {
        for (id, body) in [("w1", Array("{\"type\"".utf8)), ("w2", [0xFF, 0x00]), ("w3", [])] {
            #expect(try receive(id, body) == .unreadable)
        }
        #expect(try rows().allSatisfy { $0.hasSuffix("|-|-|unreadable|-") })
        let bodies = try test.connection().query("SELECT body FROM deliveries ORDER BY id") { $0.blob(0) }
        #expect(bodies == [Array("{\"type\"".utf8), [0xFF, 0x00], []])
        #expect(try receive("w2", []) == .repeated(.unreadable))
        try test.verify()
    }

    @Test(arguments: [
        ("parked", "parked|amounts", TestOrder { $0.net = "x" }),
        ("foreign", "recorded|foreign_product", TestOrder { $0.product = .null }),
        ("subscription", "recorded|subscription", TestOrder { $0.subscription = "s" }),
        (
            "unpaid", "recorded|unpaid",
            TestOrder {
                $0.status = "draft"; $0.paid = false
            }
        ),
        ("nobody's", "parked|unknown_user", TestOrder { $0.metadata = [:] }),
        ("refunded before", "unchanged|-", TestOrder { $0.refunded = 500 }),
    ])
    func aVerdictHasItsReason(_ description: String, _ verdict: String, _ order: TestOrder) throws {
        _ = try receive("w1", body("order.updated", order))
        #expect(try rows()[0].hasSuffix("|\(verdict)"), "\(description)")
        try test.verify()
    }

    @Test func theOtherEnvironmentIsKeptAndGrantsNothing() throws {
        _ = try receive("w1", body("order.paid", TestOrder()))
        let production = OrderScope(environment: .production, product: TestStore.product)
        let receipt = try receive("w2", body("order.refunded", TestOrder().refunded(500)), in: production)
        #expect(receipt.verdict == .otherEnvironment)
        #expect(try rows()[1].hasPrefix("w2|production|order.refunded|"))
        #expect(try test.balance() == 430)
        try test.verify()
    }

    @Test func whatFailsLeavesNoTrace() throws {
        try test.connection().execute(
            """
            CREATE TRIGGER no_delivery BEFORE INSERT ON deliveries BEGIN SELECT RAISE(ABORT, 'no'); END
            """)
        #expect(throws: StoreError.self) { try receive("w1", body("order.paid", TestOrder())) }
        #expect(try test.balance() == nil)
        #expect(try test.integers("SELECT count(*) FROM payments") == [0])
        try test.connection().execute("DROP TRIGGER no_delivery")
        #expect(try receive("w1", body("order.paid", TestOrder())).verdict == .applied)
        try test.verify()
    }

    /// Polar's own bodies, each alone on an empty database that sells what they tell of.
    @Test(
        arguments: Fixtures.versions,
        [
            ("01-order.created-paid", "applied"), ("02-order.updated-paid", "applied"), ("03-order.paid", "applied"),
            ("04-order.created-pending", "recorded"), ("05-order.created-draft", "recorded"),
            ("06-order.updated-void", "recorded"), ("07-refund.created-succeeded", "ignored"),
            ("08-order.updated-refunded", "unchanged"), ("09-order.refunded-full", "unchanged"),
            ("10-order.refunded-partial-1", "applied"), ("11-order.refunded-partial-2", "applied"),
            ("12-order.refunded-partial-3-final", "unchanged"), ("13-refund.created-pending", "ignored"),
            ("14-refund.updated-succeeded", "ignored"), ("15-refund.updated-failed", "ignored"),
            ("16-order.updated-refund-reverted", "applied"), ("17-refund.created-dispute-prevention", "ignored"),
            ("18-benefit_grant.revoked-custom", "ignored"), ("19-checkout.created", "ignored"),
            ("20-checkout.updated-confirmed", "ignored"), ("21-checkout.updated-succeeded", "ignored"),
            ("22-checkout.expired", "ignored"), ("23-customer.created", "ignored"),
        ])
    func polarsBodiesGiveWhatTheRulesSay(version: String, row: (payload: String, verdict: String)) throws {
        let body = try Fixtures.bytes("\(version)/\(row.payload).json")
        let product = try #require(
            Fixtures.json("\(version)/03-order.paid.json")["data"]?["product_id"]?.string.flatMap(Product.ID.init))
        let scope = OrderScope(environment: .sandbox, product: product)
        #expect(try receive("w1", body, in: scope).verdict.rawValue == row.verdict)
        try test.verify()
    }

    /// The whole life of an order, in Polar's order and in every rotation of it: the end is the same.
    @Test(arguments: 0..<7) func whateverTheOrderOfDeliveries(rotation: Int) throws {
        let payloads = [
            "01-order.created-paid", "02-order.updated-paid", "03-order.paid", "10-order.refunded-partial-1",
            "11-order.refunded-partial-2", "12-order.refunded-partial-3-final", "16-order.updated-refund-reverted",
        ]
        let product = try #require(
            Fixtures.json("2026-10/03-order.paid.json")["data"]?["product_id"]?.string.flatMap(Product.ID.init))
        let scope = OrderScope(environment: .sandbox, product: product)
        for (number, payload) in (payloads[rotation...] + payloads[..<rotation]).enumerated() {
            _ = try receive("w\(number)", try Fixtures.bytes("2026-10/\(payload).json"), in: scope)
            try test.verify()
        }
        let last = try #require(
            payloads.map { try Fixtures.json("2026-10/\($0).json") }.max { left, right in
                (left["timestamp"]?.string ?? "") < (right["timestamp"]?.string ?? "")
            })
        let refunded = last["data"]?["status"] == "refunded"
        #expect(try test.integers("SELECT target_credits FROM payments") == [refunded ? 0 : 420])
    }
}
