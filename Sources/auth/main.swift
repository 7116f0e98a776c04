import Core
import Crypto
import Endpoints
import FastCGI
import HTTP
import System
import Threads

// Reads its settings, opens the store and serves. Everything that decides something is in Endpoints or Core.
do {
    let settings = try AuthSettings(System.environment())
    let log = JSONLog(program: "auth", level: settings.serving.logLevel)
    let store = try Store(settings.store, log: log)
    let places = Bulkhead(amongThreads: settings.serving.threads)
    let issuer = Issuer(settings, places: places, log: log.callAsFunction)
    let uses = SessionUses(keptIn: store, log: log)
    let endpoint = Auth(
        site: Auth.Site(
            publicURL: settings.publicURL, origin: settings.origin, issuerCookie: settings.issuerCookie),
        tokens: Auth.Tokens(
            verifier: issuer.verifier, rules: settings.rules,
            emailClaims: try store.emailClaims(of: settings.issuer, log: log)),
        sessions: Auth.Sessions(
            find: store.session, open: store.openSession, close: store.closeSession, logOut: store.logOut,
            note: uses.note, formTokens: try store.formTokenKey()),
        login: settings.client.map(issuer.login),
        surroundings: Auth.Surroundings(random: randomBytes, now: System.now, log: log.callAsFunction))

    let tally = Tally(of: "auth", keptIn: store, log: log)
    issuer.waitForKeys()
    log(LogLine(.notice, "process.started"))
    serve(
        ServeOptions(threads: settings.serving.threads, maximumBodyBytes: 16_384, peer: settings.serving.peer),
        observe: { tally.count($0.method, $0.status, $0.duration) }, respond: endpoint.respond)
    tally.keep()
    uses.keep()
    log(LogLine(.notice, "process.stopped"))
} catch {
    System.fail(error)
}
