import Core
import Crypto
import Endpoints
private import Identity
import Serving
import System
import Threads

serving("auth") { (settings: AuthSettings, store, log) in
    followSources(settings.serving, text: System.text(ofFile:))
    let places = Bulkhead(amongThreads: settings.serving.threads)
    let issuer = Issuer(settings, places: places, log: log.callAsFunction)
    let uses = SessionUses(keptIn: store, log: log)
    let auth = Auth(
        site: Auth.Site(
            publicURL: settings.publicURL, origin: settings.origin, issuerCookie: settings.issuerCookie),
        tokens: Auth.Tokens(
            verifier: issuer.verifier, rules: settings.rules,
            emailClaims: try store.emailClaims(of: settings.issuer, log: log)),
        sessions: Auth.Sessions(
            store.sessions, formTokens: try store.sessions.formTokenKey(), note: uses.note),
        login: settings.client.map(issuer.login),
        dependencies: Auth.Dependencies(random: randomBytes, now: System.now, log: log.callAsFunction))
    var endpoint = Endpoint(respond: auth.respond)
    endpoint.maximumBodyBytes = 16_384
    endpoint.begin = issuer.waitForKeys
    endpoint.end = uses.keep
    return endpoint
}
