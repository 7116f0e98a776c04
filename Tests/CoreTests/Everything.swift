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
        _ = try store.people.account(of: profile, at: Self.now)
        _ = try store.people.account(of: profile, at: Self.now)
        _ = try store.people.account(of: ada, at: Self.now)
        _ = try store.ledger.entries(of: ada, limit: 25)
        _ = try store.sessions.formTokenKey()
        _ = try store.admins.grant(to: ada, by: "root", at: Self.now)
        _ = try store.admins.grant(to: bob, by: "root", at: Self.now)
        _ = try store.admins.revoke(from: bob, by: "root", at: Self.now)
        _ = try (store.admins.all(), store.admins.contains(ada), store.admins.find(ada), store.settings.current())
        _ = try store.admins.list(after: store.admins.list(after: nil, limit: 1).next, limit: 20)
        for credits in [421, 420] as [Int64] {
            let change = try SettingsChange(["credits_per_pack": credits])
            _ = try store.settings.change(change, expectedVersion: nil, by: "root", at: Self.now)
        }
        let gift = Adjustment(user: ada, amount: 50, actor: "root", reason: "r", key: "gift")
        _ = try store.ledger.adjust(gift, under: key("gift", AdjustmentOutcome.self, of: ada), at: Self.now)
        _ = try store.people.report(on: ada, limit: 25, at: Self.now)
        _ = try store.people.detail(of: ada, at: Self.now)
    }

    private func signIns(_ store: Store) throws {
        let ada = try user("ada")
        let profile = Profile(user: ada, email: "ada@example.com", proof: .verified)
        let new = NewSession(profile, issuerSession: "s1", agent: "Firefox", network: "203.0.113.*")
        let (first, second) = (
            try #require(SessionToken(cookie: String(repeating: "A", count: 43))),
            try #require(SessionToken(cookie: String(repeating: "B", count: 42) + "A"))
        )
        try store.sessions.open(first, new, at: Self.now)
        try store.sessions.open(second, new, replacing: first, at: Self.now)
        _ = try store.sessions.find(second, at: Self.now)
        try store.sessions.note([
            SessionUse(second.hash, in: .site, at: Self.now), SessionUse(second.hash, in: .admin, at: Self.now),
        ])
        let name = try #require(try store.sessions.list(of: ada, at: Self.now).first).name
        _ = try store.sessions.end(named: name, of: ada, at: Self.now)
        for (number, whose) in [Logout.Whose.user(ada), .session("s1"), .both(ada, session: "s1")].enumerated() {
            let logout = Logout(id: String(number), whose: whose, goodUntil: Self.now.advanced(by: .seconds(60)))
            _ = try store.sessions.logOut(logout, at: Self.now)
        }
        _ = try store.sessions.endAll(of: ada, by: "root", at: Self.now)
        try store.sessions.noteEmailClaim(from: "https://i.example", at: Self.now)
        _ = try store.sessions.emailClaimSeen(from: "https://i.example")
    }

    private static let limits = UploadLimits(
        imageBytes: 1 << 40, waitingJobs: 20, freeFailures: 10, dailyCalls: 1 << 40)

    private func uploads(_ store: Store) throws {
        let ada = try user("ada")
        let busy = try #require(try store.generations.reports(of: nil, status: .pending, limit: 1).first?.user)
        for name in [ada, busy] {
            _ = try store.generations.uploadStanding(of: name, within: Self.limits, at: Self.now)
        }
        let keyed = try key("upload", SubmitOutcome.self, of: ada)
        func submit(_ number: UInt8, at seconds: Int64) throws {
            _ = try store.generations.submit(
                TestStore.generation(number), of: TestStore.image(number), for: Profile(user: ada), under: keyed,
                within: Self.limits, at: TestStore.at(seconds))
        }
        _ = try store.earlier(keyed.key, at: Self.now)
        try submit(1, at: 0)
        try submit(2, at: 1)
        // The key is over, and the generation still has it.
        try submit(3, at: 90_000)
        _ = try store.generations.list(of: ada, limit: 25)
        _ = try store.generations.find(TestStore.generation(1), of: ada)
        _ = try store.generations.isReferenced(TestStore.image(1).blob)
        _ = try store.generations.blobReferences(limit: 25)
        _ = try store.generations.reports(of: ada, status: .pending, limit: 25)
        _ = try store.generations.reports(of: nil, status: nil, limit: 25)
        _ = try store.generations.report(on: TestStore.generation(1))
        _ = try store.generations.delete(TestStore.generation(3), of: ada, at: Self.now)
    }

    /// Each end that a job can come to.
    private func work(_ store: Store) throws {
        var second = Int64(100_000)
        func job() throws -> Job? {
            second += 1
            guard
                case .job(let job) = try store.jobs.claim(
                    for: .seconds(60), dailyLimit: 1 << 40, at: TestStore.at(second))
            else { return nil }
            return job
        }
        for number in 0..<10 {
            guard let job = try job() else { break }
            _ = try store.jobs.countCall(for: job, dailyLimit: 1 << 40, at: TestStore.at(second))
            let now = TestStore.at(second)
            switch number % 5 {
            case 0: _ = try store.jobs.complete(job, with: TestStore.image(9), thumbnail: TestStore.image(8), at: now)
            case 1: _ = try store.jobs.fail(job, .unreadableResult, maximumAttempts: 3, at: now)
            case 2: _ = try store.jobs.handBack(job, at: now)
            case 3: _ = try store.jobs.postpone(job, after: Outage(.unavailable, "x"), isSuspect: true, at: now)
            case _: _ = try store.jobs.fail(job, .rejectedBySafety, maximumAttempts: 3, at: now)
            }
        }
        // One whose worker died, one that its user deleted meanwhile; two that have rested.
        let doomed = try #require(try job())
        let owner = try #require(try store.generations.report(on: doomed.generation)?.report.user)
        _ = try store.generations.delete(doomed.generation, of: owner, at: TestStore.at(second))
        for _ in 1...2 {
            second += 400
            _ = try store.jobs.claim(for: .seconds(60), maximumAttempts: 1, at: TestStore.at(second))
        }
        // What has waited for too long, and what came while the clock was ahead.
        for (age, time) in [(Int64(1), second), (3600, -200_000)] {
            try store.jobs.tend(
                lease: .seconds(60), maximumAttempts: 3, maximumAge: .seconds(age), held: [], at: TestStore.at(time))
        }
        let failed = try #require(
            try store.generations.reports(of: nil, status: .failed, limit: 1).first { $0.isRefunded })
        _ = try store.generations.retry(
            failed.id, of: failed.user, under: key("retry", RetryOutcome.self, of: failed.user), at: Self.now)
        let other = try #require(try store.generations.reports(of: nil, status: .failed, limit: 9).last)
        _ = try store.generations.retry(other.id, by: "root", at: Self.now)
    }

    private func sales(_ store: Store) throws {
        let ada = Profile(user: try user("ada"))
        let id = Checkout.ID(random: [UInt8](repeating: 1, count: 16))
        let keyed = try key("buy", OpenedCheckout.self, of: ada.user)
        guard
            case .now(.opened(let checkout)) = try store.checkouts.open(
                id, of: 1, for: ada, in: Self.scope, under: keyed, at: Self.now)
        else { throw NeverCame(description: "no checkout") }
        try store.checkouts.failed(id, under: keyed.key)
        _ = try store.checkouts.open(id, of: 1, for: ada, in: Self.scope, under: keyed, at: Self.now)
        let polar = try #require(Checkout.PolarID(uuid(900)))
        let session = Checkout.OpenSession(
            id: polar, url: "https://p/1", clientSecret: "s", expiresAt: TestStore.at(86_400))
        try store.checkouts.created(
            OpenedCheckout(checkout: checkout, session: session, isNew: true), under: keyed, at: Self.now)
        _ = try store.checkouts.open(id, of: 1, for: ada, in: Self.scope, at: Self.now)
        _ = try store.checkouts.find(polar, of: ada.user, in: .sandbox, at: Self.now)
        _ = try store.checkouts.claimQuestion(about: polar, every: .seconds(5), at: Self.now)
        let order = TestOrder {
            $0.id = uuid(901); $0.checkout = .string(polar.text)
        }
        _ = try store.orders.apply(order.snapshot, in: Self.scope, at: Self.now)
        let note = try #require(
            CheckoutSnapshot(["id": .string(polar.text), "status": "succeeded"], at: order.snapshot.clock))
        try store.checkouts.note(note, in: .sandbox)
        // Taken back, owed, and repaid by what came back.
        _ = try store.generations.submit(TestStore.generation(30), of: TestStore.image(1), for: ada, at: Self.now)
        let balance = try store.people.account(of: ada, at: Self.now).balance
        _ = try store.ledger.adjust(
            Adjustment(user: ada.user, amount: -balance, actor: "root", reason: "r", key: "spent"), at: Self.now)
        _ = try store.orders.apply(order.refunded(500).snapshot, in: Self.scope, at: Self.now)
        _ = try store.generations.delete(TestStore.generation(30), of: ada.user, at: Self.now)
        _ = try store.orders.apply(order.refunded(0, after: 2_000_000).snapshot, in: Self.scope, at: Self.now)
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
                _ = try store.inbox.receive(
                    delivery, event: try? WebhookEvent(delivery), headers: [("a", "b")], in: Self.scope, at: Self.now)
            }
            _ = try store.inbox.replay(
                delivery.id, by: "root", in: Self.scope, under: key(order.id, ReplayOutcome.self, of: root),
                at: Self.now)
            _ = try (store.inbox.verdict(on: delivery.id), store.inbox.find(delivery.id))
        }
        let (first, second) = (nobodys[0].snapshot.id, nobodys[1].snapshot.id)
        _ = try store.orders.assign(
            first, to: user("ada"), by: "root", in: Self.scope, under: key("a", AssignOutcome.self, of: root),
            at: Self.now)
        _ = try store.orders.dismiss(
            second, reason: "r", by: "root", under: key("d", DismissOutcome.self, of: root), at: Self.now)
        _ = try store.orders.report(on: first)
    }

    private func reconcile(_ store: Store) throws {
        let order = TestOrder { $0.id = uuid(920) }
        _ = try store.orders.reconcile([order.snapshot], in: Self.scope, isDryRun: true, at: Self.now)
        _ = try store.orders.apply(order.snapshot, in: Self.scope, at: Self.now)
        _ = try store.orders.reconcile(
            [order.snapshot, order.later().snapshot], in: Self.scope, isDryRun: false, at: Self.now)
        _ = try store.orders.standing(of: order.snapshot.id)
        let refund = RefundNotice(
            order: order.snapshot.id, createdAt: Self.now, clock: order.later().snapshot.clock, state: .succeeded)
        _ = try store.orders.behind([refund])
        let clock = order.later().snapshot.clock
        let dispute = DisputeNotice(order: order.snapshot.id, isLost: true, clock: clock)
        for isDryRun in [true, false] {
            _ = try store.orders.note(dispute, in: Self.scope, isDryRun: isDryRun, at: Self.now)
        }
        _ = try store.orders.refunded(since: TestStore.at(-90 * 86_400), in: .sandbox)
        _ = try store.orders.lostDisputes(in: .sandbox)
        _ = try store.checkouts.unsettled(olderThan: .seconds(120), in: .sandbox, limit: 25, at: TestStore.at(300))
    }

    private func lists(_ store: Store) throws {
        for filter in [UserFilter.all, .inDebt, .beginning("user|0")] {
            let first = try store.people.list(filter, limit: 5)
            _ = try store.people.list(filter, after: first.next, limit: 5)
        }
        _ = try store.orders.list(PaymentFilter(), limit: 25)
        _ = try store.inbox.list(limit: 25)
        _ = try store.admins.auditLog(limit: 25)
        _ = try store.ledger.list(limit: 25)
        _ = try store.operations.overview(in: .sandbox, at: Self.now)
        _ = try store.orders.parkedCount()
        _ = try store.operations.measurements()
    }

    private func upkeep(_ store: Store) throws {
        try store.operations.check()
        try store.operations.note(.backup, ["ok": true], at: Self.now)
        _ = try store.operations.report(on: .backup)
        try store.operations.add([Counter("credits_requests_total"): 1])
        try store.operations.foldSums()
        _ = try store.operations.counters()
        let (bodies, rows) = (TestStore.at(-720 * 86_400), TestStore.at(-725 * 86_400))
        _ = try store.inbox.prune(bodiesBefore: bodies, rowsBefore: rows, isDryRun: true)
        _ = try store.inbox.prune(bodiesBefore: bodies, rowsBefore: rows, isDryRun: false)
        for isDryRun in [true, false] {
            _ = try store.checkouts.prune(before: TestStore.at(-2900), isDryRun: isDryRun)
        }
        _ = try store.generations.old(before: bodies)
        _ = try store.generations.prune(before: TestStore.at(-90_000), at: Self.now)
        _ = try store.people.forget(user("ada"), by: "root", at: Self.now)
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
        try connection.execute(
            "UPDATE user_usage SET image_bytes = image_bytes + $1 WHERE user_id = $2", .integer(rows * 1000),
            .text(user))
        try connection.execute(
            "\(many) sum_changes (name, key, day, count, amount) SELECT 'counters', 'kept', 0, 1, 0 FROM n")
    }
}
