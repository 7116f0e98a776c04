import Core
import FastCGI
import HTTP
import System
import Webhook

// Reads its settings, opens the store and serves. Everything that decides something is in Endpoints or Core.
do {
    let settings = try PolarOrdersSettings(System.environment())
    let log = JSONLog(program: "polar-orders", level: settings.serving.logLevel)
    let store = try Store(settings.store, log: log)
    let scope = OrderScope(environment: settings.environment, product: settings.product)
    let endpoint = PolarOrders(
        verifier: WebhookVerifier(secrets: settings.webhookSecrets),
        receive: { delivery, event, headers, now throws(StoreError) in
            try store.receive(delivery, event: event, headers: headers, in: scope, at: now)
        },
        now: System.now,
        log: log.callAsFunction)

    let tally = Tally(of: "polar-orders", keptIn: store, log: log)
    log(LogLine(.notice, "process.started"))
    serve(
        ServeOptions(threads: settings.serving.threads, maximumBodyBytes: 1 << 20, peer: settings.serving.peer),
        observe: { tally.count($0.method, $0.status, $0.duration) }, respond: endpoint.respond)
    tally.keep()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
