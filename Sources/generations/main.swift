import Clients
import Core
import Crypto
import Endpoints
import FastCGI
import HTTP
import System

// Reads its settings, opens the store and serves. Everything that decides something is in Endpoints or Core.
do {
    let settings = try GenerationsSettings(System.environment())
    let log = JSONLog(program: "generations", level: settings.serving.logLevel)
    let store = try Store(settings.store, log: log)
    let blobs = BlobDirectory(path: settings.images, random: randomBytes)
    let site = GenerationsSite(
        GenerationsDependencies(
            store: store, maximumUploadBytes: settings.maximumUploadBytes, maximumPixels: settings.maximumPixels,
            limits: settings.limits, begin: { () throws(BlobError) in try blobs.begin() },
            discard: { ids throws(BlobError) in
                try blobs.remove(ids) { id throws(StoreError) in try store.isReferenced(id) }
            },
            now: System.now, random: randomBytes, log: log.callAsFunction))

    let tally = Tally(of: "generations", keptIn: store, log: log)
    log(LogLine(.notice, "process.started"))
    let longest = GenerationsDependencies.maximumBodyBytes(maximumUploadBytes: settings.maximumUploadBytes)
    serve(
        ServeOptions(
            threads: settings.serving.threads, maximumBodyBytes: 64 << 10,
            streaming: .init(maximumBodyBytes: longest, applies: GenerationsSite.takesPicture),
            isUrgent: GenerationsSite.isUrgent, peer: settings.serving.peer),
        observe: { tally.count($0.method, $0.status, $0.duration) }, respond: site.respond)
    tally.keep()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
