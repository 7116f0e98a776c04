import Clients
import Core
import Crypto
import Endpoints
import HTTPClient
import Serving
import System
import Threads

serving("checkout") { (settings: CheckoutSettings, store, log) in
    followSources(settings.serving, text: System.text(ofFile:))
    let polar = PolarClient(
        settings.polar, http: HTTPClient(connectTimeout: .seconds(5), totalTimeout: .seconds(15)))
    let site = Site(
        CheckoutDependencies(
            store: store, scope: settings.scope,
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
    var endpoint = Endpoint(respond: site.respond)
    endpoint.isUrgent = site.isUrgent
    return endpoint
}
