import JSON
import TestSupport
import Testing

@testable import Core

/// What was taken back but spent already is paid by whatever comes back; by nothing that is a present.
@Suite struct DebtTests {
    let test: TestStore
    init() throws { test = try TestStore() }

    @Test func aChargeGivenBackRepays() throws {
        try test.owe("ada", order: 1)
        #expect(try test.balance() == 0 && test.debt() == 420)
        #expect(try test.delete(5) == .deleted(blobs: [TestStore.image(5).blob], refunded: true))
        #expect(try test.balance() == 0 && test.debt() == 419)
        #expect(try test.kinds().suffix(2) == ["refund 1", "repayment -1"])
        #expect(try test.row(5) == "cancelled 1 1 0")
        try test.verify()
    }

    /// A clawback while sixty jobs wait: none of their credits stays beside the debt.
    @Test func everyJobThatIsCancelledPays() throws {
        let ada = try test.seen()
        try test.apply(TestOrder())
        let jobs = (1...60).map { UInt8($0) }
        for job in jobs { try test.submit(job) }
        _ = try test.adjust(-370, key: "spent")
        try test.apply(TestOrder().refunded(500))
        #expect(try test.balance() == 0 && test.debt() == 420)
        for job in jobs { _ = try test.store.generations.delete(TestStore.generation(job), of: ada, at: TestStore.now) }
        #expect(try test.balance() == 0 && test.debt() == 360)
        try test.verify()
    }

    @Test func aFailureRepaysAndWhatIsLeftIsTheUsers() throws {
        try test.owe("ada", order: 1, debt: 1)
        try test.fail(test.job(), .rejectedBySafety)
        #expect(try test.balance() == 0 && test.debt() == 0)
        _ = try test.adjust(1, key: "one more")
        try test.submit(6)
        try test.fail(test.job(), .rejectedBySafety)
        #expect(try test.balance() == 1 && test.debt() == 0)
        #expect(try test.kinds().last == "refund 1")
        try test.verify()
    }

    /// Otherwise the retry would find a credit that is owed.
    @Test func aRetryIsChargedAnew() throws {
        try test.owe("ada", order: 1)
        try test.fail(test.job(), .rejectedBySafety)
        #expect(try test.retry(5) == .insufficientCredits(balance: 0))
        _ = try test.adjust(1, key: "a present")
        #expect(try test.debt() == 419, "an adjustment repays nothing")
        _ = try test.retry(5)
        try test.fail(test.job(), .rejectedBySafety)
        #expect(try test.balance() == 0 && test.debt() == 418)
        try test.verify()
    }

    /// The refund of one order bounced while another one's credits are owed.
    @Test func aRestorationRepaysWhatAnotherOrderLeft() throws {
        try test.seen()
        let (first, second) = (TestOrder(), TestOrder { $0.id = uuid(2) })
        try test.apply(first)
        try test.apply(second)
        try test.apply(second.refunded(500))
        _ = try test.adjust(-400, key: "spent")
        try test.apply(first.refunded(500))
        #expect(try test.balance() == 0 && test.debt() == 390)
        try test.apply(second.refunded(0, after: 2_000_000))
        #expect(try test.balance() == 30 && test.debt() == 0)
        #expect(try test.kinds().suffix(2) == ["restoration 420", "repayment -390"])
        try test.verify()
        // And the money of the first comes back too: what it left was paid, so credits do.
        try test.apply(first.refunded(0, after: 2_000_000))
        #expect(try test.balance() == 450 && test.debt() == 0)
        try test.verify()
    }
}

extension TestStore {
    /// Buys, spends so much of it, and has the money back: nothing is left but debt, and the job 5 that waits.
    func owe(_ name: String, order number: Int, debt: Int64 = 420) throws {
        let order = TestOrder {
            $0.id = uuid(number)
            $0.metadata = ["user_id": .string(name)]
        }
        try seen(name)
        try apply(order)
        try submit(5, name)
        let balance = try #require(try balance(name))
        _ = try adjust(420 - debt - balance, name, key: "spent by \(name)")
        try apply(order.refunded(500))
    }
}
