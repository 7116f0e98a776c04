import Database
import JSON
import SQLite
import TestSupport
import Testing

@testable import Core

/// A large database, and everything that the programs ever ask of it.
struct Everything {
    let path: String
    private let test: TestStore
    private static let now = TestStore.now
    private static let scope = TestStore.scope

    init() throws {
        test = try TestStore()
        path = test.path
        try LargeDatabase.fill(test, users: 3000)
        try LargeDatabase.addWhatIsKeptForAWhile(to: test, rows: 3000)
    }

    func integers(_ sql: String) throws -> [Int64] { try test.integers(sql) }

    /// The statements that were run, each with the most steps that it took.
    func run() throws -> [String: Int] {
        StatementLog.watch(path)
        let store = try Store(at: SQLiteFile(path)) { Issue.record("the store broke: \($0)") }
        try people(store)
        try signIns(store)
        try uploads(store)
        try work(store)
        try sales(store)
        try deliveries(store)
        try reconcile(store)
        try lists(store)
        try upkeep(store)
        return StatementLog.end(path)
    }

    private func user(_ name: String) throws -> UserID { try #require(UserID(name)) }

    private func key<Outcome>(_ name: String, _ outcome: Outcome.Type, of user: UserID) throws -> Keyed<Outcome> {
        Keyed(try #require(RequestKey(name, of: user, method: "POST", path: "/", body: []))) { _ in KeptAnswer(1) }
    }

    private func people(_ store: Store) throws {
        let (ada, bob) = (try user("ada"), try user("bob"))
        let profile = Profile(user: ada, email: "ada@example.com", name: "Ada")
        _ = try store.account(of: profile, at: Self.now)
        _ = try store.account(of: profile, at: Self.now)
        _ = try store.account(of: ada, at: Self.now)
        _ = try store.entries(of: ada, limit: 25)
        _ = try store.formTokenKey()
        _ = try store.grantAdmin(to: ada, by: "root", at: Self.now)
        _ = try store.grantAdmin(to: bob, by: "root", at: Self.now)
        _ = try store.revokeAdmin(from: bob, by: "root", at: Self.now)
        _ = try (store.admins(), store.isAdmin(ada), store.admin(ada), store.settings())
        _ = try store.admins(after: store.admins(after: nil, limit: 1).next, limit: 20)
        for credits in [421, 420] as [Int64] {
            let change = try SettingsChange(["credits_per_pack": credits])
            _ = try store.changeSettings(change, expectedVersion: nil, by: "root", at: Self.now)
        }
        let gift = Adjustment(user: ada, amount: 50, actor: "root", reason: "r", key: "gift")
        _ = try store.adjust(gift, under: key("gift", AdjustmentOutcome.self, of: ada), at: Self.now)
        _ = try store.report(on: ada, limit: 25, at: Self.now)
        _ = try store.detail(of: ada, at: Self.now)
    }

    private func signIns(_ store: Store) throws {
        let ada = try user("ada")
        let profile = Profile(user: ada, email: "ada@example.com", proof: .verified)
        let new = NewSession(profile, issuerSession: "s1", agent: "Firefox", network: "203.0.113.*")
        let (first, second) = (
            try #require(SessionToken(cookie: String(repeating: "A", count: 43))),
            try #require(SessionToken(cookie: String(repeating: "B", count: 42) + "A"))
        )
        try store.openSession(first, new, at: Self.now)
        try store.openSession(second, new, replacing: first, at: Self.now)
        _ = try store.session(second, at: Self.now)
        try store.note([
            SessionUse(second.hash, in: .site, at: Self.now), SessionUse(second.hash, in: .admin, at: Self.now),
        ])
        let name = try #require(try store.sessions(of: ada, at: Self.now).first).name
        _ = try store.endSession(named: name, of: ada, at: Self.now)
        for whose in [#""sub":"ada""#, #""sid":"s1""#, #""sub":"ada","sid":"s1""#] {
            let now = Self.now.rawValue / 1000
            let claims = """
                {"iss":"https://i.example","aud":"a","iat":\(now),"exp":\(now + 60),"jti":"\(whose.utf8.count)",\(whose),
                 "events":{"http://schemas.openid.net/event/backchannel-logout":{}}}
                """
            _ = try store.logOut(LogoutToken(Array(claims.utf8)), at: Self.now)
        }
        _ = try store.endSessions(of: ada, by: "root", at: Self.now)
        try store.noteEmailClaim(from: "https://i.example", at: Self.now)
        _ = try store.emailClaimSeen(from: "https://i.example")
    }

    private static let limits = UploadLimits(
        imageBytes: 1 << 40, waitingJobs: 20, freeFailures: 10, dailyCalls: 1 << 40)

    private func uploads(_ store: Store) throws {
        let ada = try user("ada")
        let busy = try #require(try store.generationReports(of: nil, status: .pending, limit: 1).first?.user)
        for name in [ada, busy] { _ = try store.uploadStanding(of: name, within: Self.limits, at: Self.now) }
        let keyed = try key("upload", SubmitOutcome.self, of: ada)
        func submit(_ number: UInt8, at seconds: Int64) throws {
            _ = try store.submit(
                TestStore.generation(number), of: TestStore.image(number), for: Profile(user: ada), under: keyed,
                within: Self.limits, at: TestStore.at(seconds))
        }
        _ = try store.earlier(keyed.key, at: Self.now)
        try submit(1, at: 0)
        try submit(2, at: 1)
        // The key is over, and the generation still has it.
        try submit(3, at: 90_000)
        _ = try store.generations(of: ada, limit: 25)
        _ = try store.generation(TestStore.generation(1), of: ada)
        _ = try store.isReferenced(TestStore.image(1).blob)
        _ = try store.blobReferences(limit: 25)
        _ = try store.generationReports(of: ada, status: .pending, limit: 25)
        _ = try store.generationReports(of: nil, status: nil, limit: 25)
        _ = try store.report(on: TestStore.generation(1))
        _ = try store.delete(TestStore.generation(3), of: ada, at: Self.now)
    }

    /// Each end that a job can come to.
    private func work(_ store: Store) throws {
        var second = Int64(100_000)
        func job() throws -> Job? {
            second += 1
            guard case .job(let job) = try store.claim(for: .seconds(60), dailyLimit: 1 << 40, at: TestStore.at(second))
            else { return nil }
            return job
        }
        for number in 0..<10 {
            guard let job = try job() else { break }
            _ = try store.countCall(for: job, dailyLimit: 1 << 40, at: TestStore.at(second))
            let now = TestStore.at(second)
            switch number % 5 {
            case 0: _ = try store.complete(job, with: TestStore.image(9), thumbnail: TestStore.image(8), at: now)
            case 1: _ = try store.fail(job, .unreadableResult, maximumAttempts: 3, at: now)
            case 2: _ = try store.handBack(job, at: now)
            case 3: _ = try store.postpone(job, after: Outage(.unavailable, "x"), isSuspect: true, at: now)
            case _: _ = try store.fail(job, .rejectedBySafety, maximumAttempts: 3, at: now)
            }
        }
        // One whose worker died, one that its user deleted meanwhile; two that have rested.
        let doomed = try #require(try job())
        let owner = try #require(try store.report(on: doomed.generation)?.report.user)
        _ = try store.delete(doomed.generation, of: owner, at: TestStore.at(second))
        for _ in 1...2 {
            second += 400
            _ = try store.claim(for: .seconds(60), maximumAttempts: 1, at: TestStore.at(second))
        }
        // What has waited for too long, and what came while the clock was ahead.
        for (age, time) in [(Int64(1), second), (3600, -200_000)] {
            try store.tend(
                lease: .seconds(60), maximumAttempts: 3, maximumAge: .seconds(age), held: [], at: TestStore.at(time))
        }
        let failed = try #require(
            try store.generationReports(of: nil, status: .failed, limit: 1).first { $0.isRefunded })
        _ = try store.retry(
            failed.id, of: failed.user, under: key("retry", RetryOutcome.self, of: failed.user), at: Self.now)
        let other = try #require(try store.generationReports(of: nil, status: .failed, limit: 9).last)
        _ = try store.retry(other.id, by: "root", at: Self.now)
    }

    private func sales(_ store: Store) throws {
        let ada = Profile(user: try user("ada"))
        let id = Checkout.ID(random: [UInt8](repeating: 1, count: 16))
        let keyed = try key("buy", OpenedCheckout.self, of: ada.user)
        guard
            case .now(.opened(let checkout)) = try store.openCheckout(
                id, of: 1, for: ada, in: Self.scope, under: keyed, at: Self.now)
        else { throw NeverCame(description: "no checkout") }
        try store.checkoutFailed(id, under: keyed.key)
        _ = try store.openCheckout(id, of: 1, for: ada, in: Self.scope, under: keyed, at: Self.now)
        let polar = try #require(Checkout.PolarID(uuid(900)))
        let session = Checkout.OpenSession(
            id: polar, url: "https://p/1", clientSecret: "s", expiresAt: TestStore.at(86_400))
        try store.checkoutCreated(
            OpenedCheckout(checkout: checkout, session: session, isNew: true), under: keyed, at: Self.now)
        _ = try store.openCheckout(id, of: 1, for: ada, in: Self.scope, at: Self.now)
        _ = try store.checkout(polar, of: ada.user, in: .sandbox, at: Self.now)
        _ = try store.claimQuestion(about: polar, every: .seconds(5), at: Self.now)
        let order = TestOrder {
            $0.id = uuid(901); $0.checkout = .string(polar.text)
        }
        _ = try store.apply(order.snapshot, in: Self.scope, at: Self.now)
        let note = try #require(
            CheckoutSnapshot(["id": .string(polar.text), "status": "succeeded"], at: order.snapshot.clock))
        try store.note(note, in: .sandbox)
        // Taken back, owed, and repaid by what came back.
        _ = try store.submit(TestStore.generation(30), of: TestStore.image(1), for: ada, at: Self.now)
        let balance = try store.account(of: ada, at: Self.now).balance
        _ = try store.adjust(
            Adjustment(user: ada.user, amount: -balance, actor: "root", reason: "r", key: "spent"), at: Self.now)
        _ = try store.apply(order.refunded(500).snapshot, in: Self.scope, at: Self.now)
        _ = try store.delete(TestStore.generation(30), of: ada.user, at: Self.now)
        _ = try store.apply(order.refunded(0, after: 2_000_000).snapshot, in: Self.scope, at: Self.now)
    }

    private func deliveries(_ store: Store) throws {
        let root = try user("root")
        let nobodys = [
            TestOrder {
                $0.id = uuid(910); $0.metadata = [:]
            },
            TestOrder {
                $0.id = uuid(911); $0.metadata = [:]
            },
        ]
        for order in nobodys {
            let event: JSON = [
                "type": "order.paid", "timestamp": .string(order.snapshot.clock.instant.rfc3339), "data": order.json,
            ]
            let delivery = Delivery(id: "webhook \(order.id)", sent: Self.now, body: event.bytes)
            for _ in 1...2 {
                _ = try store.receive(
                    delivery, event: try? WebhookEvent(delivery), headers: [("a", "b")], in: Self.scope, at: Self.now)
            }
            _ = try store.replay(
                delivery.id, by: "root", in: Self.scope, under: key(order.id, ReplayOutcome.self, of: root),
                at: Self.now)
            _ = try (store.verdict(on: delivery.id), store.delivery(delivery.id))
        }
        let (first, second) = (nobodys[0].snapshot.id, nobodys[1].snapshot.id)
        _ = try store.assign(
            first, to: user("ada"), by: "root", in: Self.scope, under: key("a", AssignOutcome.self, of: root),
            at: Self.now)
        _ = try store.dismiss(
            second, reason: "r", by: "root", under: key("d", DismissOutcome.self, of: root), at: Self.now)
        _ = try store.report(on: first)
    }

    private func reconcile(_ store: Store) throws {
        let order = TestOrder { $0.id = uuid(920) }
        _ = try store.reconcile([order.snapshot], in: Self.scope, isRehearsal: true, at: Self.now)
        _ = try store.apply(order.snapshot, in: Self.scope, at: Self.now)
        _ = try store.reconcile(
            [order.snapshot, order.later().snapshot], in: Self.scope, isRehearsal: false, at: Self.now)
        _ = try store.standing(of: order.snapshot.id)
        let refund = RefundNotice(
            order: order.snapshot.id, createdAt: Self.now, clock: order.later().snapshot.clock, state: .succeeded)
        _ = try store.ordersBehind([refund])
        let clock = order.later().snapshot.clock
        let dispute = DisputeNotice(order: order.snapshot.id, isLost: true, clock: clock)
        _ = try store.previewDispute(dispute, in: Self.scope, at: Self.now)
        _ = try store.noteDispute(on: order.snapshot.id, isLost: true, at: clock, in: Self.scope, now: Self.now)
        _ = try store.refundedOrders(since: TestStore.at(-90 * 86_400), in: .sandbox)
        _ = try store.lostDisputes(in: .sandbox)
        _ = try store.unsettledCheckouts(olderThan: .seconds(120), in: .sandbox, limit: 25, at: TestStore.at(300))
    }

    private func lists(_ store: Store) throws {
        for filter in [UserFilter.all, .inDebt, .beginning("user|0")] {
            let first = try store.users(filter, limit: 5)
            _ = try store.users(filter, after: first.next, limit: 5)
        }
        _ = try store.payments(PaymentFilter(), limit: 25)
        _ = try store.deliveries(limit: 25)
        _ = try store.auditLog(limit: 25)
        _ = try store.ledger(limit: 25)
        _ = try store.overview(in: .sandbox, at: Self.now)
        _ = try store.parkedCount()
        _ = try store.measurements()
    }

    private func upkeep(_ store: Store) throws {
        try store.check()
        try store.note(.backup, ["ok": true], at: Self.now)
        _ = try store.report(on: .backup)
        try store.add([Counter("credits_requests_total"): 1])
        _ = try store.counters()
        let (bodies, rows) = (TestStore.at(-720 * 86_400), TestStore.at(-725 * 86_400))
        _ = try store.prune(bodiesBefore: bodies, rowsBefore: rows, isDryRun: true)
        _ = try store.prune(bodiesBefore: bodies, rowsBefore: rows, isDryRun: false)
        for isDryRun in [true, false] {
            _ = try store.pruneCheckouts(before: TestStore.at(-2900), isDryRun: isDryRun)
        }
        _ = try store.oldGenerations(before: bodies)
        _ = try store.pruneGenerations(before: TestStore.at(-90_000), at: Self.now)
        _ = try store.forget(user("ada"), by: "root", at: Self.now)
    }
}

extension LargeDatabase {
    /// Jobs of one user that wait, checkouts, sessions and keys: so many of each.
    static func addWhatIsKeptForAWhile(to test: TestStore, rows: Int64) throws {
        let connection = try test.connection()
        let guarded = try connection.query(
            "SELECT sql FROM sqlite_schema WHERE name = 'a_generation_is_paid_for'"
        ) { $0.text(0) }
        try connection.execute("DROP TRIGGER a_generation_is_paid_for")
        let many = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < \(rows)) INSERT INTO"
        let user = try connection.query("SELECT id FROM users LIMIT 1") { $0.text(0) }[0]
        for sql in [
            """
            \(many) generations (id, user_id, status, charge, due_ms, input_blob, input_kind, input_bytes, width, height,
                                 created_ms, request_key)
            SELECT printf('%08x-0000-4000-b000-%012x', n, n), $1, 'pending', 1, $2 - 100000 + n, printf('%064x', n), 'jpeg',
                   1000, 640, 480, $2 - 100000 + n, 'k' || n FROM n
            """,
            """
            \(many) checkouts (id, environment, user_id, product_id, quantity, pack_price_cents, credits_per_pack, credits,
                               amount_cents, currency, status, polar_id, url, client_secret, expires_ms, created_ms)
            SELECT printf('%08x-0000-4000-8000-%012x', n, n), 'sandbox', $1, '\(TestStore.product.text)', 1, 500, 420, 420,
                   500, 'usd', 'expired', printf('%08x-0000-4000-9000-%012x', n, n), 'https://p/1', 's', $2 - n * 1000,
                   $2 - n * 1000 FROM n
            """,
            """
            \(many) sessions (token_hash, user_id, created_ms, expires_ms)
            SELECT CAST(printf('%032d', n) AS BLOB), $1, $2, $2 + n FROM n
            """,
            """
            \(many) idempotency_keys (user_id, key, request_hash, status, headers, body, created_ms)
            SELECT $1, 'k' || n, x'00', 202, '', x'', $2 - n * 60000 FROM n
            """,
        ] { try connection.execute(sql, .text(user), .integer(TestStore.now.rawValue)) }
        for sql in guarded { try connection.execute(sql) }
    }
}
