import Database
import TestSupport
import Testing
import Threads

@testable import Core

/// A client's key, its answer and its effect are there together, or none of them.
@Suite struct RequestKeyTests {
    let test: TestStore
    init() throws { test = try TestStore() }

    private func rows() throws -> [Int64] { try test.integers("SELECT count(*) FROM idempotency_keys") }
    private static let day: Int64 = 86_400

    @Test func theSameAgainIsAnsweredAndNotCharged() throws {
        guard case .now(.queued) = try test.submit(1, key: "k") else {
            Issue.record("not queued")
            return
        }
        #expect(try test.submit(2, key: "k") == .before(.answered(KeptAnswer(1))))
        #expect(try test.balance() == 9 && test.row(2) == nil)
        #expect(try test.submit(2, key: "k", body: "x") == .before(.other))
        _ = try test.submit(3, "bob", key: "k")
        #expect(try test.balance("bob") == 9, "keys are each user's own")
        try test.verify()
    }

    /// With the old order of things, dying between the two charged the same key twice.
    @Test func aKeyThatCannotBeKeptChargesNothing() throws {
        try test.seen()
        let connection = try test.connection()
        try connection.execute(
            """
            CREATE TRIGGER no_key BEFORE INSERT ON idempotency_keys BEGIN SELECT RAISE(ABORT, 'no'); END
            """)
        #expect(throws: StoreError.self) { try test.submit(1, key: "k") }
        #expect(try test.balance() == 10 && test.row(1) == nil && rows() == [0])
        try connection.execute("DROP TRIGGER no_key")
        try test.submit(1, key: "k")
        #expect(try test.balance() == 9 && rows() == [1])
    }

    @Test func whatIsRefusedLeavesNoRowAndIsDecidedAnew() throws {
        try test.leave(0)
        #expect(try test.submit(1, key: "k") == .now(.insufficientCredits(balance: 0)))
        #expect(try rows() == [0])
        _ = try test.adjust(1, key: "one")
        guard case .now(.queued) = try test.submit(1, key: "k", body: "another") else {
            Issue.record("not queued")
            return
        }
        #expect(try test.balance() == 0 && rows() == [1])
    }

    @Test func theDatabaseKeepsNoRefusal() throws {
        let connection = try test.connection()
        for (status, isKept) in [(199, false), (200, true), (303, true), (399, true), (402, false), (500, false)] {
            let insert =
                "INSERT INTO idempotency_keys VALUES ('u', 'k\(status)', x'00', $1, '', x'', 0, NULL, NULL, NULL)"
            let wasKept = (try? connection.execute(insert, .integer(Int64(status)))) != nil
            #expect(wasKept == isKept, "\(status)")
        }
        let unanswered = "INSERT INTO idempotency_keys VALUES ('u', 'n', x'00', NULL, NULL, NULL, 0, NULL, NULL, NULL)"
        #expect(throws: DatabaseError.self, "without an answer and without a checkout") {
            try connection.execute(unanswered)
        }
    }

    @Test(arguments: [(-day - 1, false), (-day, true), (0, true), (day, true), (day + 1, false)])
    func anAnswerIsKeptForADay(_ later: Int64, _ isKept: Bool) throws {
        try test.submit(1, key: "k")
        let again = try test.submit(2, key: "k", at: later)
        #expect((again == .before(.answered(KeptAnswer(1)))) == isKept)
        #expect(try test.balance() == (isKept ? 9 : 8))
        try test.verify()
    }

    /// An answer that went while the clock was ahead.
    @Test func aChargeStandsWithoutItsAnswer() throws {
        try test.submit(1, key: "k")
        try test.connection().execute("DELETE FROM idempotency_keys")
        #expect(try test.submit(2, key: "k") == .before(.other))
        #expect(try test.balance() == 9)
        guard case .now(.queued) = try test.submit(2, key: "k", at: Self.day + 1) else {
            Issue.record("not queued")
            return
        }
        try test.verify()
    }

    @Test func manyAtOnceAreOne() throws {
        try test.seen()
        let answers = Monitor<[Once<SubmitOutcome>]>([])
        atOnce(32) { [test] number in
            if let answer = try? test.submit(UInt8(number), key: "k") { answers.withLock { $0.append(answer) } }
        }
        let all = answers.withLock { $0 }
        let first = all.filter { if case .now = $0 { true } else { false } }
        #expect(all.count == 32 && first.count == 1)
        #expect(Set(all.compactMap(\.kept)).count == 1)
        #expect(try test.balance() == 9)
        try test.verify()
    }

    @Test func oldKeysGoAsNewOnesCome() throws {
        for number in 1...6 { try test.submit(UInt8(number), key: "k\(number)") }
        try test.submit(7, key: "k7", at: Self.day)
        #expect(try rows() == [7])
        try test.submit(8, key: "k8", at: Self.day + 1)
        #expect(try rows() == [4])
        try test.submit(9, key: "k9", at: Self.day + 1)
        #expect(try rows() == [3])
        try test.verify()
    }

    @Test func aRetryCommitsWithItsKey() throws {
        try test.submit(1)
        try test.fail(test.job(), .rejectedBySafety)
        let user = try test.user()
        let key = try #require(RequestKey("r", of: user, method: "POST", path: "/r", body: []))
        func retry(_ number: UInt8) throws -> Once<RetryOutcome> {
            try test.store.generations.retry(
                TestStore.generation(1), of: user,
                under: Keyed(key) { if case .queued = $0 { KeptAnswer(number) } else { nil } }, at: TestStore.now)
        }
        guard case .now(.queued) = try retry(1) else {
            Issue.record("not queued")
            return
        }
        try test.fail(test.job(), .rejectedBySafety)
        #expect(try retry(2) == .before(.answered(KeptAnswer(1))), "it would be charged again otherwise")
        #expect(try test.balance() == 10)
    }
}

/// A checkout's effect is at Polar: until it is answered, its key leads to our row.
@Suite struct CheckoutKeyTests {
    let test: TestStore
    let key: RequestKey

    init() throws {
        test = try TestStore()
        key = try #require(RequestKey("k", of: test.user(), method: "POST", path: "/", body: []))
    }

    private func open(
        _ number: UInt8, quantity: Int64 = 1, key: RequestKey? = nil, at seconds: Int64 = 0
    ) throws -> Once<OpenCheckoutOutcome> {
        try test.store.checkouts.open(
            Checkout.ID(random: [UInt8](repeating: number, count: 16)), of: quantity,
            for: Profile(user: test.user()), in: TestStore.scope,
            under: Keyed(key ?? self.key) { KeptAnswer($0.isNew ? 1 : 0) }, at: TestStore.at(seconds))
    }

    private func id(_ result: Once<OpenCheckoutOutcome>) -> Checkout.ID? {
        switch result {
        case .now(.opened(let checkout)), .now(.resumed(let checkout)), .now(.reused(let checkout)): checkout.id
        case .now(.limited), .before: nil
        }
    }

    private func answer(_ checkout: Checkout) throws {
        let session = Checkout.OpenSession(
            id: Checkout.PolarID(random: [UInt8](repeating: 9, count: 16)), url: "https://p/1", clientSecret: "s",
            expiresAt: TestStore.at(86_400))
        try test.store.checkouts.created(
            OpenedCheckout(checkout: checkout, session: session, isNew: true),
            under: Keyed(key) { KeptAnswer($0.isNew ? 1 : 0) }, at: TestStore.now)
    }

    @Test func aDeadOneIsGoneOnWith() throws {
        let first = try open(1)
        #expect(try open(2) == .before(.running))
        #expect(try open(2, at: 120) == .before(.running))
        let resumed = try open(2, at: 121)
        guard case .now(.resumed(let checkout)) = resumed else {
            Issue.record("\(resumed)")
            return
        }
        #expect(checkout.id == id(first), "a second row would be a second sale")
        #expect(try open(3, at: 121) == .before(.running), "whoever goes on has the key")
        try answer(checkout)
        #expect(try open(4, at: 300) == .before(.answered(KeptAnswer(1))))
        #expect(try test.texts("SELECT status FROM checkouts") == ["open"])
    }

    @Test func aClockThatWasAheadHoldsNobodyUp() throws {
        _ = try open(1, at: 3600)
        guard case .now(.resumed) = try open(2) else {
            Issue.record("not resumed")
            return
        }
    }

    @Test func whatPolarRefusedIsGoneOnWithAtOnce() throws {
        let first = try open(1)
        try test.store.checkouts.failed(try #require(id(first)), under: key)
        #expect(try test.texts("SELECT status FROM checkouts") == ["failed"])
        let again = try open(2)
        guard case .now(.resumed(let checkout)) = again, checkout.id == id(first) else {
            Issue.record("\(again)")
            return
        }
        try answer(checkout)
        #expect(try test.texts("SELECT status FROM checkouts") == ["open"])
        #expect(try test.store.earlier(key, at: TestStore.now) == .answered(KeptAnswer(1)))
    }

    /// Whoever was given up, and then speaks all the same, changes nothing of what was told since.
    @Test func theSlowerOneIsTooLate() throws {
        guard case .now(.opened(let checkout)) = try open(1) else {
            Issue.record("not opened")
            return
        }
        _ = try open(2, at: 200)
        try answer(checkout)
        let late = Checkout.OpenSession(
            id: Checkout.PolarID(random: [UInt8](repeating: 8, count: 16)), url: "https://p/2", clientSecret: "s",
            expiresAt: TestStore.at(86_400))
        try test.store.checkouts.created(
            OpenedCheckout(checkout: checkout, session: late, isNew: true),
            under: Keyed(key) { _ in KeptAnswer(2) }, at: TestStore.at(201))
        #expect(try test.texts("SELECT url FROM checkouts") == ["https://p/1"])
        #expect(try test.store.earlier(key, at: TestStore.at(201)) == .answered(KeptAnswer(1)))
    }

    @Test func anOpenOneIsReusedAndTheAnswerKept() throws {
        guard case .now(.opened(let checkout)) = try open(1) else {
            Issue.record("not opened")
            return
        }
        try answer(checkout)
        let other = try #require(RequestKey("other", of: test.user(), method: "POST", path: "/", body: []))
        guard case .now(.reused) = try open(2, key: other) else {
            Issue.record("not reused")
            return
        }
        #expect(try open(3, key: other) == .before(.answered(KeptAnswer(0))))
    }

    @Test func oneTooManyLeavesNoRow() throws {
        for number in 1...5 {
            let key = try #require(RequestKey("k\(number)", of: test.user(), method: "POST", path: "/", body: []))
            _ = try open(UInt8(number), quantity: Int64(number), key: key)
        }
        guard case .now(.limited) = try open(6, quantity: 6) else {
            Issue.record("not limited")
            return
        }
        #expect(try test.integers("SELECT count(*) FROM idempotency_keys") == [5])
        #expect(try test.store.earlier(key, at: TestStore.now) == nil)
    }
}

/// What `ledger verify` sees of keys and repayments that no sound program would leave.
@Suite struct KeyVerificationTests {
    let test: TestStore
    init() throws {
        test = try TestStore()
        try test.submit(1, key: "k")
        try test.submit(2)
    }

    /// What a program would leave that charges, and dies before it has kept the key.
    @Test func oneKeyChargedTwiceIsFound() throws {
        let connection = try test.connection()
        let again = "UPDATE generations SET request_key = 'k' WHERE id = '\(TestStore.generation(2).text)'"
        #expect(throws: DatabaseError.self, "the database itself refuses it") { try connection.execute(again) }
        try connection.execute("DROP INDEX generations_by_request_key")
        try connection.execute(again)
        let faults = try test.store.ledger.verify()
        #expect(faults == [.keyChargedAgain(user: "ada", key: "k", generations: 2)])
        #expect(faults.map(\.code) == ["key_charged_again"])
    }

    @Test func aKeyAnsweredWithAnotherGenerationIsFound() throws {
        let other = TestStore.generation(2).text
        try test.connection().execute("UPDATE idempotency_keys SET generation_id = $1", .text(other))
        #expect(try test.store.ledger.verify() == [.keyOfAnotherGeneration(user: "ada", key: "k", generation: other)])
    }

    @Test(arguments: [
        ("refund:1", "refund:2"), ("generation:", "generation:0"), ("refund:1:repayment", "refund:1:repaymen"),
    ])
    func aRepaymentOfNothingIsFound(_ part: String, _ changed: String) throws {
        try test.owe("bob", order: 1)
        _ = try test.delete(5, "bob")
        try test.verify()
        let connection = try test.connection()
        try connection.execute("DROP TRIGGER ledger_entry_is_never_changed")
        try connection.execute(
            "UPDATE ledger_entry SET idempotency_key = replace(idempotency_key, $1, $2) WHERE kind = 'repayment'",
            .text(part), .text(changed))
        let codes = Set(try test.store.ledger.verify().map(\.code))
        #expect(!codes.isEmpty && codes.isSubset(of: ["repayment_without_refund", "entry_names_another_event"]))
    }
}

extension Once where Outcome == SubmitOutcome {
    fileprivate var kept: UInt8? {
        guard case .before(.answered(let answer)) = self else { return nil }
        return answer.body.first
    }
}
