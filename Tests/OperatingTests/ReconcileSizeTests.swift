import Foundation
import JSON
import Operating
import TestSupport
import Testing

@testable import Core

/// Any number of orders, in slices: nothing is missed, and what is done need not be done again.
@Suite struct ReconcileSizeTests {
    private let books: Books

    init() throws { books = try Books() }

    private func watermark(_ name: String = "watermark_ms") throws -> Int64? {
        try books.facts(.reconcile)?[name]?.integer
    }

    /// So many sales, the newest a minute old.
    private func sales(_ count: Int, equal: Int = 1, every seconds: Int64 = 1) -> [Sale] {
        (0..<count).map { Sale(number: $0, age: 60 + Int64($0 / equal) * seconds, user: "buyer\($0 % 7)") }
    }

    private func sell(_ sales: [Sale]) { books.with { $0.orders = sales.map(\.snapshot) } }

    /// With 3 to a page: two, three and four at once, across every edge of a page, and more than a page of equals.
    @Test(arguments: [1, 2, 3, 4, 7, 11])
    func ordersOfOneMomentAreNotLostAtThePagesEdge(_ equal: Int) throws {
        sell(sales(44, equal: equal))
        let report = try books.reconcile()
        #expect(report.isWhole && report.orders == 44 && report.corrected == 44, "\(report.failures)")
        #expect(try watermark() == Books.start.rawValue)
        #expect(try books.store.ledger.verify() == [])
    }

    @Test func everySliceBeginsWhereTheLastOneEnded() throws {
        sell(sales(20))
        #expect(try books.reconcile().orders == 20)
        #expect(books.asked.count { $0.hasPrefix("orders") } <= 12, "\(books.asked)")
        #expect(books.asked.allSatisfy { !$0.hasPrefix("orders") || $0 == "orders 1" })
    }

    @Test func whatIsSoldMeanwhileMovesNothingPastUs() throws {
        sell(sales(30))
        let late = (0..<10).map { Sale(number: 100 + $0, age: Int64($0)).snapshot }
        books.with { $0.arriving = late }
        let report = try books.reconcile()
        #expect(report.isWhole && report.orders == 40)
    }

    /// The answer fails in the middle: what is read before stays read, and nothing after it is taken for read.
    @Test(arguments: 1...9)
    func aFailureInTheMiddleLeavesTheWatermarkWhereItWasReadWhole(_ answers: Int) throws {
        let all = sales(30, equal: 2, every: 3600)
        sell(all)
        books.with { $0.lastAnswer = answers }
        let failed = try books.reconcile()
        #expect(!failed.isWhole)
        let mark = try #require(try watermark())
        let known = try all.filter { try books.store.orders.standing(of: $0.id) != nil }
        for sale in all where Books.start.rawValue - sale.age * 1000 < mark {
            #expect(known.contains { $0.id == sale.id }, "watermark \(mark)")
        }
        #expect(mark < Books.start.rawValue)
        #expect(try watermark("refunds_watermark_ms") == nil)

        books.with { $0.lastAnswer = .max }
        let report = try books.reconcile()
        #expect(report.isWhole && report.corrected == 30 - known.count)
        #expect(report.orders <= 30 - known.count + 8, "It goes on from there, with two hours of overlap")
        #expect(try watermark() == Books.start.rawValue || (try watermark() ?? 0) > Books.start.rawValue)
    }

    /// A run without time enough is taken up by the next.
    @Test func anyNumberIsReadInSomeRuns() throws {
        sell(sales(60, every: 3600))
        books.with { $0.step = .seconds(30) }
        var runs = 0
        while runs < 20, try books.store.lastReport(.reconcile) != true {
            try books.reconcile()
            runs += 1
        }
        #expect(runs < 20)
        #expect(try books.store.orders.standing(of: Sale(number: 0).id) != nil)
        #expect(try books.store.orders.standing(of: Sale(number: 59).id) != nil)
        #expect(try books.store.ledger.verify() == [])
    }

    /// Webhooks tell of everything in the shop; nobody asks for it again and again.
    @Test func parkedAndForeignOrdersThatDidNotChangeWriteNothing() throws {
        let parked = (0..<5).map { Sale(number: $0, age: 60 + Int64($0), clock: 400, user: nil) }
        let known = Sale(number: 7, age: 50, clock: 400, refunded: 0, cents: 1)
        let foreign = Sale(number: 8, age: 40, clock: 400, product: identifier(2, of: Product.self))
        for sale in parked + [known, foreign] { try books.apply(sale.later(100)) }
        sell(parked + [known, foreign])
        try books.reconcile()
        let before = try books.rows()
        let report = try books.reconcile()
        #expect(report.isWhole && report.orders == 6 && report.parked == 0 && report.corrected == 0)
        let later = Books.start.advanced(by: .seconds(600))
        let bytes = try books.logBytes()
        let orders = (parked + [known, foreign]).map(\.snapshot)
        #expect(try books.store.orders.reconcile(orders, in: Books.scope, isDryRun: false, at: later).count == 7)
        #expect(try books.logBytes() == bytes)
        #expect(try books.rows() == before)
    }

    @Test func ordersAreAskedForByOurProductAlone() throws {
        sell([Sale(), Sale(number: 2, product: identifier(2, of: Product.self))])
        #expect(try books.reconcile().orders == 1)
    }

    /// Of thousands of refunds only those whose order does not show them yet cost a question.
    @Test func aRefundThatItsOrderShowsIsNoNews() throws {
        let age: Int64 = 40 * 86_400
        let before = (0..<10).map { Sale(number: $0, age: age, user: "u") }
        let after = before.map {
            Sale(number: $0.number, age: age, clock: age * 1_000_000 + 1, refunded: 500, user: "u")
        }
        for sale in before { try books.apply(sale) }
        sell(after)
        books.with { polar in
            polar.refunds =
                before.map { RefundNotice(of: $0) } + [
                    RefundNotice(of: Sale(number: 55), state: .pending), RefundNotice(of: Sale(number: 56)),
                ]
        }
        #expect(try books.reconcile().corrected == 10)
        #expect(books.asked.count { $0.hasPrefix("order ") } == 11)
        try books.reconcile()
        #expect(books.asked.filter { $0.hasPrefix("order ") } == ["order \(Sale(number: 56).id.text)"], "Unknown here")
        // A later refund of the same order, and one that failed.
        books.with { polar in
            polar.refunds = [
                RefundNotice(of: before[0], at: Books.start.advanced(by: .seconds(1))),
                RefundNotice(of: before[1], at: Books.start.advanced(by: .seconds(1)), state: .ended),
            ]
        }
        try books.reconcile()
        #expect(books.asked.count { $0.hasPrefix("order ") } == 2)
    }

    /// Other products' refunds come by webhook too: thousands of questions a day for nothing.
    @Test func aDeepRunAsksForRefundedOrdersOfOursAlone() throws {
        let age: Int64 = 40 * 86_400
        try books.apply(Sale(age: age, clock: 1, refunded: 500))
        try books.apply(Sale(number: 2, age: age, refunded: 500, product: identifier(2, of: Product.self)))
        sell([Sale(age: age, clock: 1, refunded: 500)])
        try books.reconcile(ReconcileWish(isDeep: true))
        #expect(books.asked.filter { $0.hasPrefix("order ") } == ["order \(Sale().id.text)"])
    }

    /// More than 2,000: once that was where it stopped, and said that all was read.
    @Test func refundsHaveNoLastOne() throws {
        let age: Int64 = 40 * 86_400
        books.with { polar in
            polar.pageSize = 100
            polar.orders = (0..<2300).map { Sale(number: $0, age: age, user: "u").snapshot }
            polar.refunds = (0..<2300).map { RefundNotice(of: Sale(number: $0)) }
        }
        let report = try books.reconcile()
        #expect(report.isWhole && report.corrected == 2300)
        #expect(try watermark("refunds_watermark_ms") == Books.start.rawValue)
    }

    @Test func ordersThatAreNotInOrderAreNoList() throws {
        sell(sales(9))
        books.with { $0.isDisordered = true }
        let report = try books.reconcile()
        #expect(report.failures.map(\.reason) == ["the list is not in the order that was asked for"])
        #expect(try watermark() ?? 0 < Books.start.rawValue - 600_000)
    }
}

extension Store {
    fileprivate func lastReport(_ operation: Core.Operation) throws(StoreError) -> Bool? {
        try operations.report(on: operation)?.facts["ok"]?.bool
    }
}

extension Sale {
    /// As a webhook tells of it: a little later than the API's clock.
    fileprivate func later(_ microseconds: Int64) -> Sale {
        var sale = self
        sale.clock += microseconds
        return sale
    }
}

extension Books {
    /// Every row that an order could change.
    fileprivate func rows() throws -> String {
        try Program("/usr/bin/sqlite3").run(
            [path, "SELECT * FROM payments; SELECT * FROM users; SELECT * FROM ledger_entry; SELECT * FROM checkouts"]
        ).output
    }

    /// What was written since the last checkpoint, to a byte.
    fileprivate func logBytes() throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + "-wal")
        return try #require(attributes[.size] as? Int)
    }
}
