import Clients
import Core
import Foundation
import JSON
import TestSupport
import Testing
import Threads
import Worker

/// What a worker does while nothing can be made, whatever the picture, and when a clock is wrong.
@Suite struct OutageTests {
    private static let result = Workplace.image("lossless.webp")
    private static let pictures = ["colour.png", "deep.png", "palette.png", "interlaced.png"].map(Workplace.image)
    private let place: Workplace
    private let fault = Monitor<GenerationFault?>(nil)
    private let calls = Monitor(0)

    init() throws { place = try Workplace() }

    private func worker(attempts: Int64 = 1, dailyLimit: Int64? = nil) -> GenerationWorker {
        place.worker(attempts: attempts, dailyLimit: dailyLimit) { [fault, calls] _, _ throws(GenerationFault) in
            calls.withLock { $0 += 1 }
            if let fault = fault.withLock({ $0 }) { throw fault }
            return Self.result
        }
    }

    private func made() -> Int { calls.withLock { $0 } }
    private func isPaused() throws -> Bool? { try place.store.operations.report(on: .provider)?.facts["paused"]?.bool }

    @Test(arguments: [
        GenerationFault.unavailable("500", retryAfter: nil), .unavailable("429", retryAfter: .seconds(20)), .timedOut,
        .misconfigured("a wrong key"),
    ])
    func anOutageUsesUpNoAttemptAndFailsNobody(_ outage: GenerationFault) throws {
        let ids = try Self.pictures.map { try place.submit($0) }
        let worker = worker()
        fault.withLock { $0 = outage }
        for _ in 0..<100 {
            #expect(!worker.step())
            place.pass(.seconds(20))
        }
        #expect(made() == 100)
        for id in ids {
            let generation = try place.generation(id)
            #expect(generation.status == .pending && generation.attempts == 0)
        }
        #expect(try isPaused() == true)
        fault.withLock { $0 = nil }
        for _ in ids { #expect(worker.step()) }
        for id in ids { #expect(try place.generation(id).status == .completed) }
        #expect(try isPaused() == false && place.balance() == 106)
        #expect(place.events().contains("provider.paused") && place.events().contains("provider.resumed"))
        #expect(try place.store.ledger.verify().isEmpty)
    }

    @Test func aProbeGoesOutLaterEachTime() throws {
        for picture in Self.pictures { try place.submit(picture) }
        let worker = worker()
        fault.withLock { $0 = .unavailable("500", retryAfter: nil) }
        #expect(!worker.step())
        for (number, pause) in [1, 2, 4, 8, 15, 15].enumerated() {
            place.pass(.seconds(pause) - .milliseconds(1))
            #expect(!worker.step() && made() == number + 1)
            place.pass(.milliseconds(1))
            #expect(!worker.step() && made() == number + 2)
        }
    }

    @Test(arguments: [(90, 90), (86_400, 300)])
    func theProvidersWishToBeLeftAloneIsRespectedUpToAPoint(_ wish: Int, _ pause: Int) throws {
        try place.submit()
        let worker = worker()
        fault.withLock { $0 = .unavailable("429", retryAfter: .seconds(wish)) }
        #expect(!worker.step())
        fault.withLock { $0 = nil }
        place.pass(.seconds(pause) - .milliseconds(1))
        #expect(!worker.step() && made() == 1)
        place.pass(.milliseconds(1))
        #expect(worker.step() && made() == 2)
    }

    @Test func aJobEndsInAnOutageWhenItIsTooOld() throws {
        let id = try place.submit()
        let worker = worker()
        fault.withLock { $0 = .unavailable("500", retryAfter: .seconds(86_400)) }
        #expect(!worker.step())
        place.pass(.seconds(3600))
        _ = worker.step()
        #expect(try place.generation(id).status == .pending)
        place.pass(.seconds(1))
        _ = worker.step()
        let generation = try place.generation(id)
        #expect(generation.status == .failed && generation.failure == .providerUnavailable && generation.isRefunded)
        #expect(try place.balance() == 110)
        #expect(try place.store.ledger.verify().isEmpty)
    }

    /// A quota lets some through and others not, whatever the picture.
    @Test func whoMeetsALimitAgainAndAgainLosesNothing() throws {
        let id = try place.submit(Self.pictures[0])
        let worker = place.worker(attempts: 1) { [unlucky = Self.pictures[0]] input, _ throws(GenerationFault) in
            if input.bytes == unlucky { throw .limited("429", retryAfter: nil) }
            return Self.result
        }
        for _ in 0..<12 {
            _ = try place.submit(Self.pictures[1])
            for _ in 0..<3 {
                _ = worker.step()
                place.pass(.seconds(16))
            }
        }
        #expect(try place.generation(id).status == .pending)
        #expect(try place.generation(id).attempts == 0)
    }

    /// One other after the other comes, with time for three steps each.
    private func expectOthersAreMade(by worker: GenerationWorker) throws {
        var others: [Generation.ID] = []
        for _ in 0..<12 {
            others.append(try place.submit(Self.pictures[1]))
            for _ in 0..<3 {
                _ = worker.step()
                place.pass(.seconds(16))
            }
        }
        for other in others { #expect(try place.generation(other).status == .completed) }
    }

    @Test func aPictureThatBreaksTheProviderKeepsNobodyWaiting() throws {
        let id = try place.submit(Self.pictures[0])
        let worker = place.worker(attempts: 1) { [broken = Self.pictures[0]] input, _ throws(GenerationFault) in
            if input.bytes == broken { throw .timedOut }
            return Self.result
        }
        try expectOthersAreMade(by: worker)
        #expect(try place.generation(id).failure == .providerTimeout)
    }

    @Test func anOriginalThatTheDiskDoesNotGiveKeepsNobodyWaiting() throws {
        let id = try place.submit(Self.pictures[0])
        let path = place.images + "/" + BlobID(contentOf: Self.pictures[0]).text
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try expectOthersAreMade(by: worker())
        #expect(try place.generation(id).failure == .providerUnavailable)
        #expect(try place.store.ledger.verify().isEmpty)
    }

    @Test func aNewWorkerKnowsNothingOfTheLastOnesPause() throws {
        try place.submit()
        fault.withLock { $0 = .misconfigured("a wrong key") }
        #expect(!worker().step())
        #expect(try isPaused() == true)
        let next = worker()
        next.start(threads: 0)
        #expect(try isPaused() == false)
    }

    @Test func onlyCallsThatWereMadeCountForTheDay() throws {
        let ids = try Self.pictures.map { try place.submit($0) }
        try place.blobs.remove([BlobID(contentOf: Self.pictures[0])], unless: { _ in false })
        let worker = worker(dailyLimit: 2)
        #expect(worker.step())
        #expect(try place.generation(ids[0]).failure == .inputMissing && made() == 0)
        #expect(worker.step() && worker.step() && !worker.step())
        #expect(made() == 2)
        #expect(try place.generation(ids[3]).status == .pending)
    }

    // MARK: Clocks

    @Test func noPauseFollowsTheWallClock() throws {
        try place.submit()
        let worker = worker()
        fault.withLock { $0 = .unavailable("429", retryAfter: .seconds(60)) }
        #expect(!worker.step())
        fault.withLock { $0 = nil }
        place.setClock(by: .seconds(-3600))
        place.uptime.withLock { $0 += .seconds(60) }
        #expect(worker.step())
    }

    @Test func whatCameWhileTheClockWasAheadIsMadeWhenItIsBack() throws {
        place.setClock(by: .seconds(86_400))
        let id = try place.submit()
        place.setClock(by: .seconds(-86_400))
        #expect(worker().step())
        #expect(try place.generation(id).status == .completed)
    }

    @Test func aDeadLeaseAndARetryFromAheadAreOver() throws {
        let ids = try Self.pictures.prefix(2).map { try place.submit($0) }
        place.setClock(by: .seconds(3000))
        let worker = worker(attempts: 3)
        fault.withLock { $0 = .failed("status 1") }
        #expect(worker.step())
        guard case .job = try place.store.jobs.claim(for: .seconds(150), at: place.now) else {
            Issue.record("no job for the one who dies")
            return
        }
        fault.withLock { $0 = nil }
        place.setClock(by: .seconds(-3000))
        #expect(worker.step() && worker.step())
        for id in ids { #expect(try place.generation(id).status == .completed) }
    }

    @Test(arguments: [Int64(7200), -7200]) func aJobInHandIsTakenByNobodyElse(_ jump: Int64) throws {
        let id = try place.submit()
        let isInside = Monitor(false)
        let worker = Monitor<GenerationWorker?>(nil)
        let busy = place.worker(maximumAge: .seconds(100_000)) { [place] _, _ in
            isInside.withLock { $0 = true }
            place.setClock(by: .seconds(jump))
            #expect(worker.withLock { $0 }?.step() == false, "it is in hand")
            return Self.result
        }
        worker.withLock { $0 = busy }
        #expect(busy.step() && isInside.withLock { $0 })
        let generation = try place.generation(id)
        #expect(generation.status == .completed && generation.attempts == 1)
    }
}
