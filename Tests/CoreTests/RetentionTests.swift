import Database
import JSON
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
                VALUES ($1, 'sandbox', 'ignored', '{"a":"b"}', x'7b7d', 0, $2)
                """, .text("w\(number)"), .integer(Int64(number)))
        }
    }

    private func prune(_ rows: Int64, _ bodies: Int64, isDryRun: Bool = false) throws -> [Int] {
        let pruned = try test.store.inbox.prune(
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
        #expect(try test.store.inbox.verdict(on: "w150") == .ignored)
        #expect(try test.store.inbox.verdict(on: "w50") == nil)
    }
}

/// What users leave behind: sales that came to nothing, and pictures that are old.
@Suite struct PruneTests {
    private let test: TestStore
    private static let end = TestStore.at(1000)

    init() throws { test = try TestStore() }

    private func open(_ number: UInt8, at seconds: Int64) throws {
        let outcome = try test.store.checkouts.open(
            .init(random: .init(repeating: number, count: 16)), of: Int64(number), for: Profile(user: test.user()),
            in: TestStore.scope, at: TestStore.at(seconds))
        guard case .opened(let checkout) = outcome else { Issue.record("\(outcome)"); return }
        let id = try #require(Checkout.PolarID(uuid(Int(number))))
        try test.store.checkouts.created(
            checkout.id,
            .init(id: id, url: "https://x", clientSecret: "s", expiresAt: TestStore.at(seconds + 3600)))
    }

    private func left() throws -> [Int64] { try test.integers("SELECT quantity FROM checkouts ORDER BY 1") }

    @Test func checkoutsThatCameToNothingGo() throws {
        for (number, seconds) in [(1, 0), (2, 200), (3, 400), (4, 600), (5, 999), (6, 1000)] as [(UInt8, Int64)] {
            try open(number, at: seconds)
        }
        // Paid; with an order that is not paid; paid as Polar says, without an order.
        try test.apply(
            TestOrder {
                $0.checkout = .string(uuid(2))
                ($0.subtotal, $0.net) = (1000, 1000)
            })
        try test.apply(
            TestOrder {
                $0.id = uuid(50)
                ($0.checkout, $0.status, $0.paid) = (.string(uuid(3)), "pending", false)
            })
        try test.connection().execute("UPDATE checkouts SET status = 'succeeded' WHERE quantity = 4")
        #expect(try test.store.checkouts.prune(before: Self.end, isDryRun: true) == 2)
        #expect(try left() == [1, 2, 3, 4, 5, 6])
        #expect(try test.store.checkouts.prune(before: Self.end, isDryRun: false) == 2)
        #expect(try left() == [2, 3, 4, 6])
        #expect(try test.store.checkouts.prune(before: Self.end, isDryRun: false) == 0)
        try test.verify()
    }

    @Test func aPictureThatWasMadeLaterStaysAsLong() throws {
        try test.submit(1, at: 0)
        _ = try test.store.jobs.complete(
            test.job(at: 999), with: TestStore.image(8), thumbnail: nil, at: TestStore.at(1000))
        #expect(try test.store.generations.old(before: Self.end) == 0)
        #expect(try test.store.generations.prune(before: Self.end, at: TestStore.at(2000)) == [])
    }

    @Test func oldPicturesGoAsIfTheirUserHadDeletedThem() throws {
        try test.submit(1, at: 0)
        let done = try test.job(at: 1)
        _ = try test.store.jobs.complete(
            done, with: TestStore.image(8), thumbnail: TestStore.image(9), at: TestStore.at(2))
        try test.submit(2, at: 3)
        _ = try test.store.jobs.fail(test.job(at: 4), .rejectedBySafety, maximumAttempts: 3, at: TestStore.at(5))
        try test.submit(3, at: 6)
        let running = try test.job(at: 990)
        try test.submit(4, at: 999)
        try test.submit(5, at: 1000)
        #expect(try test.store.generations.old(before: Self.end) == 2)
        let files = try test.store.generations.prune(before: Self.end, at: TestStore.at(2000))
        #expect(
            files.map { $0.map(\.text) } == [
                [1, 8, 9].map { TestStore.image($0).blob.text }, [TestStore.image(2).blob.text],
            ])
        #expect(try !test.store.generations.isReferenced(TestStore.image(8).blob))
        #expect(try test.store.generations.prune(before: Self.end, at: TestStore.at(2000)) == [])
        // What is waiting and what is in hand goes on.
        #expect(
            try test.store.generations.list(of: test.user(), limit: 9).items.map(\.status) == [
                .pending, .pending, .processing,
            ])
        let reported = try test.store.jobs.complete(
            running, with: TestStore.image(7), thumbnail: nil, at: TestStore.at(1001))
        #expect(reported == .recorded)
        #expect(try test.balance() == 6)
        try test.verify()
    }

    /// Each look begins where the last one ended: what is kept and what went before costs nothing.
    @Test func theDailyLookReadsOnlyWhatIsNew() throws {
        try LargeDatabase.fill(test, users: 300)
        try LargeDatabase.addWhatIsKeptForAWhile(to: test, rows: 3000)
        let connection = try test.connection()
        try connection.execute("UPDATE generations SET status = 'failed', error = 'provider_timeout'")
        try connection.execute("UPDATE deliveries SET body = NULL, headers = '{}'")
        func look() throws -> [String: Int] {
            StatementLog.watch(test.path)
            let store = try Store(at: SQLiteFile(test.path)) { Issue.record("the store broke: \($0)") }
            _ = try store.inbox.prune(
                bodiesBefore: TestStore.at(1_000_000), rowsBefore: TestStore.at(-1_000_000_000), isDryRun: false)
            _ = try store.checkouts.prune(before: TestStore.at(1_000_000), isDryRun: false)
            while try !store.generations.prune(before: TestStore.at(1_000_000), at: TestStore.now).isEmpty {}
            return StatementLog.end(test.path)
        }
        #expect(try look().values.max() ?? 0 > 1000)
        let second = try look().filter { $0.value > 100 }
        #expect(second == [:], "\(second)")
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
