import Clients
import Core
import Foundation
import Images
import TestSupport
import Testing
import Threads
import Worker

/// The built worker, with real programs and signals.
@Suite(.serialized) struct WorkerProcessTests {
    private static let turned = Workplace.image("orientation-6.jpg")

    private func environment(_ place: Workplace, command: String, concurrency: Int = 2) -> [String: String] {
        [
            "CREDITS_DATABASE": place.database, "CREDITS_IMAGES": place.images, "GENERATOR": "command",
            "GENERATOR_COMMAND": command, "GENERATION_CONCURRENCY": "\(concurrency)", "PATH": "/usr/bin:/bin",
            "GENERATION_TIMEOUT_SECONDS": "20",
        ]
    }

    private static var now: Instant { Instant(rawValue: Int64(Date().timeIntervalSince1970 * 1000)) }

    @Test func aPictureGoesThroughARealProgram() throws {
        let place = try Workplace(at: Self.now)
        let id = try place.submit(Self.turned, at: Self.now)
        let worker = try Program("generation-worker").start(
            environment: environment(place, command: "vips invert stdin .png"))
        try eventually("it is done", within: .seconds(60)) { try place.generation(id).status == .completed }
        worker.signal(SIGTERM)
        #expect(worker.wait(within: .seconds(10)) == 0)
        let result = try #require(try place.generation(id).result)
        #expect(result.facts == ImageFacts(kind: .png, width: 16, height: 24), "upright")
        let original = try place.generation(id).input
        #expect(try place.files() == [original.blob.text, result.blob.text])
        let log = try worker.errors()
        for event in ["process.started", "generation.completed", "process.stopped"] { #expect(log.contains(event)) }
    }

    @Test func aLargeResultGetsAThumbnailFromRealTools() throws {
        let place = try Workplace(at: Self.now)
        let id = try place.submit(Self.turned, at: Self.now)
        let worker = try Program("generation-worker").start(
            environment: environment(place, command: "vips resize stdin .png 60"))
        try eventually("it is done", within: .seconds(60)) { try place.generation(id).status == .completed }
        worker.signal(SIGTERM)
        #expect(worker.wait(within: .seconds(10)) == 0)
        let generation = try place.generation(id)
        #expect(generation.result?.facts == ImageFacts(kind: .png, width: 960, height: 1440))
        let thumbnail = try #require(generation.thumbnail)
        #expect(thumbnail.facts == ImageFacts(kind: .webp, width: 320, height: 480))
        #expect(try place.blobs.read(thumbnail.blob, maximumBytes: 1 << 20).count == Int(thumbnail.bytes))
    }

    @Test func sigtermHandsBackWhatIsInHand() throws {
        let place = try Workplace(at: Self.now)
        let ids = try [Self.turned, Workplace.picture].map { try place.submit($0, at: Self.now) }
        let worker = try Program("generation-worker").start(environment: environment(place, command: "sleep 60"))
        try eventually("both are taken", within: .seconds(30)) {
            try ids.allSatisfy { try place.generation($0).status == .processing }
        }
        worker.signal(SIGTERM)
        #expect(worker.wait(within: .seconds(10)) == 0)
        for id in ids {
            let generation = try place.generation(id)
            #expect(generation.status == .pending && generation.attempts == 0)
        }
    }

    @Test func whatIsWrongWithTheSettingsIsToldAtOnce() throws {
        let ended = try Program("generation-worker").run(environment: ["GENERATION_ATTEMPTS": "0"])
        #expect(ended.status == 78)
        #expect(
            ended.errors == """
                CREDITS_DATABASE is missing
                CREDITS_IMAGES is missing
                GENERATOR is missing: one of gemini, command
                GENERATION_ATTEMPTS is not a whole number from 1 to 10

                """)
    }

    @Test func missingToolsAreToldAtOnce() throws {
        let place = try Workplace()
        var environment = environment(place, command: "no-such-program")
        environment["PATH"] = "/nowhere"
        let ended = try Program("generation-worker").run(environment: environment)
        #expect(ended.status == 75)
        #expect(
            ended.errors == """
                vipsthumbnail is missing: install libvips-tools
                GENERATOR_COMMAND names no program that can be run

                """)
    }

    /// The worker is killed fifty times while two hundred jobs run, some of which fail: each ends once, and so does its
    /// credit.
    @Test func killsLoseAndDoubleNothing() throws {
        let place = try Workplace(credits: 240, at: Self.now)
        let script = "\(place.images)/../generate"
        // Every picture with its own fate, told by its size.
        try Places.write(
            """
            picture=$(mktemp); trap 'rm -f "$picture"' EXIT; cat > "$picture"
            case $(($(stat -c %s "$picture") % 5)) in 0) exit 65;; 1) echo nonsense;; *) cat "$picture";; esac
            """, to: script)
        let names = [
            "baseline.jpg", "colour.png", "deep.png", "interlaced.png", "lossless.webp", "lossy.webp", "palette.png",
            "plain.heic", "progressive.jpg", "rotated.heic",
        ]
        let ids = try (0..<200).map { try place.submit(Workplace.image(names[$0 % names.count]), at: Self.now) }
        let seed = UInt64(Date().timeIntervalSince1970)
        var random = SplitMix64(seed: seed)
        var stranded: Set<Generation.ID> = []
        var hits = 0
        func all(_ status: Generation.Status) throws -> Set<Generation.ID> {
            Set(try ids.filter { try place.generation($0).status == status })
        }
        for round in 0..<50 {
            let worker = try Program("generation-worker").start(
                environment: environment(place, command: "sh \(script)"))
            // Three of four from the moment that it has a job, so that a slow machine makes no test of idle processes.
            try eventually("it works", within: .seconds(30)) {
                guard try worker.errors().contains("process.started") else { return false }
                if round % 4 == 0 { return true }
                return try !all(.processing).subtracting(stranded).isEmpty || all(.pending).isEmpty
            }
            _ = worker.wait(within: .milliseconds(Int.random(in: 0...500, using: &random)))
            worker.signal(SIGKILL)
            #expect(worker.wait(within: .seconds(10)) == -SIGKILL)
            let left = try all(.processing)
            if !left.subtracting(stranded).isEmpty { hits += 1 }
            stranded = left
            #expect(try place.store.ledger.verify().isEmpty, "seed \(seed)")
        }
        #expect(hits > 25, "most kills end a job in hand")
        try finish(ids, at: place, script: script)
        let generations = try ids.map { try place.generation($0) }
        let completed = generations.filter { $0.status == .completed }
        let failed = generations.filter { $0.status == .failed }
        #expect(completed.count + failed.count == ids.count, "seed \(seed)")
        #expect(!completed.isEmpty && !failed.isEmpty)
        #expect(failed.allSatisfy { $0.isRefunded })
        #expect(try place.balance() == 250 - Int64(completed.count), "seed \(seed)")
        #expect(try place.store.ledger.verify().isEmpty, "seed \(seed)")
        for generation in completed {
            let result = try #require(generation.result)
            #expect(try place.blobs.read(result.blob, maximumBytes: 1 << 20).count == Int(result.bytes))
        }
    }

    /// A worker an hour later: every lease of the dead has run out.
    private func finish(_ ids: [Generation.ID], at place: Workplace, script: String) throws {
        place.clock.withLock { $0 = Self.now.advanced(by: .seconds(3600)) }
        let command = try Program.commandGenerator("sh \(script)")
        let cleaner = try Program.cleaner()
        let worker = place.worker(clean: cleaner, generate: command)
        for _ in 0..<10 {
            atOnce(2) { _ in while worker.step() {} }
            place.pass(.seconds(600))
        }
    }
}
