import Clients
import Core
import Crypto
import Endpoints
import FastCGI
import HTTP
import HTTPClient
import System
import Threads

// Reads its settings, opens the store and serves. Everything that decides something is in Endpoints or Core.
do {
    let settings = try CheckoutSettings(System.environment())
    let log = JSONLog(program: "checkout", level: settings.serving.logLevel)
    let store = try Store(settings.store, log: log)
    let polar = PolarClient(
        address: settings.polar.address, token: settings.polar.token, version: settings.polar.version,
        http: HTTPClient(connectTimeout: .seconds(5), totalTimeout: .seconds(15)))
    let site = CheckoutSite(
        CheckoutDependencies(
            store: store, scope: OrderScope(environment: settings.environment, product: settings.product),
            publicURL: settings.publicURL,
            // A buyer waits for the checkout page, 15 s in all; nobody waits long for the answer to a question.
            createSession: { request throws(PolarFailure) in
                try polar.within(.seconds(10)).createCheckout(request)
            },
            findSession: { checkout throws(PolarFailure) in try polar.within(.seconds(5)).session(of: checkout) },
            report: { id throws(PolarFailure) in try polar.within(.seconds(4)).report(on: id) },
            places: Bulkhead(amongThreads: settings.serving.threads),
            freeBytes: { System.freeBytes(beside: settings.store.database) }, now: System.now, random: randomBytes,
            log: log.callAsFunction))

    let tally = Tally(of: "checkout", keptIn: store, log: log)
    log(LogLine(.notice, "process.started"))
    serve(
        ServeOptions(
            threads: settings.serving.threads, maximumBodyBytes: 64 << 10, isUrgent: CheckoutSite.isUrgent,
            peer: settings.serving.peer),
        observe: { tally.count($0.method, $0.status, $0.duration) }, respond: site.respond)
    tally.keep()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
