import Core
import Crypto

private let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
private let verifier = WebhookVerifier(secrets: [secret])
private let now = Instant(unixSeconds: 1_700_000_000)

/// The body of a delivery that is signed: its event is read and decided upon.
func fuzz(_ bytes: [UInt8]) {
    let signature = hmacSHA256(key: secret.bytes, message: Array("id.1700000000.".utf8) + bytes)
    guard
        let delivery = try? verifier.verify(
            id: "id", timestamp: "1700000000", signatures: "v1,\(Base64.encoded(signature))", body: bytes, now: now)
    else { preconditionFailure("our own signature is refused") }
    guard let event = try? WebhookEvent(delivery) else { return }
    precondition((try? WebhookEvent(delivery)) == event && !event.type.isEmpty)
}
