import Images
import TestSupport
import Testing
import Threads

@testable import Core

/// The generations as a queue: leases, fences, tries and ends.
@Suite struct GenerationJobTests {
    private let test: TestStore

    init() throws {
        test = try TestStore()
        try test.submit(1)
    }

    private func claim(
        at seconds: Int64, maximumAttempts: Int64 = 3, dailyLimit: Int64? = nil
    ) throws -> ClaimOutcome {
        try test.store.jobs.claim(
            for: .seconds(60), maximumAttempts: maximumAttempts, dailyLimit: dailyLimit, at: TestStore.at(seconds))
    }

    // MARK: Claim

    @Test func takesTheOneThatWaitedLongest() throws {
        for number in UInt8(2)...3 { try test.submit(number, at: Int64(number)) }
        #expect(try (1...3).map { _ in try test.job(at: 5).generation } == [1, 2, 3].map(TestStore.generation))
        #expect(try claim(at: 5) == .nothing)
    }

    @Test func aJobTellsWhatIsToBeDone() throws {
        let job = try test.job(at: 5)
        #expect(job.generation == TestStore.generation(1) && job.fence == 1 && job.attempt == 1)
        #expect(job.input == TestStore.image(1).blob && job.kind == .jpeg && job.leaseEnd == TestStore.at(65))
        #expect(try test.row(1) == "processing 1 0 1")
    }

    @Test func nobodyGetsWhatIsNotDue() throws {
        try test.fail(test.job(), .unreadableResult)
        #expect(try claim(at: 4) == .nothing)
        #expect(try test.job(at: 5).attempt == 2)
    }

    @Test func manyWorkersShareTheJobs() throws {
        for number in UInt8(2)...10 { try test.submit(number) }
        let taken = Monitor<[Generation.ID]>([])
        atOnce(16) { [test] _ in
            while case .job(let job)? = try? test.store.jobs.claim(for: .seconds(60), at: TestStore.at(1)) {
                taken.withLock { $0.append(job.generation) }
            }
        }
        #expect(taken.withLock { $0.count } == 10 && taken.withLock { Set($0).count } == 10)
    }

    @Test func aLeaseThatRanOutGoesToAnother() throws {
        let early = try test.job()
        #expect(try claim(at: 59) == .nothing)
        let late = try test.job(at: 60)
        #expect(late.generation == early.generation && late.fence > early.fence && late.attempt == 2)
        #expect(try test.complete(early, at: 61) == .leaseLost)
        #expect(try test.fail(early, .rejectedBySafety, at: 61) == .leaseLost)
        #expect(try test.store.jobs.handBack(early, at: TestStore.at(61)) == .leaseLost)
        #expect(try test.row(1) == "processing 1 0 2")
        #expect(try test.complete(late, at: 61) == .recorded)
        #expect(try test.complete(late, at: 61) == .leaseLost, "once is enough")
        #expect(try test.balance() == 9)
        try test.verify()
    }

    @Test func aLateWorkerMayEndWhatNobodyElseTook() throws {
        let job = try test.job()
        #expect(try test.complete(job, at: 3600) == .recorded)
    }

    @Test func aReportAfterARetryIsLate() throws {
        let early = try test.job()
        try test.fail(test.job(at: 60), .rejectedBySafety, at: 61)
        _ = try test.retry(1, at: 62)
        let late = try test.job(at: 63)
        #expect(late.fence == 3 && late.attempt == 1)
        #expect(try test.complete(early, at: 64) == .leaseLost)
    }

    @Test func handingBackDoesNotCountAsATry() throws {
        let job = try test.job()
        #expect(try test.store.jobs.handBack(job, at: TestStore.at(1)) == .recorded)
        #expect(try test.row(1) == "pending 1 0 0")
        #expect(try test.complete(job, at: 1) == .leaseLost)
        let again = try test.job(at: 1)
        #expect(again.attempt == 1 && again.fence == 2)
        try test.verify()
    }

    // MARK: Complete

    @Test func completes() throws {
        _ = try test.complete(test.job(), at: 7)
        let generation = try #require(try test.store.generations.find(TestStore.generation(1), of: test.user()))
        #expect(generation.status == .completed && generation.result == TestStore.image(200))
        #expect(generation.completedAt == TestStore.at(7) && generation.failure == nil && !generation.isRefunded)
        #expect(try test.balance() == 9)
        #expect(try claim(at: 999) == .nothing)
        try test.verify()
    }

    // MARK: Fail

    @Test func waitsLongerEachTime() throws {
        var now: Int64 = 0
        for pause: Int64 in [5, 10, 20, 40, 80, 160, 300, 300, 300] {
            let outcome = try test.fail(test.job(at: now, maximumAttempts: 99), maximumAttempts: 99, at: now)
            #expect(outcome == .retry(at: TestStore.at(now + pause)))
            #expect(try claim(at: now + pause - 1, maximumAttempts: 99) == .nothing)
            now += pause
        }
        #expect(try test.balance() == 9, "retries cost nothing and give nothing back")
        try test.verify()
    }

    @Test func thePauseHasBounds() {
        #expect(Jobs.pause(after: 0) == .seconds(5))
        #expect(Jobs.pause(after: .max) == .seconds(300))
    }

    @Test(arguments: [true, false])
    func theLastTryIsFinal(isRefunded: Bool) throws {
        try test.refundOnFailure(isRefunded)
        #expect(try test.fail(test.job(), .providerTimeout, maximumAttempts: 2).retryTime == TestStore.at(5))
        let job = try test.job(at: 5)
        #expect(try test.fail(job, .providerTimeout, maximumAttempts: 2, at: 6) == .failed(refunded: isRefunded))
        #expect(try test.fail(job, .providerTimeout, maximumAttempts: 2, at: 6) == .leaseLost)
        let generation = try #require(try test.store.generations.find(TestStore.generation(1), of: test.user()))
        #expect(generation.status == .failed && generation.failure == .providerTimeout)
        #expect(generation.isRefunded == isRefunded && generation.completedAt == TestStore.at(6))
        #expect(try test.balance() == (isRefunded ? 10 : 9))
        #expect(try claim(at: 999) == .nothing)
        try test.verify()
    }

    @Test(arguments: GenerationFailure.allCases)
    func someFailuresAreFinalAtOnce(_ failure: GenerationFailure) throws {
        let outcome = try test.fail(test.job(), failure, maximumAttempts: 9)
        let isFinal = [.rejectedBySafety, .inputMissing].contains(failure)
        #expect(outcome == (isFinal ? .failed(refunded: true) : .retry(at: TestStore.at(5))))
        try test.verify()
    }

    @Test func unreadableTwiceIsFinal() throws {
        #expect(try test.fail(test.job(), .unreadableResult, maximumAttempts: 9).retryTime != nil)
        #expect(try test.fail(test.job(at: 5), .providerUnavailable, maximumAttempts: 9, at: 5).retryTime != nil)
        #expect(
            try test.fail(test.job(at: 15), .unreadableResult, maximumAttempts: 9, at: 15) == .failed(refunded: true))
        // A retry by hand begins anew.
        _ = try test.retry(1, at: 20)
        #expect(try test.fail(test.job(at: 20), .unreadableResult, maximumAttempts: 9, at: 20).retryTime != nil)
        try test.verify()
    }

    @Test(arguments: [true, false])
    func aJobThatItsWorkersDoNotSurviveEnds(isRefunded: Bool) throws {
        try test.refundOnFailure(isRefunded)
        try test.submit(2, at: 1)
        for attempt in Int64(0)...2 {
            #expect(try test.job(at: attempt * 60).generation == TestStore.generation(1))
        }
        // The third lease ran out: the job ends, the worker gets another.
        #expect(try test.job(at: 180).generation == TestStore.generation(2))
        #expect(try test.row(1) == "failed 1 \(isRefunded ? 1 : 0) 3")
        #expect(try test.balance() == (isRefunded ? 9 : 8))
        let generation = try #require(try test.store.generations.find(TestStore.generation(1), of: test.user()))
        #expect(generation.failure == .providerTimeout && generation.completedAt == TestStore.at(180))
        try test.verify()
    }

    @Test func itAlsoEndsWhenNothingElseWaits() throws {
        _ = try test.job()
        #expect(try claim(at: 60, maximumAttempts: 1) == .nothing)
        #expect(try test.row(1) == "failed 1 1 1")
    }

    @Test func itAlsoEndsWhenTheDayIsUsedUp() throws {
        try test.submit(2)
        #expect(try test.store.jobs.countCall(for: test.job(), dailyLimit: 1, at: TestStore.now) == .counted)
        #expect(try claim(at: 60, maximumAttempts: 1, dailyLimit: 1) == .dailyLimitReached)
        #expect(try test.row(1) == "failed 1 1 1")
        #expect(try test.row(2) == "pending 1 0 0")
        try test.verify()
    }

    // MARK: The day's limit

    private func call(_ job: Job, at seconds: Int64 = 0, dailyLimit: Int64? = nil) throws -> CallOutcome {
        try test.store.jobs.countCall(for: job, dailyLimit: dailyLimit, at: TestStore.at(seconds))
    }

    private func calls() throws -> [Int64] { try test.integers("SELECT calls FROM provider_calls ORDER BY day") }

    @Test func countsTheCallsOfADay() throws {
        for number in UInt8(2)...4 { try test.submit(number) }
        let midnight = (TestStore.now.rawValue / 86_400_000 + 1) * 86_400 - TestStore.now.rawValue / 1000
        let jobs = try (1...3).map { _ in try test.job(at: midnight - 1) }
        for job in jobs[...1] { #expect(try call(job, at: midnight - 1, dailyLimit: 2) == .counted) }
        #expect(try call(jobs[2], at: midnight - 1, dailyLimit: 2) == .dailyLimitReached)
        #expect(try claim(at: midnight - 1, dailyLimit: 2) == .dailyLimitReached)
        #expect(try test.row(4) == "pending 1 0 0")
        guard case .job(let job) = try claim(at: midnight, dailyLimit: 2) else {
            Issue.record("the next day has calls of its own")
            return
        }
        #expect(job.generation == TestStore.generation(4))
        #expect(try call(jobs[2], at: midnight, dailyLimit: 2) == .counted)
        #expect(try calls() == [2, 1])
    }

    @Test func onlyACallThatIsMadeCounts() throws {
        let early = try test.job()
        #expect(try calls() == [])
        let late = try test.job(at: 60)
        #expect(try call(early, at: 60) == .leaseLost, "another worker has it")
        #expect(try calls() == [])
        #expect(try call(late, at: 60, dailyLimit: 1) == .counted)
        #expect(try calls() == [1])
        try test.fail(late, .inputMissing, at: 61)
        #expect(try calls() == [1])
    }

    @Test(arguments: [
        (Outage.Cause.unavailable, [Int64(0)]), (.misconfigured, [0]), (.timeout, [1]), (.ours, [1]),
    ])
    func whatTheProviderDidNothingForIsGivenBack(_ cause: Outage.Cause, _ left: [Int64]) throws {
        let job = try test.job()
        #expect(try call(job) == .counted)
        let outcome = try test.store.jobs.postpone(
            job, after: Outage(cause, "x"), isSuspect: false, at: TestStore.at(1))
        #expect(outcome == .recorded)
        #expect(try calls() == left)
    }
}
