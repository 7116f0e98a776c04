import Database
import JSON
import TestSupport
import Testing
import Threads

@testable import Core

/// Histories of orders, applied through the store; the ledger is verified after each.
@Suite struct OrderTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func entries(_ outcome: OrderOutcome) -> [Int64] {
        guard case .applied(let change) = outcome else { return [] }
        return change.entries.map(\.amount.rawValue)
    }

    @Test func anUnknownUserIsCreatedWithTheTrial() throws {
        #expect(entries(try test.apply(TestOrder())) == [420])
        #expect(try test.kinds() == ["trial 10", "purchase 420"])
        #expect(try test.store.people.account(of: test.user(), at: TestStore.now)?.hasFreeTrial == false)
        try test.verify()
    }

    @Test func paidThriceIsGrantedOnce() throws {
        #expect(entries(try test.apply(TestOrder())) == [420])
        #expect(try test.apply(TestOrder()) == .unchanged)
        #expect(try test.apply(TestOrder().later()) == .unchanged)
        #expect(try test.balance() == 430)
        try test.verify()
    }

    @Test func thirtyTwoAtOnceGrantOnce() throws {
        let outcomes = Monitor<[OrderOutcome]>([])
        let running = Monitor(32)
        for _ in 0..<32 {
            startThread { [test] in
                if let outcome = try? test.apply(TestOrder()) { outcomes.withLock { $0.append(outcome) } }
                running.withLock { $0 -= 1 }
            }
        }
        running.wait { $0 == 0 ? () : nil }
        let all = outcomes.withLock { $0 }
        #expect(all.count == 32)
        #expect(all.count { $0 == .unchanged } == 31)
        #expect(try test.balance() == 430)
        try test.verify()
    }

    @Test func aRefundFollowsTheCumulativeAmount() throws {
        let order = TestOrder()
        try test.apply(order)
        #expect(entries(try test.apply(order.refunded(100))) == [-84])
        #expect(entries(try test.apply(order.refunded(250, after: 2_000_000))) == [-126])
        #expect(try test.apply(order.refunded(250, after: 2_500_000)) == .unchanged)
        #expect(entries(try test.apply(order.refunded(500, after: 3_000_000))) == [-210])
        #expect(try test.kinds() == ["trial 10", "purchase 420", "clawback -84", "clawback -126", "clawback -210"])
        #expect(try test.debt() == 0)
        try test.verify()
    }

    @Test func aRefundThatBouncedIsRestored() throws {
        let order = TestOrder()
        try test.apply(order)
        try test.apply(order.refunded(500))
        #expect(entries(try test.apply(order.refunded(250, after: 2_000_000))) == [210])
        #expect(entries(try test.apply(order.refunded(0, after: 3_000_000))) == [210])
        #expect(entries(try test.apply(order.refunded(500, after: 4_000_000))) == [-420])
        #expect(
            try test.kinds() == [
                "trial 10", "purchase 420", "clawback -420", "restoration 210", "restoration 210", "clawback -420",
            ])
        try test.verify()
    }

    @Test func whatWasSpentBecomesDebtAndTheNextPurchaseRepaysIt() throws {
        let order = TestOrder()
        try test.apply(order)
        _ = try test.adjust(-100, key: "spend")
        guard case .applied(let change) = try test.apply(order.refunded(500)) else {
            Issue.record("not applied"); return
        }
        #expect(change.entries.map(\.amount) == [-330])
        #expect(change.debt == 90)
        #expect(try test.balance() == 0)
        #expect(try test.debt() == 90)
        try test.verify()

        _ = try test.adjust(5, key: "gift")
        #expect(try test.debt() == 90, "an adjustment repays nothing")

        let next = try test.apply(TestOrder { $0.id = uuid(2) })
        #expect(entries(next) == [420, -90])
        #expect(try test.debt() == 0)
        #expect(try test.balance() == 335)
        #expect(try test.kinds().suffix(2) == ["purchase 420", "repayment -90"])
        try test.verify()
    }

    @Test func aPurchaseSmallerThanTheDebtRepaysAPart() throws {
        let order = TestOrder()
        try test.apply(order)
        _ = try test.adjust(-430, key: "spend")
        try test.apply(order.refunded(500))
        #expect(try test.debt() == 420)
        try test.set(["credits_per_pack": 20])
        #expect(entries(try test.apply(TestOrder { $0.id = uuid(2) })) == [20, -20])
        #expect(try test.debt() == 400)
        #expect(try test.balance() == 0)
        try test.verify()
    }

    @Test func aRestorationForgivesItsOwnDebtFirst() throws {
        let order = TestOrder()
        try test.apply(order)
        _ = try test.adjust(-130, key: "spend")
        try test.apply(order.refunded(500))
        #expect(try test.debt() == 120)
        guard case .applied(let change) = try test.apply(order.refunded(250, after: 2_000_000)) else {
            Issue.record("not applied")
            return
        }
        #expect(change.entries.map(\.amount) == [90])
        #expect(change.debt == -120)
        #expect(try test.debt() == 0)
        try test.verify()
    }

    @Test func aRestorationForgivesNoOtherOrdersDebtAndPaysIt() throws {
        let (first, second) = (TestOrder(), TestOrder { $0.id = uuid(2) })
        try test.apply(first)
        try test.apply(second)
        try test.apply(first.refunded(500))
        _ = try test.adjust(-430, key: "spend")
        try test.apply(second.refunded(500))
        #expect(try test.debt() == 420)
        #expect(entries(try test.apply(first.refunded(0, after: 2_000_000))) == [420, -420])
        #expect(try test.debt() == 0)
        try test.verify()
    }

    @Test func aRepaidDebtIsNotForgivenAgain() throws {
        let (first, second) = (TestOrder(), TestOrder { $0.id = uuid(2) })
        try test.apply(first)
        _ = try test.adjust(-430, key: "spend")
        try test.apply(first.refunded(500))
        #expect(entries(try test.apply(second)) == [420, -420])
        #expect(entries(try test.apply(first.refunded(0, after: 2_000_000))) == [420])
        #expect(try test.balance() == 420)
        try test.verify()
    }

    @Test func refundedBeforePaidGrantsNothingEver() throws {
        let order = TestOrder()
        #expect(try test.apply(order.refunded(500)) == .unchanged)
        #expect(try test.apply(order) == .stale)
        #expect(try test.balance() == 10)
        try test.verify()
    }

    @Test func aPartOfWhatIsPaidCanBeRefundedBefore() throws {
        let order = TestOrder()
        #expect(entries(try test.apply(order.refunded(100))) == [336])
        #expect(try test.apply(order) == .stale)
        #expect(entries(try test.apply(order.refunded(0, after: 2_000_000))) == [84])
        try test.verify()
    }

    @Test func pendingThenPaidIsGranted() throws {
        let order = TestOrder {
            $0.status = "pending"; $0.paid = false
        }
        #expect(try test.apply(order) == .recorded(.unpaid))
        #expect(try test.balance() == nil, "who did not pay is not known yet")
        #expect(
            entries(
                try test.apply(
                    order.later(by: 0) {
                        $0.status = "paid"; $0.paid = true
                    })) == [420])
        #expect(entries(try test.apply(order.later { $0.status = "void" })) == [-420])
        try test.verify()
    }

    @Test func equalClocksAreOrderedByProgress() throws {
        let order = TestOrder()
        try test.apply(order)
        #expect(entries(try test.apply(order.refunded(250, after: 0))) == [-210])
        #expect(try test.apply(order) == .stale)
        #expect(entries(try test.apply(order.refunded(500, after: 0))) == [-210])
        #expect(try test.apply(order.refunded(250, after: 0)) == .stale)
        try test.verify()
    }

    @Test func thePriceIsLockedByTheFirstGrant() throws {
        let order = TestOrder()
        try test.apply(order)
        try test.set(["credits_per_pack": 100])
        #expect(try test.apply(order.later()) == .unchanged)
        #expect(entries(try test.apply(order.refunded(250, after: 2_000_000))) == [-210])
        #expect(entries(try test.apply(TestOrder { $0.id = uuid(2) })) == [100])
        try test.verify()
    }

    /// The pack stands once it is decided; what comes at the former price afterwards is for an admin.
    @Test func aPriceThatChangesInBetweenParksTheNextOrderAndNotTheEarlierOne() throws {
        let order = TestOrder()
        let nobodys = TestOrder {
            $0.id = uuid(3); $0.metadata = [:]
        }
        try test.apply(order)
        #expect(try test.apply(nobodys) == .parked(.unknownUser))
        try test.set(["pack_price_cents": 700, "credits_per_pack": 500])
        #expect(try test.apply(order.later()) == .unchanged)
        #expect(entries(try test.apply(order.refunded(250, after: 2_000_000))) == [-210])
        #expect(entries(try test.apply(nobodys.later { $0.metadata = ["user_id": "ada"] })) == [420])
        let late = TestOrder { $0.id = uuid(2) }
        #expect(try test.apply(late) == .parked(.priceMismatch))
        guard
            case .applied(.applied(let granted)) = try test.store.orders.assign(
                late.snapshot.id, to: test.user(), by: "root", in: TestStore.scope, at: TestStore.now)
        else { Issue.record("not assigned"); return }
        #expect(granted.entries.map(\.amount) == [500])
        try test.verify()
    }

    @Test func aStatusThatNobodyKnowsParksWhatWasGranted() throws {
        let order = TestOrder()
        try test.apply(order)
        let frozen = order.later {
            $0.status = "frozen"; $0.paid = false
        }
        #expect(try test.apply(frozen) == .parked(.statusUnknown))
        #expect(try test.apply(frozen.later()) == .parked(.statusUnknown))
        #expect(try test.balance() == 430)
        try test.verify()
        #expect(entries(try test.apply(order.refunded(500, after: 5_000_000))) == [-420])
        try test.verify()
    }

    @Test func norDoesItHideWhatWaitsForAPerson() throws {
        let order = TestOrder { $0.currency = "eur" }
        try test.apply(order)
        let frozen = order.later {
            $0.status = "frozen"; $0.paid = false
        }
        #expect(try test.apply(frozen) == .parked(.statusUnknown))
        let neverPaid = TestOrder {
            $0.id = uuid(2); $0.status = "frozen"; $0.paid = false
        }
        #expect(try test.apply(neverPaid) == .recorded(.unpaid))
        #expect(try test.apply(neverPaid.later()) == .recorded(.unpaid))
        try test.verify()
    }

    /// What Polar sends, spoiled in one way.
    @Test(arguments: [
        ("as it is", "", "", true), ("at one cent", "\"subtotal_amount\":500", "\"subtotal_amount\":1", false),
        ("of two packs at one's price", "\"units\":null", "\"units\":2", false),
        (
            "with a discount", "\"discount_amount\":0,\"net_amount\":500", "\"discount_amount\":400,\"net_amount\":100",
            true
        ),
        ("of another product", "\"product_id\":\"6a1f2c9e-5a6b", "\"product_id\":\"11111111-5a6b", false),
    ])
    func anOrderOfPolars(_ name: String, _ good: String, _ bad: String, _ isGranted: Bool) throws {
        for version in ["2026-10", "2026-08-unversioned"] {
            let test = try TestStore()
            var body = try Places.text(of: "\(Places.repository)/Tests/Fixtures/\(version)/03-order.paid.json")
            #expect(good.isEmpty || body.contains(good), "\(name)")
            if !good.isEmpty { body = body.replacing(good, with: bad) }
            let event = try WebhookEvent(Delivery(id: "a", sent: TestStore.now, body: Array(body.utf8)))
            guard case .order(let order) = event.subject else { Issue.record("no order"); return }
            let product = try #require(Product.ID("6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"))
            let outcome = try test.store.orders.apply(
                order, in: OrderScope(environment: .sandbox, product: product), at: TestStore.now)
            #expect((entries(outcome) == [420]) == isGranted, "\(name): \(outcome)")
        }
    }

    @Test func unitsMultiply() throws {
        let order = TestOrder {
            $0.units = 3; $0.subtotal = 1500
        }
        #expect(entries(try test.apply(order)) == [1260])
        #expect(entries(try test.apply(order.refunded(100))) == [-252])
        try test.verify()
    }

    @Test func anotherEnvironmentChangesNothing() throws {
        let production = OrderScope(environment: .production, product: TestStore.product)
        try test.apply(TestOrder())
        #expect(try test.apply(TestOrder().refunded(500), in: production) == .otherEnvironment)
        #expect(try test.balance() == 430)
        #expect(entries(try test.apply(TestOrder { $0.id = uuid(2) }, in: production)) == [420])
        #expect(try test.apply(TestOrder { $0.id = uuid(2) }.refunded(500)) == .otherEnvironment)
        try test.verify()
    }

    @Test func aForeignProductMakesNoUser() throws {
        #expect(try test.apply(TestOrder { $0.product = .string(uuid(9)) }) == .recorded(.foreignProduct))
        #expect(try test.integers("SELECT count(*) FROM users") == [0])
        #expect(try test.texts("SELECT state FROM payments") == ["recorded"])
        try test.verify()
    }

    @Test func aParkedOrderIsGrantedOnceItReads() throws {
        let order = TestOrder { $0.net = "five" }
        #expect(try test.apply(order) == .parked(.amounts))
        #expect(try test.balance() == 10, "who paid is known")
        #expect(entries(try test.apply(TestOrder().later())) == [420])
        try test.verify()
    }

    @Test func aGrantedOrderThatCannotBeReadKeepsItsCredits() throws {
        try test.apply(TestOrder())
        #expect(try test.apply(TestOrder().later { $0.net = "five" }) == .parked(.amounts))
        #expect(try test.balance() == 430)
        try test.verify()
        #expect(entries(try test.apply(TestOrder().refunded(500, after: 2_000_000))) == [-420])
        try test.verify()
    }
}
