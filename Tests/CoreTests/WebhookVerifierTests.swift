import Core
import Crypto
import JSON
import TestSupport
import Testing

@Suite struct WebhookVerifierTests {
    static let now = Instant(unixSeconds: 1_700_000_000)
    static let secret = "polar_whs_0123456789abcdef0123456789"

    /// A request that verifies; each case below spoils it in one way.
    struct Attempt: Sendable {
        var id: String? = "msg_1"
        var timestamp: String? = "1700000000"
        var signatures: String? = signature()
        var body = Array(#"{"type":"order.paid"}"#.utf8)

        static func signature(
            key: [UInt8] = Array(secret.utf8), id: String = "msg_1", timestamp: String = "1700000000",
            body: String = #"{"type":"order.paid"}"#
        ) -> String {
            "v1," + Base64.encoded(hmacSHA256(key: key, message: Array("\(id).\(timestamp).\(body)".utf8)))
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: WebhookError
        let spoil: @Sendable (inout Attempt) -> Void

        init(_ description: String, _ error: WebhookError, _ spoil: @escaping @Sendable (inout Attempt) -> Void) {
            (testDescription, self.error, self.spoil) = (description, error, spoil)
        }

        static let headers = [
            Refusal("no id", .headerMissing) { $0.id = nil },
            Refusal("no timestamp", .headerMissing) { $0.timestamp = nil },
            Refusal("no signature", .headerMissing) { $0.signatures = nil },
            Refusal("empty id", .headerMalformed) { $0.id = "" },
            Refusal("id of 257 bytes", .headerMalformed) { $0.id = String(repeating: "i", count: 257) },
            Refusal("id with a space", .headerMalformed) { $0.id = "msg 1" },
            Refusal("id with a line feed", .headerMalformed) { $0.id = "msg_1\n" },
            Refusal("id beyond ASCII", .headerMalformed) { $0.id = "msg_\u{E9}" },
            Refusal("empty timestamp", .headerMalformed) { $0.timestamp = "" },
            Refusal("timestamp is a word", .headerMalformed) { $0.timestamp = "soon" },
            Refusal("timestamp with a sign", .headerMalformed) { $0.timestamp = "+1700000000" },
            Refusal("timestamp below zero", .headerMalformed) { $0.timestamp = "-1" },
            Refusal("timestamp with a fraction", .headerMalformed) { $0.timestamp = "1700000000.0" },
            Refusal("timestamp with an exponent", .headerMalformed) { $0.timestamp = "17e8" },
            Refusal("timestamp with a space", .headerMalformed) { $0.timestamp = " 1700000000" },
            Refusal("timestamp in other digits", .headerMalformed) { $0.timestamp = "\u{0661}7" },
            Refusal("timestamp of 13 digits", .headerMalformed) { $0.timestamp = "1700000000000" },
            Refusal("timestamp is the least Int64", .headerMalformed) { $0.timestamp = "-9223372036854775808" },
            Refusal("timestamp is the greatest Int64", .headerMalformed) { $0.timestamp = "9223372036854775807" },
            Refusal("timestamp of 12 nines", .tooNew) { $0.timestamp = "999999999999" },
            Refusal("timestamp is zero", .tooOld) { $0.timestamp = "0" },
            Refusal("301 s old", .tooOld) { $0.timestamp = "1699999699" },
            Refusal("301 s ahead", .tooNew) { $0.timestamp = "1700000301" },
        ]

        static let signatures = [
            Refusal("another id was signed", .signatureMismatch) { $0.id = "msg_2" },
            Refusal("another second was signed", .signatureMismatch) { $0.timestamp = "1700000001" },
            Refusal("the same second with a zero first", .signatureMismatch) { $0.timestamp = "01700000000" },
            Refusal("one byte more", .signatureMismatch) { $0.body.append(0x20) },
            Refusal("one byte less", .signatureMismatch) { $0.body.removeLast() },
            Refusal("one bit flipped", .signatureMismatch) { $0.body[3] ^= 1 },
            Refusal("no body", .signatureMismatch) { $0.body = [] },
            Refusal("empty signature", .signatureMismatch) { $0.signatures = "" },
            Refusal("version alone", .signatureMismatch) { $0.signatures = "v1," },
            Refusal("no version", .signatureMismatch) { $0.signatures?.removeFirst(3) },
            Refusal("unknown version", .signatureMismatch) {
                $0.signatures = $0.signatures?.replacing("v1,", with: "v9,")
            },
            Refusal("asymmetric version", .signatureMismatch) {
                $0.signatures = $0.signatures?.replacing("v1,", with: "v1a,")
            },
            Refusal("version in capitals", .signatureMismatch) {
                $0.signatures = $0.signatures?.replacing("v1,", with: "V1,")
            },
            Refusal("cut short", .signatureMismatch) { $0.signatures?.removeLast(4) },
            Refusal("without padding", .signatureMismatch) { $0.signatures = $0.signatures?.replacing("=", with: "") },
            Refusal("in hexadecimal", .signatureMismatch) { attempt in
                attempt.signatures = "v1," + hexadecimal(Base64.decoded(String(Attempt.signature().dropFirst(3))) ?? [])
            },
            Refusal("joined by a comma", .signatureMismatch) { $0.signatures = "v1,AAAA," + Attempt.signature() },
            Refusal("of another secret", .signatureMismatch) { $0.signatures = Attempt.signature(key: [1]) },
            Refusal("keyed with the prefix alone", .signatureMismatch) {
                $0.signatures = Attempt.signature(key: Array("polar_whs_".utf8))
            },
            Refusal("behind 4 KiB of others", .signatureMismatch) {
                $0.signatures = String(repeating: "v1,AAAA ", count: 512) + Attempt.signature()
            },
        ]
    }

    @Test(arguments: Refusal.headers + Refusal.signatures)
    func refuses(_ refusal: Refusal) {
        var attempt = Attempt()
        refusal.spoil(&attempt)
        #expect(throws: refusal.error) { try verify(attempt) }
    }

    @Test(arguments: [
        "v1,AAAA v1a,BBBB \(Attempt.signature())", "\(Attempt.signature()) v1,AAAA", "  \(Attempt.signature())  ",
        "nonsense , \(Attempt.signature())", "v1 v1, v1,= \(Attempt.signature())",
    ])
    func oneMatchAmongSeveralIsEnough(_ signatures: String) throws {
        #expect(try verify(Attempt(signatures: signatures)).id == "msg_1")
    }

    @Test(arguments: ["1699999700", "1700000300", "1700000000"])
    func acceptsATimestampUpToTheEdge(_ timestamp: String) throws {
        let attempt = Attempt(timestamp: timestamp, signatures: Attempt.signature(timestamp: timestamp))
        let delivery = try verify(attempt)
        #expect(delivery.id == "msg_1")
        #expect(delivery.sent == Instant(unixSeconds: try #require(Int64(timestamp))))
        #expect(delivery.body == attempt.body)
    }

    @Test func theEdgeIsMeasuredInMilliseconds() {
        let verifier = WebhookVerifier(secrets: [Secret(Self.secret)])
        let attempt = Attempt()
        func verify(_ milliseconds: Int64) throws(WebhookError) {
            _ = try verifier.verify(
                id: attempt.id, timestamp: attempt.timestamp, signatures: attempt.signatures, body: attempt.body,
                now: Instant(rawValue: Self.now.rawValue + milliseconds))
        }
        #expect(throws: Never.self) { try verify(300_000) }
        #expect(throws: WebhookError.tooOld) { try verify(300_001) }
        #expect(throws: Never.self) { try verify(-300_000) }
        #expect(throws: WebhookError.tooNew) { try verify(-300_001) }
    }

    @Test func eachOfSeveralSecretsCounts() throws {
        let secrets = ["first-secret-of-this-test", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Self.secret]
        let keys = secrets.map { Array($0.utf8) } + [try #require(Base64.decoded("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))]
        for key in keys {
            _ = try verify(Attempt(signatures: Attempt.signature(key: key)), secrets: secrets)
        }
        #expect(throws: WebhookError.signatureMismatch) {
            try verify(Attempt(signatures: Attempt.signature(key: Array("another-secret".utf8))), secrets: secrets)
        }
    }

    /// Vectors of the upstream libraries and of Polar, in both derivations of the key.
    @Test func agreesWithTheVectorsOfOthers() throws {
        var count = 0
        for vector in try #require(try Fixtures.json("signatures.json").array) {
            let seconds = try #require(vector["webhook-timestamp"]?.string)
            let body = Array(try #require(vector["body_utf8"]?.string).utf8)
            #expect(hexadecimal(sha256(body)) == vector["body_sha256"]?.string)
            let verifier = WebhookVerifier(secrets: [Secret(try #require(vector["secret"]?.string))])
            for member in try #require(vector.members) where member.name.hasPrefix("signature_") {
                let delivery = try verifier.verify(
                    id: vector["webhook-id"]?.string, timestamp: seconds, signatures: member.value.string, body: body,
                    now: Instant(unixSeconds: try #require(Int64(seconds))))
                #expect(delivery.body == body)
                count += 1
            }
        }
        #expect(count == 9)
    }

    private func verify(
        _ attempt: Attempt, secrets: [String] = [Self.secret]
    ) throws(WebhookError) -> Delivery {
        try WebhookVerifier(secrets: secrets.map(Secret.init)).verify(
            id: attempt.id, timestamp: attempt.timestamp, signatures: attempt.signatures, body: attempt.body,
            now: Self.now)
    }
}
