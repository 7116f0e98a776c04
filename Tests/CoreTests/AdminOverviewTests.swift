import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// The inbox, and what an admin sees at a glance.
@Suite struct AdminOverviewTests {
    let test: TestStore
    init() throws { test = try TestStore() }

    private func receive(
        _ id: String, _ order: TestOrder?, type: String = "order.paid", at now: Instant = TestStore.now
    ) throws -> Receipt {
        let data = order?.json ?? .null
        let body = JSON.object([
            .init("type", .string(type)), .init("timestamp", "2026-11-20T10:15:03Z"), .init("data", data),
        ])
        let delivery = Delivery(id: id, sent: now, body: order == nil ? Array("{".utf8) : body.bytes)
        return try test.store.inbox.receive(
            delivery, event: try? WebhookEvent(delivery), headers: [("webhook-id", id), ("user-agent", "polar")],
            in: TestStore.scope, at: now)
    }

    private func inbox(_ change: (inout DeliveryFilter) -> Void = { _ in }) throws -> [String] {
        var filter = DeliveryFilter()
        change(&filter)
        var found: [String] = []
        var cursor: ListCursor?
        repeat {
            let page = try test.store.inbox.list(filter, after: cursor, limit: 2)
            found += page.items.map(\.id)
            cursor = page.next
        } while cursor != nil && found.count < 50
        return found
    }

    @Test func theInboxComesNewestFirstAndFiltered() throws {
        _ = try receive("a", TestOrder())
        _ = try receive(
            "b",
            TestOrder {
                $0.id = uuid(2); $0.metadata = .null
            })
        _ = try receive("c", nil)
        _ = try receive("d", TestOrder(), type: "order.updated")
        _ = try receive("e", TestOrder(), type: "product.created")
        #expect(try inbox() == ["e", "d", "c", "b", "a"])
        #expect(try inbox { $0.verdict = .parked } == ["b"])
        #expect(try inbox { $0.verdict = .unreadable } == ["c"])
        #expect(try inbox { $0.type = "order.paid" } == ["b", "a"])
        #expect(
            try inbox {
                $0.type = "order.paid"; $0.verdict = .applied
            } == ["a"])
        #expect(try inbox { $0.order = Order.ID(TestOrder().id) }.suffix(2) == ["d", "a"])
        #expect(
            try inbox {
                $0.order = Order.ID(TestOrder().id); $0.type = "order.updated"
            } == ["d"])
        #expect(try inbox { $0.order = Order.ID(uuid(9)) } == [])
    }

    @Test func oneDeliveryHasItsBodyAndHeaders() throws {
        _ = try receive("a", TestOrder())
        let found = try #require(try test.store.inbox.find("a"))
        #expect(found.summary.verdict == .applied && found.summary.type == "order.paid")
        #expect(found.summary.order?.text == TestOrder().id && found.summary.replayedAt == nil)
        #expect(found.headers.map { "\($0.name): \($0.value)" } == ["webhook-id: a", "user-agent: polar"])
        #expect(found.summary.bodyBytes == found.body.map { Int64($0.count) })
        try test.connection().execute("UPDATE deliveries SET body = NULL")
        let gone = try #require(try test.store.inbox.find("a"))
        #expect(gone.body == nil && gone.summary.bodyBytes == nil)
        #expect(try test.store.inbox.find("z") == nil)
    }

    private func overview(at now: Instant = TestStore.now) throws -> Overview {
        try test.store.operations.overview(in: .sandbox, at: now)
    }

    @Test func nothingIsShownWhereNothingHappened() throws {
        let empty = try overview()
        #expect(empty.money == [] && empty.complaints == [] && empty.failures == [] && empty.lastDelivery == nil)
        #expect(empty.balance == .zero && empty.parked == 0 && empty.users == 0 && empty.generations == [:])
    }

    @Test func creditsAreSummedUp() throws {
        _ = try receive("a", TestOrder())
        _ = try test.adjust(-420, key: "spent")
        try test.apply(TestOrder().refunded(500))
        _ = try receive(
            "b",
            TestOrder {
                $0.id = uuid(2); $0.metadata = .null
            })
        try test.submit(1, "bob")
        try test.submit(2, "bob", at: 1)
        try test.fail(test.job(at: 2), maximumAttempts: 1, at: 3)
        let seen = try overview()
        #expect(seen.sold == 410 && seen.clawedBack == 10 && seen.adjusted == -420 && seen.trial == 20)
        #expect(seen.spent == 1 && seen.refunded == 1 && seen.debt == 410 && seen.users == 2)
        #expect(seen.balance.rawValue == (try test.integers("SELECT sum(balance) FROM users")[0]))
        #expect(seen.generations == [.pending: 1, .failed: 1] && seen.parked == 1)
        #expect(try test.store.orders.parkedCount() == 1)
        #expect(seen.lastDelivery?.id == "b" && seen.failures.map(\.id) == [TestStore.generation(1)])
        #expect(try overview(at: TestStore.at(3 + 86_400)).failures.count == 1)
        #expect(try overview(at: TestStore.at(4 + 86_400)).failures == [])
        try test.verify()
    }

    /// An order on a day of its own, in its currency.
    private func sell(
        _ number: Int, on day: String, _ cents: Int64 = 500, _ change: (inout TestOrder) -> Void = { _ in }
    )
        throws
    {
        var order = TestOrder {
            $0.id = uuid(number); $0.net = .integer(cents)
        }
        change(&order)
        var members = order.json.members ?? []
        members[members.count - 1] = .init("created_at", .string("\(day)T10:15:02Z"))
        let clock = PolarClock(rawValue: 1_900_000_000_000_000 + order.clock)
        let snapshot = try #require(OrderSnapshot(.object(members), at: clock))
        _ = try test.store.orders.apply(snapshot, in: TestStore.scope, at: TestStore.now)
    }

    @Test func moneyIsCountedOnTheDayOfTheSaleAndOfTheRefund() throws {
        // 2027-01-15, 08:00 UTC.
        try sell(1, on: "2027-01-15")
        try sell(2, on: "2027-01-15", 700)
        try sell(3, on: "2026-12-17", 900)
        try sell(4, on: "2026-12-16", 900)
        try sell(5, on: "2027-01-15") {
            $0.status = "pending"; $0.paid = false
        }
        try sell(6, on: "2027-01-15") { $0.product = "11111111-1111-4111-8111-111111111111" }
        try sell(7, on: "2027-01-14") { $0.currency = "eur" }
        try test.apply(
            TestOrder {
                $0.id = uuid(3); $0.net = 900
            }.refunded(400))
        let money = try overview().money
        #expect(money.map(\.currency) == ["eur", "usd"])
        let (euros, dollars) = (money[0], money[1])
        #expect(euros.sold == 500 && euros.days[28].sold == 500)
        #expect(dollars.sold == 3000 && dollars.refunded == 400 && dollars.days.count == 30)
        #expect(dollars.days[29].start.rfc3339 == "2027-01-15T00:00:00.000Z")
        #expect(dollars.days[29].orders == 2 && dollars.days[29].sold == 1200 && dollars.days[29].refunded == 400)
        #expect(dollars.days[0].start.rfc3339 == "2026-12-17T00:00:00.000Z" && dollars.days[0].sold == 900)
        #expect(dollars.days[1...28].allSatisfy { $0.sold == 0 && $0.orders == 0 })
        // The refund bounces.
        try test.apply(
            TestOrder {
                $0.id = uuid(3); $0.net = 900
            }.refunded(0, after: 2_000_000))
        #expect(try overview().money[1].refunded == 0)
        #expect(try test.store.operations.overview(in: .production, at: TestStore.now).money == [])
        try test.verify()
    }

    @Test func whatIsAmissIsSaid() throws {
        let now = TestStore.now
        func complaints(after seconds: Int64 = 0) throws -> [Complaint] {
            try overview(at: TestStore.at(seconds)).complaints
        }
        try test.store.operations.note(.reconcile, ["ok": true, "corrected": 0, "credits": 0], at: now)
        try test.store.operations.note(.ledgerVerify, ["faults": 0], at: now)
        try test.store.operations.note(.webhookEndpoint, ["enabled": true], at: now)
        try test.store.operations.note(.backup, [:], at: now)
        #expect(try complaints() == [] && complaints(after: 1800) == [])
        #expect(try complaints(after: 1801) == [.reconcileLate(last: now)])
        #expect(try complaints(after: 172_801) == [.reconcileLate(last: now), .backupLate(last: now)])

        try test.store.operations.note(.ledgerVerify, ["faults": 2], at: now)
        try test.store.operations.note(.webhookEndpoint, ["enabled": false, "state": "disabled"], at: now)
        try test.store.operations.note(.reconcile, ["ok": false, "corrected": 1, "credits": 420], at: now)
        #expect(
            try complaints() == [
                .ledgerFaults(2, at: now), .drift(orders: 1, credits: 420, at: now), .reconcileFailed(at: now),
                .webhookEndpointOff(at: now),
            ])
    }

    @Test func aJobThatWaitsTooLongIsSaid() throws {
        try test.submit(1)
        #expect(try overview(at: TestStore.at(600)).complaints == [])
        #expect(try overview(at: TestStore.at(601)).complaints == [.jobsWait(.seconds(601))])
    }
}
