import Core
import Serving
import System
import Webhook

serving("polar-orders") { (settings: PolarOrdersSettings, store, log) in
    let orders = PolarOrders(
        verifier: WebhookVerifier(secrets: settings.webhookSecrets),
        inbox: store.inbox, scope: settings.scope, now: System.now, log: log.callAsFunction)
    var endpoint = Endpoint(respond: orders.respond)
    endpoint.maximumBodyBytes = 1 << 20
    return endpoint
}
