import Core
import Serving
import System
import Webhook

serving("polar-orders") { (settings: PolarOrdersSettings, store, log) in
    let scope = OrderScope(environment: settings.environment, product: settings.product)
    let endpoint = PolarOrders(
        verifier: WebhookVerifier(secrets: settings.webhookSecrets),
        receive: { delivery, event, headers, now throws(StoreError) in
            try store.inbox.receive(delivery, event: event, headers: headers, in: scope, at: now)
        },
        now: System.now,
        log: log.callAsFunction)
    return Endpoint(maximumBodyBytes: 1 << 20, respond: endpoint.respond)
}
