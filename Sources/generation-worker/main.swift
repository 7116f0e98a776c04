import Clients
import Core
import Crypto
import HTTPClient
import System
import Threads
import Worker

// Reads its settings, opens the store and works until SIGTERM. Everything that decides something is in Worker or Core.
do {
    let settings = try WorkerSettings(System.environment())
    let tools = try WorkerTools(settings)
    StopSignals.block()
    let log = JSONLog(program: "generation-worker", level: settings.logLevel)
    let store = try Store(settings.store, log: log)
    let blobs = BlobDirectory(path: settings.images, random: randomBytes)
    let worker = GenerationWorker(
        dependencies: WorkerDependencies(
            store: store,
            read: { id throws(BlobError) in try blobs.read(id, maximumBytes: 128 << 20) },
            clean: { bytes, kind, isStopping throws(CleaningFault) in
                try tools.cleaner.clean(bytes, kind, isStopping: isStopping)
            },
            thumbnail: { bytes, side, isStopping throws(CleaningFault) in
                try tools.cleaner.thumbnail(of: bytes, side: side, isStopping: isStopping)
            },
            generate: tools.generate,
            keep: { contents, commit throws(BlobError) in try blobs.store(contents, commit: commit) },
            discard: { ids throws(BlobError) in
                try blobs.remove(ids) { id throws(StoreError) in try store.generations.isReferenced(id) }
            },
            now: System.now, uptime: System.uptime, log: log.callAsFunction),
        rules: WorkerRules(
            prompt: settings.prompt, attempts: settings.attempts, lease: settings.timeout + .seconds(60),
            maximumAge: settings.maximumAge, dailyLimit: settings.dailyLimit, maximumPixels: settings.maximumPixels))

    let tally = Tally(of: "generation-worker", keptIn: store, log: log)
    log(LogLine(.notice, "process.started"))
    worker.start(threads: settings.concurrency)
    StopSignals.wait()
    worker.stop(within: .seconds(8))
    tally.keep()
    log(LogLine(.notice, "process.stopped"))
    System.end()
} catch {
    System.fail(error)
}
