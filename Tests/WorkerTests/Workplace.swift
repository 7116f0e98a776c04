import Clients
import Core
import Crypto
import Foundation
import Images
import SQLite
import TestSupport
import Testing
import Threads
import Worker

/// A database, a directory of images and a user with credits; the clock stands still until it is moved.
final class Workplace: Sendable {
    static let start = Instant(unixSeconds: 1_800_000_000)
    /// 24 x 16 pixels.
    static let picture = Workplace.image("colour.png")

    /// Empty if it is missing: what is done with it fails then.
    static func image(_ name: String) -> [UInt8] { (try? Fixtures.image(name)) ?? [] }

    let store: Store
    let database: String
    let images: String
    let blobs: BlobDirectory
    let user: UserID
    let clock: Monitor<Instant>
    /// Of the machine; nobody sets it.
    let uptime = Monitor(Duration.seconds(1000))
    let lines = Monitor<[LogLine]>([])
    private let directory: TemporaryDirectory

    init(credits: Int64 = 100, at start: Instant = Workplace.start) throws {
        directory = try TemporaryDirectory()
        database = directory.path + "/credits.db"
        images = directory.path + "/images"
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: false)
        blobs = BlobDirectory(path: images, random: randomBytes)
        _ = try Store.migrate(SQLiteFile(database))
        store = try Store(at: SQLiteFile(database)) { Issue.record("the store broke: \($0)") }
        user = try #require(UserID("ada"))
        clock = Monitor(start)
        _ = try store.people.account(of: Profile(user: user), at: start)
        _ = try store.ledger.adjust(
            Adjustment(user: user, amount: Credits(rawValue: credits), actor: "test", reason: "test", key: "test"),
            at: start)
    }

    var now: Instant { clock.withLock { $0 } }
    func pass(_ time: Duration) {
        setClock(by: time)
        uptime.withLock { $0 += time }
    }

    /// As an administrator or a time server does.
    func setClock(by time: Duration) { clock.withLock { $0 = $0.advanced(by: time) } }

    /// As an upload does it.
    @discardableResult
    func submit(_ bytes: [UInt8] = Workplace.picture, at now: Instant? = nil) throws -> Generation.ID {
        let id = Generation.ID(random: randomBytes(16))
        let facts = try ImageProbe.facts(of: bytes[...], maximumPixels: 1_000_000)
        let outcome = try blobs.store(bytes) { blob throws(StoreError) in
            try store.generations.submit(
                id, of: StoredImage(blob: blob, bytes: Int64(bytes.count), facts: facts), for: Profile(user: user),
                at: now ?? self.now)
        }
        guard case .queued = outcome else { throw NeverCame(description: "\(outcome)") }
        return id
    }

    func generation(_ id: Generation.ID) throws -> Generation { try #require(try store.generations.find(id, of: user)) }
    func balance() throws -> Int64 { try #require(try store.people.account(of: user, at: now)).balance.rawValue }
    func events() -> [String] { lines.withLock { $0.map(\.event) } }
    func log() -> String { lines.withLock { $0.map { $0.json(at: Self.start) }.joined(separator: "\n") } }
    func files() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: images)).subtracting([".lock"])
    }

    /// A worker whose provider is `generate`; metadata is taken off only where a test is about that.
    func worker(
        attempts: Int64 = 2, maximumAge: Duration = .seconds(3600), dailyLimit: Int64? = nil,
        maximumPixels: Int = 1_000_000,
        clean: @escaping WorkerDependencies.Clean = { bytes, _, _ in bytes },
        thumbnail: @escaping WorkerDependencies.Thumbnail = { _, _, _ throws(CleaningFault) in
            throw .unavailable("no thumbnail was expected")
        },
        keepFault: @escaping @Sendable () -> BlobError? = { nil }, generate: @escaping WorkerDependencies.Generate
    ) -> GenerationWorker {
        GenerationWorker(
            dependencies: WorkerDependencies(
                store: store, read: { [blobs] id throws(BlobError) in try blobs.read(id, maximumBytes: 1 << 20) },
                clean: clean, thumbnail: thumbnail, generate: generate,
                keep: { [blobs] contents, commit throws(BlobError) in
                    if let fault = keepFault() { throw fault }
                    return try blobs.store(contents, commit: commit)
                },
                discard: { [blobs, store] ids throws(BlobError) in
                    try blobs.remove(ids) { id throws(StoreError) in try store.generations.isReferenced(id) }
                },
                now: { [clock] in clock.withLock { $0 } }, uptime: { [uptime] in uptime.withLock { $0 } },
                log: { [lines] line in lines.withLock { $0.append(line) } }),
            rules: WorkerRules(
                prompt: "a prompt", attempts: attempts, lease: .seconds(150), maximumAge: maximumAge,
                dailyLimit: dailyLimit, maximumPixels: maximumPixels, pause: .milliseconds(10)))
    }
}
