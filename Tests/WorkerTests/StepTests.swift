import Clients
import Core
import Images
import TestSupport
import Testing
import Threads
import Worker

/// One job at a time, from the queue to its end.
@Suite struct StepTests {
    private static let result = Workplace.image("lossless.webp")
    private static let uncalled: WorkerDependencies.Generate = { _, _ in
        Issue.record("the provider was called")
        return []
    }
    private let place: Workplace

    init() throws { place = try Workplace() }

    @Test func aJobIsDoneAndItsResultKept() throws {
        let id = try place.submit()
        let seen = Monitor<GenerationInput?>(nil)
        let worker = place.worker { [place] input, _ in
            seen.withLock { $0 = input }
            place.pass(.seconds(7))
            return Self.result
        }
        #expect(worker.step())
        #expect(seen.withLock { $0 } == GenerationInput(bytes: Workplace.picture, kind: .png, prompt: "a prompt"))
        let generation = try place.generation(id)
        #expect(generation.status == .completed)
        #expect(generation.attempts == 1)
        let result = try #require(generation.result)
        #expect(result.facts.kind == .webp)
        #expect(try place.blobs.read(result.blob, maximumBytes: 1 << 20) == Self.result)
        #expect(try place.balance() == 109)
        #expect(place.events() == ["generation.completed"])
        #expect(place.log().contains(#""provider.duration_ms":7000"#))
        #expect(place.log().contains(id.text))
        #expect(try place.store.ledger.verify().isEmpty)
        #expect(!worker.step(), "nothing is left to do")
    }

    private static func picture(_ width: Int, _ height: Int) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/large.png"
        let ended = try Program("/usr/bin/vips").run(["gaussnoise", file, "\(width)", "\(height)"])
        #expect(ended.status == 0, "\(ended.errors)")
        return try Places.bytes(of: file)
    }

    @Test func aLargeResultGetsAThumbnail() throws {
        let id = try place.submit()
        let large = try Self.picture(481, 20)
        let sides = Monitor<[Int]>([])
        let worker = place.worker(thumbnail: { bytes, side, _ in
            #expect(bytes == large)
            sides.withLock { $0.append(side) }
            return Self.result
        }) { _, _ in large }
        #expect(worker.step())
        let generation = try place.generation(id)
        let thumbnail = try #require(generation.thumbnail)
        #expect(thumbnail.facts.kind == .webp && thumbnail.blob == BlobID(contentOf: Self.result))
        #expect(sides.withLock { $0 } == [480] && generation.result?.blob == BlobID(contentOf: large))
        #expect(try place.files().count == 3)
        #expect(place.events() == ["generation.completed"])
    }

    @Test func aSmallOneNeedsNone() throws {
        let id = try place.submit()
        let small = try Self.picture(480, 20)
        #expect(place.worker { _, _ in small }.step())
        #expect(try place.generation(id).thumbnail == nil && place.events() == ["generation.completed"])
    }

    @Test(arguments: [
        ("broken tools", CleaningFault?.some(.unavailable("x")), [UInt8]()),
        ("an unreadable one", .unreadable("x"), []),
        ("no picture", nil, [1, 2, 3]), ("one larger than the result", nil, [UInt8](repeating: 0, count: 1 << 20)),
    ])
    func aThumbnailThatFailsHarmsNothing(_ name: String, _ fault: CleaningFault?, _ answer: [UInt8]) throws {
        let id = try place.submit()
        let large = try Self.picture(600, 20)
        let worker = place.worker(thumbnail: { _, _, _ throws(CleaningFault) in
            if let fault { throw fault }
            return answer
        }) { _, _ in large }
        #expect(worker.step())
        let generation = try place.generation(id)
        #expect(generation.status == .completed && generation.thumbnail == nil)
        #expect(try place.files().count == 2 && place.balance() == 109)
        #expect(place.events().last == "generation.completed")
        #expect(place.events().contains("generation.no_thumbnail") == (name != "one larger than the result"))
    }

    @Test func theThumbnailOfALateWorkerIsTakenAway() throws {
        let id = try place.submit()
        let large = try Self.picture(600, 20)
        let worker = place.worker(thumbnail: { [place] _, _, _ in
            place.pass(.seconds(151))
            let fast = place.worker { _, _ in Workplace.image("lossy.webp") }
            #expect(fast.step())
            return Self.result
        }) { _, _ in large }
        #expect(worker.step())
        #expect(try place.generation(id).result?.blob == BlobID(contentOf: Workplace.image("lossy.webp")))
        #expect(try place.files().count == 2)
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        let fault: GenerationFault
        let failure: GenerationFailure
        let tries: Int64
        var testDescription: String { "\(fault)" }

        init(_ fault: GenerationFault, _ failure: GenerationFailure, after tries: Int64) {
            self.fault = fault
            self.failure = failure
            self.tries = tries
        }
    }

    @Test(arguments: [
        Ending(.refused("canary"), .rejectedBySafety, after: 1),
        Ending(.failed("canary"), .providerUnavailable, after: 4),
        Ending(.unreadable("canary"), .unreadableResult, after: 2),
    ])
    func aFailureEndsAsTheRulesSay(ending: Ending) throws {
        let id = try place.submit()
        let calls = Monitor<Int64>(0)
        let worker = place.worker(attempts: 4) { _, _ throws(GenerationFault) in
            calls.withLock { $0 += 1 }
            throw ending.fault
        }
        for _ in 0..<10 {
            _ = worker.step()
            place.pass(.seconds(400))
        }
        let generation = try place.generation(id)
        #expect(generation.status == .failed)
        #expect(generation.failure == ending.failure)
        #expect(calls.withLock { $0 } == ending.tries)
        #expect(generation.isRefunded)
        #expect(try place.balance() == 110)
        let retries = [String](repeating: "generation.retried", count: Int(ending.tries) - 1)
        #expect(place.events() == retries + ["generation.failed"])
        // The provider's words are in the log, and nowhere that a user sees.
        #expect(place.log().contains("canary"))
        #expect(try place.store.ledger.verify().isEmpty)
    }

    @Test func aFailureThatPassesCostsOneCredit() throws {
        let id = try place.submit()
        let calls = Monitor(0)
        let worker = place.worker { _, _ throws(GenerationFault) in
            let number = calls.withLock { calls in
                calls += 1
                return calls
            }
            guard number > 1 else { throw .failed("status 1") }
            return Self.result
        }
        #expect(worker.step())
        #expect(!worker.step(), "it waits")
        place.pass(.seconds(6))
        #expect(worker.step())
        #expect(try place.generation(id).status == .completed)
        #expect(try place.balance() == 109)
    }

    @Test(arguments: [
        ("no picture", [UInt8]("<html>".utf8)), ("cut short", [UInt8](result.prefix(40))),
        ("empty", []), ("too large", Workplace.image("baseline.jpg")),
    ])
    func aResultThatIsNoPictureDoesNotCount(name: String, answer: [UInt8]) throws {
        let id = try place.submit()
        let worker = place.worker(attempts: 1, maximumPixels: 383) { _, _ in answer }
        #expect(worker.step())
        #expect(try place.generation(id).failure == .unreadableResult)
        #expect(try place.files().count == 1, "nothing of it was kept")
        #expect(try place.balance() == 110)
    }

    @Test func whatTheToolsCannotReadFailsOnItsSide() throws {
        let original = try place.submit()
        let unread: WorkerDependencies.Clean = { _, _, _ throws(CleaningFault) in throw .unreadable("x") }
        #expect(place.worker(attempts: 1, clean: unread) { _, _ in [] }.step())
        #expect(try place.generation(original).failure == .inputMissing)
        #expect(try place.files().isEmpty, "it is not kept")
        let result = try place.submit(Workplace.image("deep.png"))
        let half: WorkerDependencies.Clean = { bytes, kind, _ throws(CleaningFault) in
            guard kind == .png else { throw .unreadable("x") }
            return bytes
        }
        #expect(place.worker(attempts: 1, clean: half) { _, _ in Self.result }.step())
        #expect(try place.generation(result).failure == .unreadableResult)
        let tools = try place.submit(Workplace.image("palette.png"))
        let broken: WorkerDependencies.Clean = { _, _, _ throws(CleaningFault) in throw .broken("x") }
        #expect(place.worker(attempts: 1, clean: broken) { _, _ in [] }.step())
        #expect(try place.generation(tools).failure == .providerUnavailable)
    }

    @Test func whatIsSentIsWhatTheToolsLeft() throws {
        try place.submit()
        let other = Workplace.image("baseline.jpg")
        let worker = place.worker(clean: { bytes, kind, _ in kind == .png ? other : bytes }) { input, _ in
            #expect(input.kind == .jpeg)
            #expect(input.bytes == other)
            return Self.result
        }
        #expect(worker.step())
        #expect(place.events() == ["generation.completed"])
    }

    @Test func withoutItsFileAJobFailsAtOnce() throws {
        let id = try place.submit()
        try place.blobs.remove([BlobID(contentOf: Workplace.picture)], unless: { _ in false })
        #expect(place.worker(generate: Self.uncalled).step())
        #expect(try place.generation(id).failure == .inputMissing)
        #expect(try place.balance() == 110)
    }

    @Test func aResultThatComesTooLateIsRefusedAndGone() throws {
        let id = try place.submit()
        let fast = place.worker { _, _ in Self.result }
        let slow = place.worker { [place] _, _ in
            place.pass(.seconds(151))
            #expect(fast.step(), "the lease ran out")
            return Workplace.image("lossy.webp")
        }
        #expect(slow.step())
        #expect(place.events() == ["generation.completed", "generation.lease_lost"])
        let generation = try place.generation(id)
        #expect(generation.attempts == 2)
        #expect(generation.result?.blob == BlobID(contentOf: Self.result))
        #expect(try place.files() == [generation.input.blob.text, BlobID(contentOf: Self.result).text])
        #expect(try place.balance() == 109)
    }

    @Test func aFailureThatComesTooLateRefundsNothing() throws {
        let id = try place.submit()
        let fast = place.worker { _, _ in Self.result }
        let slow = place.worker(attempts: 1) { [place] _, _ throws(GenerationFault) in
            place.pass(.seconds(151))
            #expect(fast.step())
            throw .failed("status 1")
        }
        #expect(slow.step())
        #expect(try place.generation(id).status == .completed)
        #expect(try place.balance() == 109)
        #expect(try place.store.ledger.verify().isEmpty)
    }

    @Test(arguments: [true, false]) func whatIsDeletedMeanwhileLeavesNoFile(isDone: Bool) throws {
        let id = try place.submit()
        let worker = place.worker(attempts: 1) { [place] _, _ throws(GenerationFault) in
            _ = try? place.store.generations.delete(id, of: place.user, at: place.now)
            guard isDone else { throw .failed("status 1") }
            return Self.result
        }
        #expect(worker.step())
        #expect(try place.files().isEmpty)
        #expect(try place.store.ledger.verify().isEmpty)
    }

    @Test func theDaysCallsAreLimitedAndThatIsToldOnce() throws {
        for name in ["colour.png", "deep.png", "palette.png"] { try place.submit(Workplace.image(name)) }
        let worker = place.worker(maximumAge: .seconds(100_000), dailyLimit: 2) { _, _ in Self.result }
        #expect(worker.step() && worker.step())
        for _ in 0..<3 { #expect(!worker.step()) }
        #expect(place.events().filter { $0 == "generation.daily_limit_reached" }.count == 1)
        place.pass(.seconds(86_400))
        #expect(worker.step())
        #expect(place.events().filter { $0 == "generation.completed" }.count == 3)
    }

    @Test(arguments: [BlobError.full, .unavailable("write: Input/output error"), .store(.full)])
    func aResultIsKeptOnceThereIsRoom(fault: BlobError) throws {
        let id = try place.submit()
        let faults = Monitor(3)
        let worker = place.worker(keepFault: {
            faults.withLock { faults in
                faults -= 1
                return faults >= 0 ? fault : nil
            }
        }) { _, _ in Self.result }
        #expect(worker.step())
        #expect(try place.generation(id).status == .completed)
        #expect(place.events().filter { $0 == "generation.not_kept" }.count == 3)
    }

    @Test func aJobThatOutlivesItsWorkersIsNotTriedForEver() throws {
        let id = try place.submit()
        for _ in 0..<7 {
            _ = try place.store.jobs.claim(for: .seconds(10), at: place.now)
            place.pass(.seconds(11))
        }
        // The claim ends it: there is nothing left to do for a worker.
        #expect(!place.worker(generate: Self.uncalled).step())
        #expect(try place.generation(id).failure == .providerTimeout)
        #expect(try place.balance() == 110)
    }
}
