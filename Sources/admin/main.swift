import Core
import Crypto
import Endpoints
import FastCGI
import HTTP
import System

// Reads its settings, opens the store and serves. Everything that decides something is in Endpoints or Core.
do {
    let settings = try AdminSettings(System.environment())
    let log = JSONLog(program: "admin", level: settings.serving.logLevel)
    let store = try Store(settings.store, log: log)
    let site = AdminSite(
        AdminDependencies(
            store: store, scope: OrderScope(environment: settings.environment, product: settings.product),
            publicURL: settings.publicURL,
            freeBytes: { System.freeBytes(beside: settings.store.database) }, now: System.now, random: randomBytes,
            log: log.callAsFunction))

    let tally = Tally(of: "admin", keptIn: store, log: log)
    log(LogLine(.notice, "process.started"))
    serve(
        ServeOptions(
            threads: settings.serving.threads, maximumBodyBytes: 64 << 10, isUrgent: AdminSite.isUrgent,
            peer: settings.serving.peer),
        observe: { tally.count($0.method, $0.status, $0.duration) }, respond: site.respond)
    tally.keep()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
