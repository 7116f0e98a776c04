import SQLite
import TestSupport
import Testing

@testable import Core

/// What the inbox forgets, and in which order.
@Suite struct RetentionTests {
    private let test: TestStore

    init() throws {
        test = try TestStore()
        let connection = try test.connection()
        for number in 0..<1000 {
            try connection.execute(
                """
                INSERT INTO deliveries (webhook_id, environment, verdict, headers, body, sent_ms, received_ms)
                VALUES (?, 'sandbox', 'ignored', '{"a":"b"}', x'7b7d', 0, ?)
                """, .text("w\(number)"), .integer(Int64(number)))
        }
    }

    private func prune(_ rows: Int64, _ bodies: Int64, isDryRun: Bool = false) throws -> [Int] {
        let pruned = try test.store.prune(
            bodiesBefore: Instant(rawValue: bodies), rowsBefore: Instant(rawValue: rows), isDryRun: isDryRun)
        return [pruned.bodies, pruned.rows]
    }

    @Test func bodiesGoBeforeRows() throws {
        #expect(try prune(100, 700, isDryRun: true) == [600, 100])
        #expect(try test.integers("SELECT count(*) FROM deliveries WHERE body IS NOT NULL") == [1000])
        #expect(try prune(100, 700) == [600, 100])
        #expect(try test.integers("SELECT min(received_ms) FROM deliveries") == [100])
        #expect(try test.integers("SELECT min(received_ms) FROM deliveries WHERE body IS NOT NULL") == [700])
        #expect(try test.texts("SELECT headers FROM deliveries WHERE received_ms = 699") == ["{}"])
        #expect(try prune(100, 700) == [0, 0])
        #expect(try test.store.verdict(on: "w150") == .ignored)
        #expect(try test.store.verdict(on: "w50") == nil)
    }
}

/// HTTP's own way to write a time.
@Suite struct HTTPDateTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 16:40:00 GMT", 1_795_365_600),
    ])
    func isRead(_ text: String, _ seconds: Int64) {
        #expect(Instant(httpDate: text) == Instant(unixSeconds: seconds))
    }

    @Test(arguments: [
        "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nev 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "1994-11-06T08:49:37Z",
    ])
    func whatIsNoneIsRefused(_ text: String) { #expect(Instant(httpDate: text) == nil) }
}

/// Both ways in which Polar keys its signatures.
@Suite struct WebhookSelfTestTests {
    @Test func theKnownSignaturesHold() { #expect(WebhookSelfTest.knownSignaturesHold()) }

    @Test(arguments: [
        ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", [WebhookScheme.legacy, .standard]),
        ("my-own-secret-longer-than-32-characters!!", [.legacy]),
        ("whsec_ovyN6cPrTv56AApvzCaJno08SSmGJmgbWilb33N2JuK", [.legacy]),
    ])
    func aSecretIsOfItsSchemes(_ secret: String, _ schemes: [WebhookScheme]) {
        #expect(WebhookSelfTest.schemes(of: Secret(secret), at: TestStore.now) == schemes)
    }
}
