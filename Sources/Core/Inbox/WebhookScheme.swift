private import Crypto

/// How a webhook secret becomes the key of the signature. Polar decides by the age of the secret, and nothing tells us.
public enum WebhookScheme: String, CaseIterable, Sendable {
    /// Secrets from before 8 September 2026, and every one that a merchant chose: the bytes of the whole text.
    case legacy
    /// Later ones: what base64 behind `whsec_` stands for.
    case standard

    /// `nil` if the secret is none of this scheme.
    func key(of secret: Secret) -> [UInt8]? {
        switch self {
        case .legacy: return secret.bytes
        case .standard:
            let text = secret.revealed
            guard text.hasPrefix("whsec_"), let key = Base64.decoded(String(text.dropFirst("whsec_".count))) else {
                return nil
            }
            return key.isEmpty ? nil : key
        }
    }

    /// The `webhook-signature` that Polar would send; `nil` if the secret is none of this scheme.
    public func signature(id: String, timestamp: String, body: [UInt8], secret: Secret) -> String? {
        guard let key = key(of: secret) else { return nil }
        let message = Array("\(id).\(timestamp).".utf8) + body
        return "v1," + Base64.encoded(hmacSHA256(key: key, message: message))
    }
}

/// Whether the verifier takes what it should and refuses what it should not.
public enum WebhookSelfTest {
    private struct Vector {
        let secret: String
        let id: String
        let timestamp: String
        let body: String
        let signatures: [WebhookScheme: String]
    }

    /// Signatures that others made.
    ///
    /// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py
    private static let vectors = [
        Vector(
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: "1614265330", body: #"{"test": 2432232314}"#,
            signatures: [
                .standard: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                .legacy: "v1,TcxlhK9b6UD6iVI1ZU2tTqp8PEVfYRseNNfa6b+LcUg=",
            ])
    ]

    /// Whether the known signatures are accepted, and spoilt ones are not.
    public static func knownSignaturesHold() -> Bool {
        vectors.allSatisfy { vector in
            let verifier = WebhookVerifier(secrets: [Secret(vector.secret)])
            let now = Instant(unixSeconds: Int64(vector.timestamp) ?? 0)
            return WebhookScheme.allCases.allSatisfy { scheme in
                let signature = vector.signatures[scheme]
                return isAccepted(vector.id, vector.timestamp, signature, vector.body, by: verifier, at: now)
                    && !isAccepted(vector.id, vector.timestamp, signature, vector.body + " ", by: verifier, at: now)
                    && scheme.signature(
                        id: vector.id, timestamp: vector.timestamp, body: Array(vector.body.utf8),
                        secret: Secret(vector.secret)) == signature
            }
        }
    }

    /// Under which schemes a webhook signed with the secret is taken.
    public static func schemes(of secret: Secret, at now: Instant) -> [WebhookScheme] {
        let verifier = WebhookVerifier(secrets: [secret])
        let timestamp = String(now.rawValue / 1000)
        return WebhookScheme.allCases.filter { scheme in
            let signature = scheme.signature(id: "self-test", timestamp: timestamp, body: [], secret: secret)
            return signature != nil && isAccepted("self-test", timestamp, signature, "", by: verifier, at: now)
        }
    }

    private static func isAccepted(
        _ id: String, _ timestamp: String, _ signature: String?, _ body: String, by verifier: WebhookVerifier,
        at now: Instant
    ) -> Bool {
        let verified: Result<Delivery, WebhookError> = Result { () throws(WebhookError) in
            try verifier.verify(
                id: id, timestamp: timestamp, signatures: signature, body: Array(body.utf8), now: now)
        }
        switch verified {
        case .success: return true
        case .failure: return false
        }
    }
}

extension Secret {
    /// Takes as long for a wrong one as for the right one.
    public func matches(_ other: Secret) -> Bool { constantTimeEqual(bytes, other.bytes) }
}
