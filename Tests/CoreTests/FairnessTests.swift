import TestSupport
import Testing

@testable import Core

/// Whose turn it is, and what one user may have.
@Suite struct FairnessTests {
    private let test: TestStore

    init() throws {
        test = try TestStore()
        for name in ["ada", "bob", "cy"] { try test.leave(250, name) }
    }

    private func taken(_ count: Int) throws -> [Generation.ID] {
        try (0..<count).map { _ in try test.job().generation }
    }
    private func ids(_ numbers: [UInt8]) -> [Generation.ID] { numbers.map { TestStore.generation($0) } }

    @Test func twoHundredOfOneUserKeepAnotherWaitingForOne() throws {
        for number in UInt8(1)...200 { try test.submit(number, "ada") }
        try test.submit(201, "bob")
        try test.submit(202, "bob")
        #expect(try taken(5) == ids([1, 201, 2, 202, 3]))
        try test.submit(203, "cy")
        #expect(try taken(3) == ids([203, 4, 5]))
    }

    @Test func whoComesAgainAndAgainIsNotAlwaysFirst() throws {
        for number in UInt8(1)...20 { try test.submit(number, "ada") }
        var next = UInt8(100)
        for name in ["bob", "cy"] {
            try test.submit(next, name)
            next += 1
        }
        var adas = 0
        for _ in 0..<30 {
            let job = try test.job()
            let owner = try #require(try test.store.generations.report(on: job.generation)?.report.user.text)
            if owner == "ada" {
                adas += 1
            } else {
                try test.submit(next, owner)
                next += 1
            }
        }
        #expect(adas == 10)
    }

    @Test func timeWithoutJobsIsNotSavedUp() throws {
        for number in UInt8(1)...5 { try test.submit(number, "ada") }
        #expect(try taken(5).count == 5)
        for number in UInt8(11)...15 { try test.submit(number, "bob") }
        try test.submit(6, "ada")
        #expect(try taken(3) == ids([11, 12, 6]))
    }

    @Test func whatWasTriedBeforeGoesBehindOnlyItsUsersOwn() throws {
        for number in UInt8(1)...5 {
            try test.submit(number, "bob")
            try test.fail(test.job(), .rejectedBySafety)
        }
        try test.submit(6, "ada")
        for number in UInt8(1)...5 { _ = try test.retry(number, "bob") }
        try test.submit(7, "cy")
        #expect(Set(try taken(3)).isSuperset(of: ids([6, 7])))
        try test.verify()
    }

    @Test func whatIsHandedBackKeepsItsPlace() throws {
        for number in UInt8(1)...3 { try test.submit(number, "ada") }
        let job = try test.job()
        #expect(try test.store.jobs.handBack(job, at: TestStore.now) == .recorded)
        #expect(try taken(1) == ids([1]))
    }

    @Test func whatWasCancelledTakesNoTurn() throws {
        for number in UInt8(1)...10 { try test.submit(number, "ada") }
        for number in UInt8(1)...10 { _ = try test.delete(number, "ada") }
        for number in UInt8(11)...12 { try test.submit(number, "bob") }
        try test.submit(13, "ada")
        #expect(try taken(3) == ids([11, 13, 12]))
    }

    @Test func whatAgedOutsideItsTurnTakesNone() throws {
        for number in UInt8(1)...10 { try test.submit(number, "ada", at: -100) }
        try test.store.jobs.tend(
            lease: .seconds(60), maximumAttempts: 2, maximumAge: .seconds(50), held: [], at: TestStore.now)
        for number in UInt8(11)...12 { try test.submit(number, "bob") }
        try test.submit(13, "ada")
        #expect(try taken(3) == ids([11, 13, 12]))
    }

    // MARK: What one user has

    private func bytes(_ name: String = "ada") throws -> Int64 {
        try test.integers("SELECT coalesce(sum(image_bytes), 0) FROM user_usage WHERE user_id = '\(name)'")[0]
    }

    @Test func bytesAreThoseOfTheFilesThatAreKept() throws {
        try test.submit(1)
        try test.submit(2)
        try test.submit(3)
        #expect(try bytes() == 3006)
        _ = try test.complete(test.job(), thumbnail: 7)
        #expect(try bytes() == 3006 + 1200 + 1007)
        _ = try test.delete(1)
        #expect(try bytes() == 2005)
        try test.fail(test.job(), .inputMissing)
        #expect(try bytes() == 1003, "it is not kept")
        _ = try test.delete(3)
        #expect(try bytes() == 0)
        try test.verify()
    }

    @Test func refusedAtTheEdge() throws {
        let limits = UploadLimits(imageBytes: 2003, waitingJobs: 2)
        func submit(_ number: UInt8, _ name: String = "ada") throws -> SubmitOutcome {
            try test.store.generations.submit(
                TestStore.generation(number), of: TestStore.image(number), for: Profile(user: test.user(name)),
                within: limits, at: TestStore.now)
        }
        #expect(try submit(1).isQueued && submit(2).isQueued)
        #expect(try submit(3) == .refused(.tooManyWaiting(limit: 2)))
        _ = try test.job()
        #expect(try submit(3) == .refused(.imagesFull(limitBytes: 2003)))
        #expect(try submit(4, "bob").isQueued)
        #expect(try test.balance() == 248, "what is refused costs nothing")
    }

    @Test func theDaysCallsAreSpokenForByWhoWaits() throws {
        let limits = UploadLimits(dailyCalls: 2)
        func isOpen() throws -> Bool {
            try test.store.generations.uploadStanding(of: test.user(), within: limits, at: TestStore.now).refusal == nil
        }
        try test.submit(1)
        #expect(try isOpen())
        try test.submit(2)
        #expect(try !isOpen())
        let job = try test.job()
        #expect(try !isOpen())
        try test.fail(job, .inputMissing)
        #expect(try isOpen(), "no call was made")
        let second = try test.job()
        #expect(try test.store.jobs.countCall(for: second, dailyLimit: 2, at: TestStore.now) == .counted)
        #expect(try isOpen())
        try test.submit(3)
        #expect(try !isOpen())
    }

    @Test func soManyFailuresADayAreGivenBack() throws {
        let limits = UploadLimits(freeFailures: 2)
        func fail(_ number: UInt8, at seconds: Int64) throws -> FailOutcome {
            _ = try test.store.generations.submit(
                TestStore.generation(number), of: TestStore.image(number), for: Profile(user: test.user()),
                within: limits, at: TestStore.at(seconds))
            return try test.fail(test.job(at: seconds), .rejectedBySafety, at: seconds)
        }
        #expect(try fail(1, at: 0) == .failed(refunded: true))
        #expect(try fail(2, at: 0) == .failed(refunded: true))
        #expect(
            try test.store.generations.uploadStanding(of: test.user(), within: limits, at: TestStore.now).isAtOwnRisk)
        #expect(try fail(3, at: 0) == .failed(refunded: false))
        // Otherwise the credit of one upload would pay for any number of calls.
        #expect(try test.retry(3) == .spent)
        #expect(try test.retry(3, at: 86_400) == .spent)
        #expect(try fail(4, at: 86_400) == .failed(refunded: true))
        try test.verify()
    }

    /// Deleting it between two tries is no way around.
    @Test func whatIsDeletedAfterAFailedTryIsAFailure() throws {
        let limits = UploadLimits(freeFailures: 2)
        func deleteAfterATry(_ number: UInt8, at seconds: Int64) throws -> DeleteOutcome {
            _ = try test.store.generations.submit(
                TestStore.generation(number), of: TestStore.image(number), for: Profile(user: test.user()),
                within: limits, at: TestStore.at(seconds))
            #expect(try test.fail(test.job(at: seconds), .unreadableResult, at: seconds).retryTime != nil)
            return try test.delete(number, at: seconds)
        }
        #expect(try deleteAfterATry(1, at: 0).isRefunded && deleteAfterATry(2, at: 0).isRefunded)
        #expect(
            try test.store.generations.uploadStanding(of: test.user(), within: limits, at: TestStore.now).isAtOwnRisk)
        let before = try #require(try test.balance())
        #expect(try !deleteAfterATry(3, at: 0).isRefunded)
        #expect(try test.balance() == before - 1)
        // What was never tried costs nothing.
        try test.submit(4)
        #expect(try test.delete(4).isRefunded)
        #expect(try test.store.jobs.claim(for: .seconds(60), at: TestStore.at(999)) == .nothing)
        try test.verify()
    }

    /// Where failures are not given back, trying again is free.
    @Test func tryingAgainIsFreeSoOften() throws {
        try test.refundOnFailure(false)
        let limits = UploadLimits(freeFailures: 2)
        func retry(at seconds: Int64) throws -> RetryOutcome {
            try test.retry(1, within: limits, at: seconds)
        }
        try test.submit(1)
        for seconds in Int64(0)..<2 {
            #expect(try test.fail(test.job(at: seconds), .rejectedBySafety, at: seconds) == .failed(refunded: false))
            #expect(try retry(at: seconds).isQueued)
        }
        #expect(try test.fail(test.job(at: 2), .rejectedBySafety, at: 2) == .failed(refunded: false))
        #expect(try retry(at: 3) == .spent && retry(at: 86_400) == .spent)
        try test.verify()
    }
}

extension DeleteOutcome {
    fileprivate var isRefunded: Bool { if case .deleted(_, refunded: true) = self { true } else { false } }
}

extension RetryOutcome {
    fileprivate var isQueued: Bool { if case .queued = self { true } else { false } }
}
