import Core
import Serving
import System
import Webhook

serving("polar-orders") { (settings: PolarOrdersSettings, store, log) in
    let endpoint = PolarOrders(
        verifier: WebhookVerifier(secrets: settings.webhookSecrets),
        inbox: store.inbox, scope: settings.scope, now: System.now, log: log.callAsFunction)
    return Endpoint(maximumBodyBytes: 1 << 20, respond: endpoint.respond)
}
