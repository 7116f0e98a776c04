import JSON
import Operating
import TestSupport
import Testing

@testable import Core

/// What no webhook told is found, and nothing is done twice.
@Suite struct ReconcileTests {
    private let books: Books

    init() throws { books = try Books() }

    private func expectRight(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try books.store.ledger.verify() == [], sourceLocation: sourceLocation)
    }

    @Test func whatNoWebhookToldIsGrantedOnce() throws {
        books.with { polar in
            polar.orders = (1...7).map { Sale(number: $0, user: "user\($0)").snapshot }
        }
        let report = try books.reconcile()
        #expect(report.orders == 7 && report.corrected == 7 && report.credits == 7 * 420 && report.isWhole)
        #expect(try books.balance("user7") == 430)
        let again = try books.reconcile()
        #expect(again.orders == 7 && again.corrected == 0 && again.credits == 0 && again.changes.isEmpty)
        try expectRight()
    }

    @Test func aDryRunSaysWhatWouldBeAndWritesNothing() throws {
        try books.apply(Sale(number: 2, age: 59))
        books.with { polar in
            polar.orders = [
                Sale().snapshot, Sale(number: 2, age: 59, clock: 5, refunded: 500).snapshot,
                Sale(number: 3, age: 58, user: nil).snapshot,
            ]
            polar.disputes = [DisputeNotice(order: Sale(number: 2).id, isLost: true, clock: PolarClock(rawValue: 1))]
        }
        let before = try books.dump()
        let report = try books.reconcile(ReconcileWish(isDryRun: true))
        #expect(try books.dump() == before)
        #expect(report.changes.map(\.order) == [Sale().id, Sale(number: 2).id, Sale(number: 2).id])
        #expect(report.changes.map(\.before) == [0, 420, 420])
        #expect(report.changes.map(\.target) == [420, 0, 0])
        #expect(report.parked == 1)
        #expect(try books.reconcile().corrected == 2, "The dispute finds nothing left to take")
        try expectRight()
    }

    @Test func refundsOfOldOrdersAreFoundByTheListOfRefunds() throws {
        let age: Int64 = 60 * 86_400
        try books.apply(Sale(age: age))
        books.with { polar in
            polar.orders = [Sale(age: age, clock: 9, refunded: 250).snapshot]
            polar.refunds = [RefundNotice(of: Sale())]
        }
        #expect(try books.reconcile().changes.map(\.target) == [210])
        #expect(try books.reconcile().corrected == 0)
        try expectRight()
    }

    /// The clock of an order of the API is always a little older than the event of the same state.
    @Test func theSameStateWithAnOlderClockIsNoLag() throws {
        try books.apply(Sale(clock: 500))
        books.with { $0.orders = [Sale(clock: 400).snapshot] }
        let report = try books.reconcile()
        #expect(report.corrected == 0 && report.lagging == 0)
    }

    /// The operator had another product in the settings, and corrected them.
    @Test func whatTheSettingsOfThenForbadeIsGrantedAsSoonAsTheyAllowIt() throws {
        let other = OrderScope(environment: .sandbox, product: identifier(2, of: Product.self))
        #expect(
            try books.store.orders.apply(Sale(clock: 500).snapshot, in: other, at: Books.start)
                == .recorded(.foreignProduct))
        books.with { $0.orders = [Sale(clock: 400).snapshot] }
        #expect(try books.reconcile(ReconcileWish(isDryRun: true)).changes.map(\.target) == [420])
        #expect(try books.balance() == nil)
        #expect(try books.reconcile().changes.map(\.target) == [420])
        #expect(try books.reconcile().corrected == 0)
        #expect(try books.balance() == 430)
        try expectRight()
    }

    @Test func anOlderStateIsLagAndChangesNothing() throws {
        try books.apply(Sale(clock: 500, refunded: 500))
        books.with { $0.orders = [Sale(clock: 400).snapshot] }
        let report = try books.reconcile()
        #expect(report.corrected == 0 && report.lagging == 1 && report.isWhole)
        #expect(try books.balance() == 10)
    }

    @Test func aRefundThatBouncedIsFoundByTheDeepRun() throws {
        let age: Int64 = 60 * 86_400
        try books.apply(Sale(age: age, clock: 1))
        try books.apply(Sale(age: age, clock: 2, refunded: 500))
        #expect(try books.balance() == 10)
        books.with { $0.orders = [Sale(age: age, clock: 3).snapshot] }
        #expect(try books.reconcile().corrected == 0, "It is in no list")
        #expect(try books.reconcile(ReconcileWish(isDeep: true)).changes.map(\.target) == [420])
        #expect(try books.balance() == 430)
        #expect(try books.reconcile(ReconcileWish(isDeep: true)).corrected == 0)
        try expectRight()
    }

    @Test func aRunGoesOnTwoHoursBeforeTheLastOneBegan() throws {
        try books.reconcile()
        let watermark = try #require(try books.facts(.reconcile)?["watermark_ms"]?.integer)
        #expect(watermark == Books.start.rawValue)
        books.with { $0.now = Books.start.advanced(by: .seconds(600)) }
        #expect(try books.reconcile().since == Books.start.advanced(by: .seconds(-7200)))
        books.with { $0.now = Books.start.advanced(by: .seconds(-1000)) }
        #expect(try books.reconcile().since == Books.start.advanced(by: .seconds(-8200)), "The clock was set back")
    }

    @Test func whatCouldNotBeReadStaysToBeRead() throws {
        try books.reconcile()
        books.with { polar in
            polar.now = Books.start.advanced(by: .seconds(86_400))
            polar.failures["refunds"] = .timedOut
        }
        let failed = try books.reconcile()
        #expect(!failed.isWhole && failed.failures.map(\.what) == ["refunds"])
        let facts = try books.facts(.reconcile)
        #expect(facts?["ok"] == false && facts?["refunds_watermark_ms"]?.integer == Books.start.rawValue)
        #expect(facts?["watermark_ms"]?.integer ?? 0 > Books.start.rawValue, "All orders were read")
        books.with { $0.failures = [:] }
        try books.reconcile()
        let now = try books.facts(.reconcile)
        #expect(now?["ok"] == true && now?["refunds_watermark_ms"]?.integer ?? 0 > Books.start.rawValue)
    }

    @Test func aStartOfOnesOwnLeavesNoGapBehind() throws {
        let later = Books.start.advanced(by: .seconds(-60))
        try books.reconcile(ReconcileWish(since: later))
        #expect(try books.facts(.reconcile)?["watermark_ms"] == nil)
        try books.reconcile(ReconcileWish(since: Books.start.advanced(by: .seconds(-90 * 86_400))))
        #expect(try books.facts(.reconcile)?["watermark_ms"] != nil)
    }

    @Test(arguments: [
        ("orders", PolarFailure.unavailable("503")), ("refunds", .timedOut),
        ("disputes", .refused(status: 403, code: "x")),
        ("endpoints", .unreadable("endpoints")),
    ])
    func oneListThatFailsDoesNotStopTheOthers(_ what: String, _ failure: PolarFailure) throws {
        books.with { polar in
            polar.orders = [Sale().snapshot]
            polar.refunds = [RefundNotice(of: Sale())]
            polar.failures[what] = failure
        }
        let report = try books.reconcile()
        #expect(report.failures.count == 1)
        #expect(report.corrected == 1)
        #expect(Set(books.asked.map { $0.prefix { $0 != " " } }).isSuperset(of: ["orders", "refunds", "disputes"]))
        #expect(books.lines.contains { $0.level == .error && $0.event == "reconcile.not_read" })
    }

    @Test func aServerWhoseListNeverEndsIsLeft() throws {
        books.with { polar in
            polar.pageSize = 1
            polar.refunds = (0..<300).map { _ in RefundNotice(of: Sale()) }
            polar.total = 20
        }
        let report = try books.reconcile()
        #expect(report.failures.map(\.reason) == ["the list does not end"])
        #expect(books.asked.count { $0.hasPrefix("refunds") } == 120)
    }

    @Test func aRunEndsBeforeTheNextBegins() throws {
        books.with { polar in
            polar.orders = (1...30).map { Sale(number: $0, age: Int64($0)).snapshot }
            polar.step = .seconds(60)
        }
        let report = try books.reconcile()
        #expect(report.failures.contains { $0.reason == "there was no time left" })
        #expect(books.asked.count <= 5)
    }

    @Test func whatCannotBeReadIsCountedAndHidesNothing() throws {
        books.with { polar in
            polar.orders = [Sale().snapshot]
            polar.unreadable = 1
        }
        let report = try books.reconcile()
        #expect(report.corrected == 1 && !report.isWhole)
    }
}

extension Books {
    /// Every row of every table.
    func dump() throws -> String { try Program("/usr/bin/sqlite3").run([path, ".dump"]).output }
}
