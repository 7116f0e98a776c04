import Database
import TestSupport
import Testing
import Threads

@testable import Core

/// What users do with generations.
@Suite struct GenerationTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    // MARK: Submit

    @Test func chargesAndQueuesTogether() throws {
        guard case .queued(let generation, let balance) = try test.submit(1) else {
            Issue.record("it was not queued")
            return
        }
        #expect(balance == 9)
        #expect(generation.id == TestStore.generation(1) && generation.status == .pending)
        #expect(generation.input == TestStore.image(1) && generation.result == nil && !generation.isRefunded)
        #expect(generation.createdAt == TestStore.now && generation.completedAt == nil && generation.attempts == 0)
        #expect(try test.kinds() == ["trial 10", "charge -1"])
        #expect(try test.store.generations.find(generation.id, of: test.user()) == generation)
        try test.verify()
    }

    @Test func withoutACreditThereIsNoJob() throws {
        try test.leave(0)
        #expect(try test.submit(1) == .insufficientCredits(balance: 0))
        #expect(try test.integers("SELECT count(*) FROM generations") == [0])
        #expect(try test.store.jobs.claim(for: .seconds(60), at: TestStore.now) == .nothing)
        #expect(try test.kinds() == ["trial 10", "adjustment -10"])
        #expect(try test.store.generations.isReferenced(TestStore.image(1).blob) == false)
    }

    @Test func theSameIdTwiceIsChargedOnce() throws {
        try test.submit(1)
        #expect(throws: StoreError.self) { try test.submit(1) }
        #expect(try test.balance() == 9)
        #expect(try test.integers("SELECT count(*) FROM generations") == [1])
        try test.verify()
    }

    @Test func raceForTheLastCredits() throws {
        try test.leave(3)
        let queued = Monitor(0)
        atOnce(64) { [test] number in
            let outcome = try? test.submit(UInt8(number + 1))
            switch outcome {
            case .queued: queued.withLock { $0 += 1 }
            case .insufficientCredits(let balance): #expect(balance == 0)
            case .refused(let refusal): Issue.record("\(refusal)")
            case nil: Issue.record("the store failed")
            }
        }
        #expect(queued.withLock { $0 } == 3)
        #expect(try test.balance() == 0)
        #expect(try test.integers("SELECT count(*) FROM generations") == [3])
        #expect(try test.integers("SELECT count(*) FROM ledger_entry WHERE kind = 'charge'") == [3])
        try test.verify()
    }

    // MARK: Looking

    @Test func listsNewestFirstInPages() throws {
        for number in UInt8(1)...5 { try test.submit(number) }
        try test.submit(6, "bob")
        let first = try test.store.generations.list(of: test.user(), limit: 2)
        #expect(first.items.map(\.id) == [5, 4].map(TestStore.generation))
        let second = try test.store.generations.list(of: test.user(), before: first.nextCursor, limit: 2)
        #expect(second.items.map(\.id) == [3, 2].map(TestStore.generation))
        let third = try test.store.generations.list(of: test.user(), before: second.nextCursor, limit: 2)
        #expect(third.items.map(\.id) == [TestStore.generation(1)] && third.nextCursor == nil)
    }

    @Test func othersSeeNothing() throws {
        try test.submit(1)
        try test.seen("bob")
        let (id, bob) = (TestStore.generation(1), try test.user("bob"))
        #expect(try test.store.generations.find(id, of: bob) == nil)
        #expect(try test.store.generations.list(of: bob, limit: 10).items.isEmpty)
        #expect(try test.retry(1, "bob") == .unknown)
        #expect(try test.delete(1, "bob") == .unknown)
        #expect(try test.row(1) == "pending 1 0 0")
    }

    // MARK: Retry

    @Test func aRetryChargesAgainWhatWasGivenBack() throws {
        try test.submit(1)
        #expect(try test.retry(1) == .notFailed)
        try test.fail(test.job(), .rejectedBySafety)
        #expect(try test.balance() == 10)
        guard case .queued(let generation, let balance) = try test.retry(1, at: 5) else {
            Issue.record("it was not queued")
            return
        }
        #expect(balance == 9 && generation.status == .pending && generation.failure == nil && !generation.isRefunded)
        #expect(try test.retry(1) == .notFailed)
        #expect(try test.row(1) == "pending 2 0 0")
        #expect(try test.complete(test.job(at: 5), at: 6) == .recorded)
        #expect(try test.kinds() == ["trial 10", "charge -1", "refund 1", "charge -1"])
        #expect(try test.retry(1) == .notFailed)
        try test.verify()
    }

    @Test func aRetryIsFreeWhereNothingWasGivenBack() throws {
        try test.refundOnFailure(false)
        try test.submit(1)
        #expect(try test.fail(test.job(), .rejectedBySafety) == .failed(refunded: false))
        try test.leave(1)
        guard case .queued(_, let balance) = try test.retry(1) else {
            Issue.record("it was not queued")
            return
        }
        #expect(balance == 0)
        // The setting that counts is the one at the end.
        try test.refundOnFailure(true)
        #expect(try test.fail(test.job(), .rejectedBySafety) == .failed(refunded: true))
        #expect(try test.balance() == 1)
        #expect(try test.row(1) == "failed 1 1 1")
        try test.verify()
    }

    @Test func aRetryWithoutACreditChangesNothing() throws {
        try test.leave(1)
        try test.submit(1)
        try test.fail(test.job(), .rejectedBySafety)
        try test.submit(2)
        #expect(try test.retry(1) == .insufficientCredits(balance: 0))
        #expect(try test.row(1) == "failed 1 1 1")
        try test.verify()
    }

    @Test func manyRetriesAtOnceChargeOnce() throws {
        try test.submit(1)
        try test.fail(test.job(), .rejectedBySafety)
        let queued = Monitor(0)
        atOnce(16) { [test] _ in
            if case .queued? = try? test.retry(1) { queued.withLock { $0 += 1 } }
        }
        #expect(queued.withLock { $0 } == 1)
        #expect(try test.balance() == 9)
        try test.verify()
    }

    // MARK: Delete

    @Test func cancellingGivesTheCreditBack() throws {
        try test.submit(1)
        #expect(try test.delete(1) == .deleted(blobs: [TestStore.image(1).blob], refunded: true))
        #expect(try test.row(1) == "cancelled 1 1 0")
        #expect(try test.balance() == 10)
        #expect(try test.delete(1) == .unknown)
        #expect(try test.retry(1) == .unknown)
        #expect(try test.store.generations.find(TestStore.generation(1), of: test.user()) == nil)
        #expect(try test.store.jobs.claim(for: .seconds(60), at: TestStore.at(999)) == .nothing)
        #expect(try test.store.generations.isReferenced(TestStore.image(1).blob) == false)
        try test.verify()
    }

    @Test func cancellingRefundsWhateverTheSettingSays() throws {
        try test.refundOnFailure(false)
        try test.submit(1)
        _ = try test.delete(1)
        #expect(try test.balance() == 10)
        try test.verify()
    }

    @Test func aFinishedOneIsOnlyHidden() throws {
        for number in UInt8(1)...2 { try test.submit(number) }
        _ = try test.complete(test.job(), thumbnail: 201)
        try test.fail(test.job(), .rejectedBySafety)
        let (result, thumbnail) = (TestStore.image(200).blob, TestStore.image(201).blob)
        #expect(try test.store.generations.isReferenced(result) && test.store.generations.isReferenced(thumbnail))
        let shown = try #require(try test.store.generations.find(TestStore.generation(1), of: test.user()))
        #expect(shown.result == TestStore.image(200) && shown.thumbnail == TestStore.image(201))
        #expect(try test.delete(1) == .deleted(blobs: [TestStore.image(1).blob, result, thumbnail], refunded: false))
        #expect(try test.store.generations.isReferenced(thumbnail) == false)
        #expect(try test.delete(2) == .deleted(blobs: [TestStore.image(2).blob], refunded: false))
        #expect(try test.store.generations.isReferenced(result) == false)
        #expect(try test.store.generations.list(of: test.user(), limit: 10).items.isEmpty)
        #expect(try test.balance() == 9)
        try test.verify()
    }

    @Test func aFileIsNeededAsLongAsOneGenerationHasIt() throws {
        let user = Profile(user: try test.user())
        for number in UInt8(1)...2 {
            _ = try test.store.generations.submit(
                TestStore.generation(number), of: TestStore.image(7), for: user, at: TestStore.now)
        }
        _ = try test.delete(1)
        #expect(try test.store.generations.isReferenced(TestStore.image(7).blob))
        _ = try test.delete(2)
        #expect(try test.store.generations.isReferenced(TestStore.image(7).blob) == false)
    }

    @Test func deletingWhileItIsWorkedOnKeepsItsInput() throws {
        try test.submit(1)
        let job = try test.job()
        #expect(try test.delete(1) == .deleted(blobs: [], refunded: false))
        #expect(try test.store.generations.isReferenced(TestStore.image(1).blob))
        #expect(try test.complete(job, thumbnail: 201, at: 1) == .recorded)
        #expect(try test.row(1) == "completed 1 0 1")
        #expect(try test.balance() == 9)
        for number in [UInt8(1), 200, 201] {
            #expect(try !test.store.generations.isReferenced(TestStore.image(number).blob))
        }
        try test.verify()
    }

    @Test func deletedWhileWorkedOnThenFailedIsRefunded() throws {
        try test.submit(1)
        let job = try test.job()
        _ = try test.delete(1)
        #expect(try test.fail(job, .rejectedBySafety) == .failed(refunded: true))
        #expect(try test.row(1) == "failed 1 1 1")
        #expect(try test.balance() == 10 && !test.store.generations.isReferenced(TestStore.image(1).blob))
        try test.verify()
    }

    /// Nobody would ever see the picture, and the provider wants money for each try.
    @Test(arguments: ["fail", "hand back", "die"])
    func whatWasDeletedDoesNotWaitAgain(_ way: String) throws {
        try test.refundOnFailure(false)
        try test.submit(1)
        let job = try test.job()
        _ = try test.delete(1)
        switch way {
        case "fail": #expect(try test.fail(job) == .failed(refunded: true))
        case "hand back": #expect(try test.store.jobs.handBack(job, at: TestStore.now) == .recorded)
        case _: #expect(try test.store.jobs.claim(for: .seconds(60), at: TestStore.at(60)) == .nothing)
        }
        #expect(try test.row(1) == "cancelled 1 1 1")
        #expect(try test.balance() == 10 && !test.store.generations.isReferenced(TestStore.image(1).blob))
        #expect(try test.store.jobs.claim(for: .seconds(60), at: TestStore.at(999)) == .nothing)
        try test.verify()
    }
}
