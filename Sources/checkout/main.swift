import Clients
import Core
import Crypto
import Endpoints
import FastCGI
import HTTP
import HTTPClient
import System

// Reads its settings, opens the store and serves. Everything that decides something is in Endpoints or Core.
do {
    let settings = try CheckoutSettings(System.environment())
    let log = JSONLog(program: "checkout", level: settings.serving.logLevel)
    let store = try Store(settings.store, log: log)
    func polar(_ patience: Duration) -> PolarClient {
        PolarClient(
            address: settings.polar.address, token: settings.polar.token, version: settings.polar.version,
            http: HTTPClient(connectTimeout: .seconds(5), totalTimeout: patience))
    }
    // A buyer waits for the checkout page; nobody should wait for the answer to a question.
    let (patient, brisk) = (polar(.seconds(20)), polar(.seconds(4)))
    let site = CheckoutSite(
        CheckoutDependencies(
            store: store, scope: OrderScope(environment: settings.environment, product: settings.product),
            publicURL: settings.publicURL,
            createSession: { request throws(PolarFailure) in try patient.createCheckout(request) },
            findSession: { checkout throws(PolarFailure) in try brisk.session(of: checkout) },
            report: { id throws(PolarFailure) in try brisk.report(on: id) },
            freeBytes: { System.freeBytes(beside: settings.store.database) }, now: System.now, random: randomBytes,
            log: log.callAsFunction))

    let tally = Tally(of: "checkout", keptIn: store, log: log)
    log(LogLine(.notice, "process.started"))
    serve(
        ServeOptions(threads: settings.serving.threads, maximumBodyBytes: 64 << 10, peer: settings.serving.peer),
        observe: { tally.count($0.method, $0.status, $0.duration) }, respond: site.respond)
    tally.keep()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
