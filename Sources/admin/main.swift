import Core
import Crypto
import Endpoints
import Serving
import System

serving("admin") { (settings: AdminSettings, store, log) in
    followSources(settings.serving, text: System.text(ofFile:))
    let site = Site(
        AdminDependencies(
            store: store, scope: settings.scope,
            publicURL: settings.publicURL,
            freeBytes: { System.freeBytes(beside: settings.store.database) }, now: System.now, random: randomBytes,
            log: log.callAsFunction))
    var endpoint = Endpoint(respond: site.respond)
    endpoint.isUrgent = site.isUrgent
    return endpoint
}
