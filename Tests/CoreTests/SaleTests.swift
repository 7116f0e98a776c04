import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// A sale is over when it is paid: the order settles the checkout that it came of.
@Suite struct SaleTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private static let polarID = uuid(77)

    /// A checkout of two packs, open at Polar.
    private func open(_ number: UInt8 = 1, at now: Instant = TestStore.now) throws -> OpenCheckoutOutcome {
        let outcome = try test.store.checkouts.open(
            .init(random: .init(repeating: number, count: 16)), of: 2, for: Profile(user: test.user()),
            in: TestStore.scope, at: now)
        if case .opened(let checkout) = outcome {
            let id = try #require(Checkout.PolarID(number == 1 ? Self.polarID : uuid(77 + Int(number))))
            try test.store.checkouts.created(
                checkout.id,
                .init(id: id, url: "https://x", clientSecret: "s", expiresAt: now.advanced(by: .seconds(86_400))))
        }
        return outcome
    }

    private func isOpenedAnew(_ outcome: OpenCheckoutOutcome) -> Bool {
        if case .opened = outcome { true } else { false }
    }

    private var status: Checkout.Status? {
        get throws {
            let id = try #require(Checkout.PolarID(Self.polarID))
            return try test.store.checkouts.find(id, of: test.user(), in: .sandbox, at: TestStore.now)?.status
        }
    }

    private func order(_ change: (inout TestOrder) -> Void = { _ in }) -> TestOrder {
        TestOrder {
            $0.checkout = .string(Self.polarID)
            ($0.subtotal, $0.net) = (1000, 1000)
            change(&$0)
        }
    }

    private func say(_ status: String, at clock: Int64) throws {
        let data: JSON = ["id": .string(Self.polarID), "status": .string(status)]
        let snapshot = try #require(CheckoutSnapshot(data, at: PolarClock(rawValue: 1_900_000_000_000_000 + clock)))
        try test.store.checkouts.note(snapshot, in: .sandbox)
    }

    @Test func aPaidCheckoutIsNotHandedOutAgain() throws {
        #expect(isOpenedAnew(try open()))
        guard case .reused = try open(2) else { Issue.record("not reused"); return }
        try test.apply(order())
        #expect(try status == .succeeded)
        #expect(isOpenedAnew(try open(3)))
        try test.verify()
    }

    /// Whatever became of the order: nobody pays for the same checkout twice.
    @Test(arguments: [
        ("granted", TestOrder { _ in }, true),
        ("refunded before it was granted", TestOrder { $0.status = "refunded" }, true),
        ("parked", TestOrder { $0.currency = "eur" }, true),
        ("of a future status", TestOrder { $0.status = "frozen" }, true),
        ("contradictory", TestOrder { $0.paid = false }, true),
        ("a subscription", TestOrder { $0.subscription = "s" }, true),
        ("pending", TestOrder { ($0.status, $0.paid) = ("pending", false) }, false),
        ("a draft", TestOrder { ($0.status, $0.paid) = ("draft", false) }, false),
        ("of no known status and not paid", TestOrder { ($0.status, $0.paid) = ("frozen", false) }, false),
    ])
    func anOrderSettlesItsCheckoutIfItIsPaid(_ name: String, _ order: TestOrder, _ settles: Bool) throws {
        _ = try open()
        var order = order
        order.checkout = .string(Self.polarID)
        (order.subtotal, order.net) = (1000, 1000)
        try test.apply(order)
        #expect(try status == (settles ? .succeeded : .open), "\(name)")
        #expect(isOpenedAnew(try open(2)) == settles, "\(name)")
    }

    @Test(arguments: ["open", "confirmed", "expired", "failed", "succeeded"])
    func nothingUndoesASale(_ word: String) throws {
        _ = try open()
        try say(word, at: -5)
        try test.apply(order())
        #expect(try status == .succeeded, "After it")
        try say(word, at: 5)
        #expect(try status == .succeeded, "Before it")
        let connection = try test.connection()
        #expect(throws: DatabaseError.self) { try connection.execute("UPDATE checkouts SET status = 'open'") }
        #expect(throws: DatabaseError.self) { try connection.execute("UPDATE checkouts SET has_paid_order = 0") }
    }

    /// `order.paid` overtaken by `order.updated`: an old word on payment is one all the same.
    @Test func anOvertakenOrderSettlesToo() throws {
        try test.apply(order().later { ($0.status, $0.paid) = ("void", false) })
        _ = try open()
        #expect(try test.apply(order()) == .stale)
        #expect(try status == .succeeded)
    }

    @Test func anOrderOfTheOtherEnvironmentSettlesNothing() throws {
        _ = try open()
        let production = OrderScope(environment: .production, product: TestStore.product)
        #expect(try test.apply(order(), in: production) == .otherEnvironment)
        #expect(try status == .open)
    }

    /// What an earlier version left behind, and what only says that it is paid.
    @Test func theStepOfTheSchemaCuresThem() throws {
        let orders = [
            order(), order { $0.currency = "eur" }, order { $0.status = "frozen" },
            order { ($0.status, $0.paid) = ("pending", false) }, order { $0.checkout = .string(uuid(5)) },
        ]
        for (index, order) in orders.enumerated() {
            let test = try TestStore()
            let sale = SaleTests(test)
            _ = try sale.open()
            try test.apply(order)
            let connection = try test.connection()
            try connection.execute("DROP TRIGGER a_paid_sale_stays_paid")
            try connection.execute("DROP INDEX checkouts_unsettled")
            try connection.execute("UPDATE checkouts SET status = 'open', has_paid_order = 0")
            for statement in Migration.sales.sql.dropFirst() { try connection.execute(statement) }
            #expect(try sale.status == (index < 3 ? .succeeded : .open), "\(index)")
            #expect(try sale.isOpenedAnew(sale.open(2)) == (index < 3), "\(index)")
        }
    }

    /// A row that was left behind all the same: the order is applied, and its checkout does not know.
    @Test func reconcileCuresThem() throws {
        _ = try open()
        try test.apply(order())
        let connection = try test.connection()
        try connection.execute("DROP TRIGGER a_paid_sale_stays_paid")
        try connection.execute("UPDATE checkouts SET status = 'open', has_paid_order = 0")
        let later = TestStore.now.advanced(by: .seconds(300))
        func unsettled() throws -> Int {
            try test.store.checkouts.unsettled(olderThan: .seconds(120), in: .sandbox, limit: 9, at: later).count
        }
        #expect(try unsettled() == 1)
        // The API's clock is a little older than the webhook's.
        let told = order { $0.clock = -100 }.snapshot
        let done = try test.store.orders.reconcile([told], in: TestStore.scope, isDryRun: false, at: later)
        #expect(done.map(\.outcome) == [.unchanged])
        #expect(try status == .succeeded)
        #expect(try unsettled() == 0)
        #expect(try test.store.orders.reconcile([told], in: TestStore.scope, isDryRun: false, at: later).isEmpty)
        try test.verify()
    }

    /// Hours later the clock is set right.
    @Test(arguments: [(11, false), (10, true), (0, true), (-59, true), (-60, false)] as [(Int64, Bool)])
    func whatWasOpenedWhileTheClockWasAheadCountsForNothing(_ seconds: Int64, _ isLimited: Bool) throws {
        func wait(_ quantity: Int64, at now: Instant) throws -> Duration? {
            let outcome = try test.store.checkouts.open(
                .init(random: .init(repeating: UInt8(quantity), count: 16)), of: quantity,
                for: Profile(user: test.user()), in: TestStore.scope, at: now)
            guard case .limited(let wait) = outcome else { return nil }
            return wait
        }
        for quantity in Int64(1)...5 { #expect(try wait(quantity, at: TestStore.at(seconds)) == nil) }
        let limit = try wait(6, at: TestStore.now)
        #expect((limit != nil) == isLimited)
        #expect(limit ?? .zero <= .seconds(60), "nobody waits for longer than the limit's own time")
    }

    @Test func aQuestionThatWasAskedWhileTheClockWasAheadIsAskedAgain() throws {
        _ = try open()
        let id = try #require(Checkout.PolarID(Self.polarID))
        func claim(at seconds: Int64) throws -> Bool {
            try test.store.checkouts.claimQuestion(about: id, every: .seconds(60), at: TestStore.at(seconds))
        }
        #expect(try claim(at: 86_400))
        #expect(try !claim(at: 86_459))
        #expect(try !claim(at: 86_340), "as much behind as an interval is long")
        #expect(
            try test.store.checkouts.unsettled(
                olderThan: .seconds(120), in: .sandbox, limit: 9, at: TestStore.at(1000)) == [id])
        #expect(
            try test.store.checkouts.unsettled(
                olderThan: .seconds(120), in: .sandbox, limit: 9, at: TestStore.at(86_395)) == [])
        #expect(try claim(at: 1000))
        #expect(try !claim(at: 1059))
        #expect(try claim(at: 1060))
    }

    private init(_ test: TestStore) { self.test = test }

    /// No scan, however many checkouts there were.
    @Test func unsettledCheckoutsComeFromTheirIndex() throws {
        let plan = try test.connection().query(
            "EXPLAIN QUERY PLAN " + Checkouts.unsettled("asked_ms <= $5"), .text("sandbox"), .integer(1),
            .integer(2), .integer(3), .integer(4)
        ) { $0.text(3) }
        #expect(plan == ["SEARCH checkouts USING INDEX checkouts_unsettled (environment=? AND asked_ms<?)"])
    }
}
