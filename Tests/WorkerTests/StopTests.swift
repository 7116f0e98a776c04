import Clients
import Core
import TestSupport
import Testing
import Threads
import Worker

/// Several jobs at once, and what becomes of them when the worker stops.
@Suite struct StopTests {
    private static let result = Workplace.image("lossless.webp")
    private static let pictures = ["colour.png", "deep.png", "palette.png", "interlaced.png"].map(Workplace.image)

    @Test func severalJobsAreInHandAtOnce() throws {
        let place = try Workplace()
        let ids = try Self.pictures.map { try place.submit($0) }
        let inside = Monitor(0)
        let worker = place.worker { _, _ in
            inside.withLock { $0 += 1 }
            // Nobody goes on before all have come.
            inside.wait { $0 == 4 ? () : nil }
            return Self.result
        }
        worker.start(threads: 4)
        try eventually("all are done") { try ids.allSatisfy { try place.generation($0).status == .completed } }
        #expect(worker.stop(within: .seconds(5)))
    }

    @Test func workThatComesLaterIsFound() throws {
        let place = try Workplace()
        let worker = place.worker { _, _ in Self.result }
        worker.start(threads: 2)
        for picture in Self.pictures {
            let id = try place.submit(picture)
            try eventually("it is done") { try place.generation(id).status == .completed }
        }
        #expect(worker.stop(within: .seconds(5)))
    }

    @Test func aStoppingWorkerEndsItsProgramAndHandsTheJobBack() throws {
        let place = try Workplace()
        let id = try place.submit()
        let command = try CommandGenerator(command: "sleep 60", path: "/usr/bin:/bin", timeout: .seconds(90))
        let worker = place.worker { input, isStopping throws(GenerationFault) in
            try command.generate(input, isStopping: isStopping)
        }
        worker.start(threads: 2)
        try eventually("it is taken") { try place.generation(id).status == .processing }
        let spent = ContinuousClock().measure { #expect(worker.stop(within: .seconds(8))) }
        #expect(spent < .seconds(3))
        let generation = try place.generation(id)
        #expect(generation.status == .pending)
        #expect(generation.attempts == 0, "as if it had never been taken")
        #expect(place.events() == ["generation.handed_back"])
    }

    @Test func aCallThatCannotBeEndedIsLeftBehindAndItsResultDropped() throws {
        let place = try Workplace()
        let id = try place.submit()
        let gate = Monitor(false)
        let left = Monitor(false)
        let worker = place.worker { _, _ in
            gate.wait { $0 ? () : nil }
            left.withLock { $0 = true }
            return Self.result
        }
        worker.start(threads: 1)
        try eventually("it is taken") { try place.generation(id).status == .processing }
        #expect(!worker.stop(within: .milliseconds(50)))
        #expect(try place.generation(id).status == .pending, "another worker may have it at once")

        let other = place.worker { _, _ in Workplace.image("lossy.webp") }
        #expect(other.step())
        gate.withLock { $0 = true }
        #expect(worker.stop(within: .seconds(5)))
        let generation = try place.generation(id)
        #expect(generation.result?.blob == BlobID(contentOf: Workplace.image("lossy.webp")))
        #expect(try place.files().count == 2)
        #expect(try place.balance() == 109)
    }

    @Test func aResultInHandIsStoredBeforeTheEnd() throws {
        let place = try Workplace()
        let id = try place.submit()
        let keeping = Monitor(false)
        let gate = Monitor(false)
        let worker = place.worker(keepFault: {
            keeping.withLock { $0 = true }
            gate.wait { $0 ? () : nil }
            return nil
        }) { _, _ in Self.result }
        worker.start(threads: 1)
        keeping.wait { $0 ? () : nil }
        let stopped = Monitor<Bool?>(nil)
        startThread {
            let isEnded = worker.stop(within: .seconds(10))
            stopped.withLock { $0 = isEnded }
        }
        #expect(stopped.wait(atMost: .milliseconds(50)) { $0 } == nil)
        gate.withLock { $0 = true }
        #expect(stopped.wait { $0 } == true)
        #expect(try place.generation(id).status == .completed)
    }
}
