import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// What a person settles where no rule could: assigning, dismissing, disputes, replaying.
@Suite struct ParkedTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private var order: Order.ID { TestOrder().snapshot.id }
    private static let nobodys = TestOrder { $0.metadata = [:] }

    private func assign(_ name: String = "ada", in scope: OrderScope = TestStore.scope) throws -> AssignOutcome {
        try test.store.orders.assign(order, to: test.user(name), by: "boss", in: scope, at: TestStore.now)
    }

    private func dismiss() throws -> DismissOutcome {
        try test.store.orders.dismiss(order, reason: "paid twice by mistake", by: "boss", at: TestStore.now)
    }

    private func dispute(_ isLost: Bool, at clock: Int64) throws -> OrderOutcome? {
        let notice = DisputeNotice(
            order: order, isLost: isLost, clock: PolarClock(rawValue: 2_000_000_000_000_000 + clock))
        return try test.store.orders.note(notice, in: TestStore.scope, isDryRun: false, at: TestStore.now)
    }

    private func audit() throws -> [String?] {
        try test.texts(
            "SELECT actor || ' ' || action || ' ' || subject || ': ' || coalesce(old, '-') || ' > ' || coalesce(new, '-') FROM audit_log ORDER BY id"
        )
    }

    private func state() throws -> [String?] {
        try test.texts("SELECT state || ' ' || coalesce(reason, '-') FROM payments")
    }

    @Test func anAssignedOrderIsGrantedOnceAndAudited() throws {
        #expect(try test.apply(Self.nobodys) == .parked(.unknownUser))
        guard case .applied(.applied(let change)) = try assign() else { Issue.record("not applied"); return }
        #expect(change.entries.map(\.amount) == [420])
        #expect(try test.kinds() == ["trial 10", "purchase 420"])
        #expect(try assign() == .notParked)
        #expect(try assign("bob") == .notParked)
        #expect(try audit() == ["boss order.assign \(order.text): parked > ada"])
        #expect(try test.apply(Self.nobodys.later()) == .unchanged)
        try test.verify()
    }

    @Test func theAdminsWordIsStrongerThanLaterEvidence() throws {
        try test.apply(Self.nobodys)
        _ = try assign()
        _ = try test.apply(Self.nobodys.later { $0.metadata = ["user_id": "bob"] }.refunded(500))
        #expect(try test.balance() == 10)
        #expect(try test.balance("bob") == nil)
        try test.verify()
    }

    /// Guards that only say that no rule fits give way; credits still follow the money.
    @Test(arguments: [
        ("seats", TestOrder { $0.seats = 3 }), ("another currency", TestOrder { $0.currency = "eur" }),
        ("another billing reason", TestOrder { $0.reason = "gift" }), ("nothing paid", TestOrder { $0.net = 0 }),
        ("an unknown status", TestOrder { $0.status = "frozen" }),
        ("a status that disagrees", TestOrder { $0.paid = false }),
    ])
    func aGuardGivesWayToAPerson(_ name: String, _ spoilt: TestOrder) throws {
        guard case .parked = try test.apply(spoilt) else { Issue.record("\(name) is not parked"); return }
        guard case .applied(.applied(let change)) = try assign() else { Issue.record("not applied"); return }
        #expect(change.entries.map(\.amount) == [420])
        try test.verify()
        _ = try test.apply(
            spoilt.later {
                $0.status = "refunded"; $0.paid = true
            })
        #expect(try test.balance() == 10)
        try test.verify()
    }

    @Test(arguments: [
        (TestOrder { $0.refunded = -1 }, ParkedReason.amounts), (TestOrder { $0.units = "2" }, .units),
    ])
    func whatCannotBeReadIsNotAssigned(_ spoilt: TestOrder, _ reason: ParkedReason) throws {
        #expect(try test.apply(spoilt) == .parked(reason))
        #expect(try assign("bob") == .notGrantable(reason))
        #expect(try state() == ["parked \(reason.rawValue)"])
        #expect(try test.balance("bob") == nil)
        #expect(try audit() == [])
        try test.verify()
    }

    @Test func aCheckoutThatDoesNotMatchIsGrantedAsPromised() throws {
        let user = try test.seen()
        guard
            case .opened(let checkout) = try test.store.checkouts.open(
                .init(random: .init(repeating: 7, count: 16)), of: 2, for: Profile(user: user), in: TestStore.scope,
                at: TestStore.now)
        else { Issue.record("not opened"); return }
        let polar = try #require(Checkout.PolarID(uuid(77)))
        try test.store.checkouts.created(
            checkout.id,
            .init(id: polar, url: "https://x", clientSecret: "s", expiresAt: TestStore.now.advanced(by: .seconds(60))))
        let spoilt = TestOrder {
            $0.checkout = .string(uuid(77)); $0.subtotal = 999
        }
        #expect(try test.apply(spoilt) == .parked(.checkoutMismatch))
        guard case .applied(.applied(let change)) = try assign() else { Issue.record("not applied"); return }
        #expect(change.entries.map(\.amount) == [840])
        try test.verify()
    }

    @Test func anOrderThatMovedCreditsKeepsItsUser() throws {
        try test.apply(TestOrder())
        let spoilt = TestOrder().later { $0.currency = "eur" }
        #expect(try test.apply(spoilt) == .parked(.currency))
        #expect(try assign("bob") == .belongsTo(test.user("ada")))
        #expect(try assign("ada") == .applied(.unchanged))
        #expect(try test.balance() == 430)
        try test.verify()
    }

    @Test func whatIsNotThereOrElsewhereIsNotAssigned() throws {
        #expect(try assign() == .unknownOrder)
        #expect(try dismiss() == .unknownOrder)
        try test.apply(Self.nobodys)
        #expect(
            try assign(in: OrderScope(environment: .production, product: TestStore.product)) == .otherEnvironment)
        #expect(try test.balance() == nil)
    }

    @Test func aDismissedOrderStaysClosedUntilItIsAssigned() throws {
        try test.apply(Self.nobodys)
        #expect(try dismiss() == .dismissed)
        #expect(try state() == ["dismissed dismissed"])
        #expect(try dismiss() == .notParked)
        #expect(try test.apply(TestOrder().later()) == .recorded(.dismissed))
        #expect(try state() == ["dismissed dismissed"])
        #expect(try test.texts("SELECT note FROM payments") == ["paid twice by mistake"])
        guard case .applied(.applied) = try assign() else { Issue.record("not applied"); return }
        #expect(try test.balance() == 430)
        #expect(
            try audit() == [
                "boss order.dismiss \(order.text): parked > paid twice by mistake",
                "boss order.assign \(order.text): dismissed > ada",
            ])
        try test.verify()
    }

    @Test func aDismissedOrderThatMovedCreditsStillFollowsItsMoney() throws {
        try test.apply(TestOrder())
        #expect(try test.apply(TestOrder().later { $0.currency = "eur" }) == .parked(.currency))
        #expect(try dismiss() == .dismissed)
        #expect(try test.balance() == 430)
        _ = try test.apply(TestOrder().later().refunded(500))
        #expect(try test.balance() == 10)
        try test.verify()
    }

    @Test func aLostDisputeTakesEverythingAndAWonOneGivesItBack() throws {
        #expect(try dispute(true, at: 0) == nil)
        try test.apply(TestOrder())
        _ = try test.adjust(-100, key: "spend")
        guard case .applied(let change) = try dispute(true, at: 0) else { Issue.record("not applied"); return }
        #expect(change.entries.map(\.amount) == [-330])
        #expect(try test.debt() == 90)
        #expect(try dispute(true, at: 1) == .unchanged)
        #expect(try dispute(false, at: 0) == .stale)
        #expect(try test.apply(TestOrder().later()) == .unchanged)
        try test.verify()
        guard case .applied = try dispute(false, at: 5) else { Issue.record("not given back"); return }
        #expect(try test.debt() == 0)
        #expect(try test.balance() == 330)
        try test.verify()
        guard case .applied = try dispute(true, at: 9) else { Issue.record("not taken again"); return }
        #expect(try test.balance() == 0)
        try test.verify()
    }

    @Test func aReplayDoesWhatTheDeliveryTellsAndItsVerdictFollows() throws {
        let time = Self.nobodys.snapshot.clock.instant.rfc3339
        let body: JSON = ["type": "order.paid", "timestamp": .string(time), "data": Self.nobodys.json]
        let delivery = Delivery(id: "w1", sent: TestStore.now, body: body.bytes)
        _ = try test.store.inbox.receive(
            delivery, event: try WebhookEvent(delivery), headers: [], in: TestStore.scope, at: TestStore.now)
        func replay(_ id: String = "w1", in scope: OrderScope = TestStore.scope) throws -> ReplayOutcome {
            try test.store.inbox.replay(id, by: "boss", in: scope, at: TestStore.now)
        }
        #expect(try replay() == .replayed(.applied(.parked(.unknownUser), order)))
        _ = try assign()
        #expect(try replay() == .replayed(.applied(.unchanged, order)))
        #expect(try test.texts("SELECT verdict || coalesce(reason, '') FROM deliveries") == ["unchanged"])
        #expect(try audit().last == "boss delivery.replay w1: parked > unchanged")
        #expect(try replay("w2") == .unknownDelivery)
        #expect(
            try replay(in: OrderScope(environment: .production, product: TestStore.product)) == .otherEnvironment)
        try test.connection().execute("UPDATE deliveries SET body = NULL")
        #expect(try replay() == .bodyGone)
        try test.verify()
    }

    @Test func countersAddUpAndOperationsKeepTheirLastWord() throws {
        let counter = Counter("credits_requests_total", labels: #"handler="checkout""#)
        try test.store.operations.add([counter: 2, Counter("other"): 1])
        try test.store.operations.add([counter: 3])
        #expect(try test.store.operations.counters() == [counter: 5, Counter("other"): 1])
        #expect(try test.store.operations.report(on: .backup) == nil)
        try test.store.operations.note(.backup, ["bytes": 1], at: TestStore.now)
        try test.store.operations.note(.backup, ["bytes": 2], at: TestStore.now.advanced(by: .seconds(1)))
        let report = try #require(try test.store.operations.report(on: .backup))
        #expect(report.facts == ["bytes": 2])
        #expect(report.at == TestStore.now.advanced(by: .seconds(1)))
    }
}
