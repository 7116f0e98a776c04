import Database
import TestSupport
import Testing
import Threads

@testable import Core

@Suite struct AccountTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    @Test func theTrialIsGivenOnce() throws {
        for _ in 0..<3 { try test.seen() }
        #expect(try test.kinds() == ["trial 10"])
        try test.verify()
    }

    @Test func sixteenFirstSightsAtOnceGiveOneTrial() throws {
        let running = Monitor(16)
        for _ in 0..<16 {
            startThread { [test] in
                _ = try? test.seen()
                running.withLock { $0 -= 1 }
            }
        }
        running.wait { $0 == 0 ? () : nil }
        #expect(try test.kinds() == ["trial 10"])
    }

    @Test func noTrialIsNoEntry() throws {
        try test.set(["free_trial_credits": 0])
        try test.seen()
        #expect(try test.kinds() == [])
        #expect(try test.balance() == 0)
        try test.verify()
    }

    @Test func aTrialLastsSevenDaysOrUntilTheFirstPurchase() throws {
        let user = try test.seen()
        func hasTrial(after duration: Duration) throws -> Bool? {
            try test.store.people.account(of: user, at: TestStore.now.advanced(by: duration))?.hasFreeTrial
        }
        #expect(try hasTrial(after: .zero) == true)
        #expect(try hasTrial(after: .seconds(7 * 86_400) - .milliseconds(1)) == true)
        #expect(try hasTrial(after: .seconds(7 * 86_400)) == false)
        try test.apply(TestOrder())
        #expect(try hasTrial(after: .zero) == false)
    }

    @Test func whatTheIssuerSaysOfAUserIsKeptUpToDate() throws {
        let user = try test.user()
        func see(_ email: String?, _ name: String?) throws -> [String?] {
            _ = try test.store.people.account(of: Profile(user: user, email: email, name: name), at: TestStore.now)
            return try test.texts("SELECT email FROM users") + test.texts("SELECT name FROM users")
        }
        #expect(try see("a@example.com", nil) == ["a@example.com", nil])
        #expect(try see("b@example.com", "Ada") == ["b@example.com", "Ada"])
        #expect(try see(nil, nil) == ["b@example.com", "Ada"])
        #expect(try test.kinds() == ["trial 10"])
    }

    @Test func entriesComeInPagesNewestFirst() throws {
        let user = try test.seen()
        for number in 1...5 { _ = try test.adjust(Int64(number), key: "k\(number)") }
        var amounts: [[Int64]] = []
        var cursor: Int64?
        repeat {
            let page = try test.store.ledger.entries(of: user, before: cursor, limit: 2)
            amounts.append(page.items.map(\.amount.rawValue))
            cursor = page.nextCursor
        } while cursor != nil
        #expect(amounts == [[5, 4], [3, 2], [1, 10]])
        #expect(try test.store.ledger.entries(of: test.user("bob"), limit: 2).items.isEmpty)
    }

    @Test func anUnknownUserIsNotCreatedByLooking() throws {
        #expect(try test.store.people.account(of: test.user(), at: TestStore.now) == nil)
        #expect(try test.store.people.report(on: test.user(), limit: 1, at: TestStore.now) == nil)
        #expect(try test.integers("SELECT count(*) FROM users") == [0])
    }
}

@Suite struct AdjustmentTests {
    private let test: TestStore

    init() throws {
        test = try TestStore()
        try test.seen()
    }

    private func audit() throws -> [String?] {
        try test.texts(
            "SELECT actor || ' ' || action || ' ' || subject || ' ' || old || ' ' || new FROM audit_log ORDER BY id")
    }

    @Test func isInTheLedgerAndInTheAuditLog() throws {
        guard case .adjusted(let entry) = try test.adjust(-4, key: "k") else { Issue.record("not adjusted"); return }
        #expect(entry.balanceAfter == 6 && entry.actor == "test" && entry.reason == "test" && entry.kind == .adjustment)
        #expect(try audit() == ["test user.adjust ada 10 6"])
        try test.verify()
    }

    @Test func neverGoesBelowZero() throws {
        #expect(try test.adjust(-11, key: "a") == .belowZero(balance: 10))
        #expect(try audit() == [])
        guard case .adjusted(let entry) = try test.adjust(-10, key: "a") else { Issue.record("not adjusted"); return }
        #expect(entry.balanceAfter == 0)
        #expect(try test.adjust(-1, key: "b") == .belowZero(balance: 0))
        try test.verify()
    }

    @Test func theSameKeyCountsOnce() throws {
        guard case .adjusted(let entry) = try test.adjust(5, key: "k") else { Issue.record("not adjusted"); return }
        #expect(try test.adjust(5, key: "k") == .repeated(entry))
        #expect(try test.balance() == 15)
        #expect(try audit().count == 1)
    }

    @Test func aKeyStandsForOneAdjustmentAlone() throws {
        guard case .adjusted(let entry) = try test.adjust(5, key: "k") else { Issue.record("not adjusted"); return }
        try test.seen("bob")
        #expect(try test.adjust(6, key: "k") == .keyReused(entry))
        #expect(try test.adjust(5, "bob", key: "k") == .keyReused(entry))
        for (actor, reason) in [("other", "test"), ("test", "other")] {
            let other = Adjustment(user: try test.user(), amount: 5, actor: actor, reason: reason, key: "k")
            #expect(try test.store.ledger.adjust(other, at: TestStore.now) == .keyReused(entry))
        }
        #expect(try test.balance("bob") == 10)
        try test.verify()
    }

    @Test func needsAUserWhoWasSeen() throws {
        #expect(try test.adjust(5, "bob", key: "k") == .unknownUser)
        #expect(try test.integers("SELECT count(*) FROM users") == [1])
    }

    @Test func sixtyFourForTheLastCreditsTakeExactlyThose() throws {
        let outcomes = Monitor<[Bool]>([])
        let running = Monitor(64)
        for number in 0..<64 {
            startThread { [test] in
                if let outcome = try? test.adjust(-1, key: "k\(number)") {
                    let isTaken = if case .adjusted = outcome { true } else { false }
                    outcomes.withLock { $0.append(isTaken) }
                }
                running.withLock { $0 -= 1 }
            }
        }
        running.wait { $0 == 0 ? () : nil }
        #expect(outcomes.withLock { $0.count } == 64)
        #expect(outcomes.withLock { $0.count { $0 } } == 10)
        #expect(try test.balance() == 0)
        try test.verify()
    }
}

@Suite struct LedgerPostingTests {
    @Test func aKeyWithOtherContentIsABugAndWritesNothing() throws {
        let test = try TestStore()
        let user = try test.seen()
        func post(_ amount: Credits, _ movement: Movement) throws(StoreError) -> PostingOutcome {
            try test.store.write { transaction throws(DatabaseError) in
                try Ledger.post(movement, of: amount, to: user, at: TestStore.now, in: transaction)
            }
        }
        let charge = Movement.adjustment(key: "k", actor: "test", reason: "test")
        guard case .posted(let entry) = try post(-1, charge) else { Issue.record("not posted"); return }
        #expect(try post(-1, charge) == .alreadyPosted(entry))
        #expect(throws: StoreError.self) { try post(-2, charge) }
        #expect(throws: StoreError.self) { try post(11, .trial) }
        #expect(try test.balance() == 9)
        try test.verify()
    }
}
