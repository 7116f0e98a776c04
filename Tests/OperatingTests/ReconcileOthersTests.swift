import JSON
import Operating
import TestSupport
import Testing

@testable import Core

/// What the lists of orders do not say: disputes, checkouts, the endpoint.
@Suite struct ReconcileOthersTests {
    private let books: Books

    init() throws { books = try Books() }

    private func dispute(_ isLost: Bool, at clock: Int64 = 1) -> DisputeNotice {
        DisputeNotice(order: Sale().id, isLost: isLost, clock: PolarClock(rawValue: clock))
    }

    @Test func aLostDisputeTakesTheCreditsBackAndLeavesADebtForTheSpentOnes() throws {
        try books.apply(Sale())
        try books.spend(100)
        books.with { $0.disputes = [dispute(true)] }
        let report = try books.reconcile()
        #expect(report.disputes == 1 && report.changes.map(\.target) == [0] && report.changes.map(\.debt) == [90])
        #expect(try books.balance() == 0)
        #expect(try books.debt() == 90)
        let again = try books.reconcile()
        #expect(again.disputes == 0 && again.corrected == 0)
        #expect(try books.store.ledger.verify() == [])
    }

    @Test func aDisputeThatIsLostNoMoreGivesThemBack() throws {
        try books.apply(Sale())
        books.with { $0.disputes = [dispute(true)] }
        try books.reconcile()
        #expect(try books.balance() == 10)
        books.with { $0.disputes = [dispute(false, at: 2)] }
        #expect(try books.reconcile().changes.map(\.target) == [420])
        #expect(try books.balance() == 430)
        #expect(try books.store.ledger.verify() == [])
    }

    @Test func whereOneOfTwoDisputesIsLostNothingIsGivenBack() throws {
        try books.apply(Sale())
        books.with { $0.disputes = [dispute(true), dispute(false, at: 2)] }
        try books.reconcile()
        #expect(try books.reconcile().corrected == 0)
        #expect(try books.balance() == 10)
    }

    @Test func aDisputeThatVanishedGivesNothingBack() throws {
        try books.apply(Sale())
        books.with { $0.disputes = [dispute(true)] }
        try books.reconcile()
        books.with { $0.disputes = [] }
        #expect(try books.reconcile().corrected == 0)
        #expect(try books.balance() == 10)
    }

    @Test func alsoTheDisputeOverAnOrderThatNobodyToldOf() throws {
        let old = Sale(age: 100 * 86_400)
        books.with { polar in
            polar.orders = [old.snapshot]
            polar.disputes = [dispute(true)]
        }
        #expect(try books.reconcile().disputes == 1)
        #expect(try books.balance() == 10)
        #expect(try books.store.ledger.verify() == [])
    }

    @Test func checkoutsThatAreOpenForMoreThanTwoMinutesAreLookedUp() throws {
        let user = try #require(UserID("ada"))
        let id = identifier(50, of: Checkout.Session.self)
        guard
            case .opened(let checkout) = try books.store.checkouts.open(
                Checkout.ID(random: [UInt8](repeating: 1, count: 16)), of: 2, for: Profile(user: user),
                in: Books.scope, at: Books.start)
        else {
            Issue.record("not opened")
            return
        }
        try books.store.checkouts.created(
            checkout.id,
            .init(id: id, url: "https://x", clientSecret: "s", expiresAt: Books.start.advanced(by: .seconds(86_400))))
        let order = Sale(user: nil, checkout: id)
        let snapshot = try #require(
            CheckoutSnapshot(["id": .string(id.text), "status": "succeeded"], at: PolarClock(rawValue: 5)))
        // Polar's amounts are those of the promise: two packs.
        let paid = try #require(order.snapshot.twice)
        books.with { $0.reports[id] = CheckoutReport(checkout: snapshot, orders: [paid]) }

        books.with { $0.now = Books.start.advanced(by: .seconds(119)) }
        #expect(try books.reconcile().checkouts == 0)
        books.with { $0.now = Books.start.advanced(by: .seconds(121)) }
        #expect(try books.reconcile(ReconcileWish(isDryRun: true)).changes.map(\.target) == [840])
        let report = try books.reconcile()
        #expect(report.checkouts == 1 && report.changes.map(\.target) == [840])
        #expect(try books.balance() == 850)
        books.with { $0.now = Books.start.advanced(by: .seconds(1000)) }
        #expect(try books.reconcile().checkouts == 0, "It is settled")
        #expect(try books.store.ledger.verify() == [])
    }

    @Test func aCheckoutThatPolarDoesNotKnowYetIsAskedAboutAgainLater() throws {
        let user = try #require(UserID("ada"))
        guard
            case .opened(let checkout) = try books.store.checkouts.open(
                Checkout.ID(random: [UInt8](repeating: 1, count: 16)), of: 1, for: Profile(user: user),
                in: Books.scope, at: Books.start)
        else {
            Issue.record("not opened")
            return
        }
        try books.store.checkouts.created(
            checkout.id,
            .init(
                id: identifier(50, of: Checkout.Session.self), url: "https://x", clientSecret: "s",
                expiresAt: Books.start.advanced(by: .seconds(86_400))))
        for (second, count) in [(200, 1), (300, 0), (400, 1)] as [(Int64, Int)] {
            books.with { $0.now = Books.start.advanced(by: .seconds(second)) }
            let report = try books.reconcile()
            #expect(report.checkouts == count && report.lagging == count, "after \(second) s")
        }
    }

    @Test(arguments: [
        ("https://credits.example/polar/orders", true, ReconcileReport.Endpoint.enabled),
        ("https://credits.example/polar/orders/", true, .enabled),
        ("https://credits.example/polar/orders", false, .disabled),
        ("https://other.example/polar/orders", true, .missing),
    ])
    func theEndpointIsLookedAt(_ url: String, _ isEnabled: Bool, _ state: ReconcileReport.Endpoint) throws {
        books.with {
            $0.endpoints = [WebhookEndpoint(url: url, isEnabled: isEnabled, format: "raw", events: [])]
        }
        #expect(try books.reconcile().endpoint == state)
        #expect(try books.facts(.webhookEndpoint)?["enabled"]?.bool == (state == .enabled))
        let isTold = books.lines.contains { $0.event == "webhook.endpoint_not_enabled" }
        #expect(isTold == (state != .enabled))
    }

    @Test func anEndpointThatWasNotReadKeepsWhatWasKnown() throws {
        try books.reconcile()
        books.with { $0.failures["endpoints"] = .timedOut }
        #expect(try books.reconcile().endpoint == .unread)
        #expect(try books.facts(.webhookEndpoint)?["enabled"] == true)
    }
}

extension OrderSnapshot {
    /// Two packs instead of one.
    fileprivate var twice: OrderSnapshot? {
        let members = (json.members ?? []).map { member in
            member.value == 500 ? JSON.Member(member.name, 1000) : member
        }
        return OrderSnapshot(.object(members), at: clock)
    }
}
