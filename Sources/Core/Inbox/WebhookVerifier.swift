private import Crypto

/// Turns the bytes of a Standard Webhooks request into a delivery that can be trusted.
///
/// The signature is HMAC-SHA256 over `id.timestamp.body`. Polar keys it with the UTF-8 of the whole secret (secrets made
/// before 2026-09-08, or chosen by the merchant) or with the base64-decoded part after `whsec_` (later ones); nothing in
/// a request tells which, so both are tried, for each secret that is in force.
///
/// Sources:
/// - https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
/// - https://github.com/polarsource/polar/blob/main/server/polar/webhook/tasks.py
public struct WebhookVerifier: Sendable {
    private let keys: [[UInt8]]
    private let tolerance: Duration

    /// - Parameter tolerance: how far the timestamp may lie from now, either way. The specification leaves the figure
    ///   open; its libraries and Polar's use five minutes.
    public init(secrets: [Secret], tolerance: Duration = .seconds(300)) {
        precondition(!secrets.isEmpty && secrets.allSatisfy { !$0.bytes.isEmpty })
        precondition(tolerance > .zero)
        keys = secrets.flatMap(Self.keys)
        self.tolerance = tolerance
    }

    /// - Parameters:
    ///   - id: the `webhook-id` header. The same through every retry of one event.
    ///   - timestamp: the `webhook-timestamp` header: Unix seconds of *this attempt*.
    ///   - signatures: the `webhook-signature` header: `v1,<base64>`, several parted by spaces. One match is enough.
    ///   - body: exactly as received. Decoding and re-encoding it breaks the signature.
    /// - Throws: ``WebhookError``. Nothing may be stored or logged from `body` then.
    public func verify(
        id: String?, timestamp: String?, signatures: String?, body: [UInt8], now: Instant
    ) throws(WebhookError) -> Delivery {
        guard let id, let timestamp, let signatures else { throw .headerMissing }
        guard (1...256).contains(id.utf8.count), id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            (1...12).contains(timestamp.utf8.count), timestamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(timestamp)
        else { throw .headerMalformed }

        let sent = Instant(unixSeconds: seconds)
        if sent.distance(to: now) > tolerance { throw .tooOld }
        if now.distance(to: sent) > tolerance { throw .tooNew }

        let message = Array("\(id).\(timestamp).".utf8) + body
        let expected = keys.map { hmacSHA256(key: $0, message: message) }
        let written = signatures.utf8.count <= 4096 ? signatures.utf8.split(separator: UInt8(ascii: " ")) : []
        let given = written.compactMap(Self.signature)
        // Every pair is compared, so that the time taken does not tell which one matched.
        let matches = given.reduce(0) { count, signature in
            count + expected.count { constantTimeEqual($0, signature) }
        }
        guard matches > 0 else { throw .signatureMismatch }
        return Delivery(id: id, sent: sent, body: body)
    }

    private static func signature(_ text: Substring.UTF8View) -> [UInt8]? {
        text.starts(with: "v1,".utf8) ? Base64.decoded(String(Substring(text.dropFirst(3)))) : nil
    }

    private static func keys(_ secret: Secret) -> [[UInt8]] {
        let text = secret.revealed
        var encoded = text.hasPrefix("whsec_") ? String(text.dropFirst("whsec_".count)) : text
        while encoded.utf8.count % 4 != 0 { encoded += "=" }
        // As the SDKs decode it: a secret of 43 characters from before base64 leaves bits over.
        guard let decoded = Base64.decodedWithStrayBits(encoded), !decoded.isEmpty else { return [secret.bytes] }
        return [secret.bytes, decoded]
    }
}

/// A webhook whose signature was checked. Only ``WebhookVerifier`` makes one.
public struct Delivery: Equatable, Sendable {
    /// The `webhook-id`: names the event for this endpoint, through every attempt.
    public let id: String
    /// The time of this attempt, by Polar's clock.
    public let sent: Instant
    public let body: [UInt8]
}

public enum WebhookError: Error, Equatable, Sendable {
    case headerMissing
    case headerMalformed
    case tooOld
    case tooNew
    case signatureMismatch
}
