import Core
import Crypto

private let verifier = WebhookVerifier(secrets: [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")])
private let now = Instant(unixSeconds: 1_700_000_000)

/// Three lines are the headers, the rest the body. Nobody guesses a signature.
func fuzz(_ bytes: [UInt8]) {
    var body = bytes
    let id = body.takeLine()
    let timestamp = body.takeLine()
    let signatures = body.takeLine()
    let delivery = try? verifier.verify(id: id, timestamp: timestamp, signatures: signatures, body: body, now: now)
    precondition(delivery == nil)
}
