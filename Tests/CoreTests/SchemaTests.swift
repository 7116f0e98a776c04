import Database
import SQLite
import TestSupport
import Testing

@testable import Core

/// What the database itself refuses, whoever asks.
@Suite struct SchemaTests {
    private let test: TestStore
    private let connection: Connection

    /// A database with one of everything.
    init() throws {
        test = try TestStore()
        try test.apply(TestOrder())
        _ = try test.store.checkouts.open(
            Checkout.ID(random: .init(repeating: 1, count: 16)), of: 2, for: Profile(user: test.user()),
            in: TestStore.scope, at: TestStore.now)
        _ = try test.store.admins.grant(to: test.user(), by: "test", at: TestStore.now)
        connection = try test.connection()
    }

    private static func entry(
        kind: String = "'adjustment'", amount: String = "1", after: String = "431", key: String = "'k'",
        order: String = "NULL", generation: String = "NULL", actor: String = "'a'", reason: String = "'r'",
        user: String = "'ada'"
    ) -> String {
        """
        INSERT INTO ledger_entry (user_id, kind, amount, balance_after, idempotency_key, order_id, generation_id, actor,
                                  reason, created_ms)
        VALUES (\(user), \(kind), \(amount), \(after), \(key), \(order), \(generation), \(actor), \(reason), 0)
        """
    }

    @Test func anEntryThatKeepsTheRulesIsTaken() throws {
        try connection.execute(Self.entry())
        try connection.execute("UPDATE users SET balance = 431")
        #expect(try test.balance() == 431)
    }

    /// Such as a program of an older release, which leaves that to a trigger that is gone.
    @Test func whoDoesNotMoveTheBalanceWritesNoSecondEntry() throws {
        try connection.execute(Self.entry(key: "'first'"))
        #expect(throws: DatabaseError.self) { try connection.execute(Self.entry(key: "'second'")) }
        try connection.execute("UPDATE users SET balance = 431")
        try connection.execute(Self.entry(after: "432", key: "'second'"))
        try connection.execute("UPDATE users SET balance = 432")
        #expect(try test.balance() == 432)
    }

    @Test(arguments: [
        ("an entry changed", "UPDATE ledger_entry SET amount = 1", "ledger entries are never changed"),
        ("an entry's reason changed", "UPDATE ledger_entry SET reason = 'x'", "ledger entries are never changed"),
        ("an entry removed", "DELETE FROM ledger_entry", "ledger entries are never removed"),
        (
            "an entry replaced", entry(key: "'trial:ada'").replacing("INSERT", with: "INSERT OR REPLACE"),
            "ledger entries are never replaced"
        ),
        ("a balance set", "UPDATE users SET balance = 1000", "a balance is moved by the ledger alone"),
        ("a balance below zero", "UPDATE users SET balance = -1", ""),
        ("a debt below zero", "UPDATE users SET debt = -1", "debt >= 0"),
        (
            "a user with credits from nowhere", "INSERT INTO users (id, balance, created_ms) VALUES ('x', 5, 0)",
            "a user begins with nothing"
        ),
        (
            "a user with debt from nowhere", "INSERT INTO users (id, debt, created_ms) VALUES ('x', 5, 0)",
            "a user begins with nothing"
        ),
        ("a user removed", "DELETE FROM users", "a user with entries stays"),
        ("a user renamed", "UPDATE users SET id = 'x'", "FOREIGN KEY"),
        ("a user without a name", "INSERT INTO users (id, created_ms) VALUES ('', 0)", "length"),
        ("an entry below zero", entry(amount: "-431", after: "-1"), "balance_after >= 0"),
        ("a balance that does not continue", entry(after: "432"), "a ledger entry continues the balance"),
        ("an entry of nobody", entry(user: "'x'"), ""),
        ("an entry of nothing", entry(amount: "0", after: "430"), "amount"),
        ("a kind that is none", entry(kind: "'bonus'"), "kind"),
        ("a key twice", entry(key: "'trial:ada'"), "ledger entries are never replaced"),
        ("no key", entry(key: "NULL"), "NOT NULL"),
        ("a trial that takes", entry(kind: "'trial'", amount: "-1", after: "429"), "amount"),
        ("a charge that gives", entry(kind: "'charge'", generation: "'g'"), "amount"),
        ("a refund that takes", entry(kind: "'refund'", amount: "-1", after: "429", generation: "'g'"), "amount"),
        ("a purchase that takes", entry(kind: "'purchase'", amount: "-1", after: "429", order: "'o'"), "amount"),
        ("a clawback that gives", entry(kind: "'clawback'", order: "'o'"), "amount"),
        ("a repayment that gives", entry(kind: "'repayment'", order: "'o'"), "amount"),
        ("a restoration that takes", entry(kind: "'restoration'", amount: "-1", after: "429", order: "'o'"), "amount"),
        ("a purchase without an order", entry(kind: "'purchase'"), "order_id"),
        ("an adjustment with an order", entry(order: "'o'"), "order_id"),
        ("a charge without a generation", entry(kind: "'charge'", amount: "-1", after: "429"), "generation_id"),
        ("a trial with a generation", entry(kind: "'trial'", generation: "'g'"), "generation_id"),
        ("an adjustment by nobody", entry(actor: "NULL"), "actor"),
        ("an adjustment for an empty reason", entry(reason: "''"), "reason"),
        ("an adjustment for no reason", entry(reason: "NULL"), "reason"),
        ("half a credit", entry(amount: "0.5", after: "430.5"), ""),
        ("a credit in words", entry(amount: "'one'"), ""),
    ])
    func refusesAroundTheLedger(_ description: String, _ sql: String, _ words: String) throws {
        try refuses(sql, words)
    }

    @Test(arguments: [
        (
            "a second row of settings",
            "INSERT INTO billing_settings VALUES (2, 500, 420, 1, 10, 'usd', 1, NULL, NULL)", "id"
        ),
        ("a price below the bounds", "UPDATE billing_settings SET pack_price_cents = 49", "pack_price_cents"),
        ("a price above the bounds", "UPDATE billing_settings SET pack_price_cents = 1000001", "pack_price_cents"),
        ("no credits in a pack", "UPDATE billing_settings SET credits_per_pack = 0", "credits_per_pack"),
        ("too many credits in a pack", "UPDATE billing_settings SET credits_per_pack = 1000001", "credits_per_pack"),
        ("a trial below zero", "UPDATE billing_settings SET free_trial_credits = -1", "free_trial_credits"),
        ("too long a trial", "UPDATE billing_settings SET free_trial_credits = 10001", "free_trial_credits"),
        ("neither true nor false", "UPDATE billing_settings SET refund_on_failure = 2", "refund_on_failure"),
        ("a promised price changed", "UPDATE checkouts SET amount_cents = 1", "a promised price is never changed"),
        ("promised credits changed", "UPDATE checkouts SET credits = 1", "a promised price is never changed"),
        ("a checkout's user changed", "UPDATE checkouts SET user_id = 'x'", "a promised price is never changed"),
        (
            "a checkout's environment changed", "UPDATE checkouts SET environment = 'production'",
            "a promised price is never changed"
        ),
        ("an open checkout without Polar's id", "UPDATE checkouts SET status = 'open'", "polar_id"),
        ("a status that is none", "UPDATE checkouts SET status = 'paid'", "status"),
        ("a payment's user changed", "UPDATE payments SET user_id = NULL", ""),
        ("a target above the pack", "UPDATE payments SET target_credits = 421", "target_credits"),
        ("a target below zero", "UPDATE payments SET target_credits = -1", "target_credits"),
        ("a payment's debt below zero", "UPDATE payments SET debt_credits = -1", "debt_credits"),
        ("parked for no reason", "UPDATE payments SET state = 'parked'", "reason"),
        ("applied for a reason", "UPDATE payments SET reason = 'units'", "reason"),
        ("an environment that is none", "UPDATE payments SET environment = 'test'", "environment"),
        ("the audit log changed", "UPDATE audit_log SET actor = 'x'", "the audit log is never changed"),
        (
            "the audit log rewritten", "INSERT OR REPLACE INTO audit_log VALUES (1, 'x', 'x', 'x', NULL, NULL, 0)",
            "the audit log is never replaced"
        ),
        ("the audit log shortened", "DELETE FROM audit_log", "the audit log is never removed"),
    ])
    func refusesAroundIt(_ description: String, _ sql: String, _ words: String) throws { try refuses(sql, words) }

    private func refuses(_ sql: String, _ words: String) throws {
        let error = #expect(throws: DatabaseError.self) { try connection.execute(sql) }
        #expect(error?.kind == .brokenRule, "a constraint, not a mistake of the test: \(String(describing: error))")
        #expect(words.isEmpty || error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(try test.balance() == 430)
        try test.verify()
    }
}

@Suite struct MigrationTests {
    @Test func migratingTwiceChangesNothing() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/credits.db"
        #expect(try Store.migrate(SQLiteFile(path)) == Migration.all.map(\.name))
        #expect(try Store.migrate(SQLiteFile(path)) == [])
    }

    @Test func anotherSchemaIsRefused() throws {
        let test = try TestStore()
        for version in [0, Migrator.current - 1, Migrator.current + 1] {
            try test.connection().execute("PRAGMA user_version = \(version)")
            #expect(throws: StoreError.schema(found: version, expected: Migrator.current)) {
                try Store(at: SQLiteFile(test.path)) { _ in }
            }
        }
    }

    @Test func aStoreCreatesNoDatabase() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: StoreError.self) { try Store(at: SQLiteFile(directory.path + "/credits.db")) { _ in } }
    }

    @Test func whoWasSignedInStaysSoWithWhatTheyHad() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/credits.db"
        let steps = Array(Migration.all.prefix { $0.version < Migration.sessions.version })
        _ = try Migrator.migrate(SQLiteFile(path), steps)
        let earlier = try SQLiteConnection(path: path, mode: .write)
        let (now, token) = (TestStore.now, try #require(SessionToken(cookie: String(repeating: "A", count: 43))))
        try earlier.execute(
            "INSERT INTO users (id, email, created_ms) VALUES ('ada', 'ada@x', $1)", .integer(now.rawValue))
        try earlier.execute(
            """
            INSERT INTO sessions (token_hash, user_id, email, name, created_ms, expires_ms)
            VALUES ($1, 'ada', 'ada@x', NULL, $2, $3)
            """, .blob(token.hash.bytes), .integer(now.rawValue),
            .integer(now.advanced(by: .seconds(60)).rawValue))
        _ = try Store.migrate(SQLiteFile(path))
        let store = try Store(at: SQLiteFile(path)) { Issue.record("the store broke: \($0)") }
        let session = try #require(try store.sessions.find(token, at: now))
        #expect(session.profile.proof == .unclaimed && session.usedAt == now && session.adminUsedAt == now)
        #expect(try store.people.account(of: session.profile, at: now).hasFreeTrial)
        #expect(try store.people.account(of: session.profile, at: now).trial == .given)
    }

    @Test func aFailedStepLeavesNothing() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/t.db"
        let good = Migration(version: 1, name: "one", sql: ["CREATE TABLE a (b INTEGER) STRICT"])
        let bad = Migration(version: 2, name: "two", sql: ["CREATE TABLE c (d INTEGER) STRICT", "CREATE TABLE a (b)"])
        #expect(throws: WriteError.self) { try Migrator.migrate(SQLiteFile(path), [good, bad]) }
        let connection = try SQLiteConnection(path: path, mode: .read)
        #expect(try Migrator.version(of: connection) == 0, "nor does a step before it: half is no schema of anybody's")
        #expect(try connection.query("SELECT name FROM sqlite_schema") { $0.text(0) } == [])
    }

    @Test func aCopyIsMigratedAndTheDatabaseIsNot() throws {
        let test = try TestStore()
        let (source, copy) = (test.path + ".old", test.path + ".copy")
        _ = try Migrator.migrate(SQLiteFile(source), Array(Migration.all.prefix(3)))
        #expect(try Store.migrate(copyOf: SQLiteFile(source), to: copy) == Migration.all.dropFirst(3).map(\.name))
        #expect(try Migrator.version(of: SQLiteConnection(path: source, mode: .read)) == 3)
        _ = try Store(at: SQLiteFile(copy)) { _ in }
        #expect(throws: StoreError.self) { try Store.migrate(copyOf: SQLiteFile(test.path + ".none"), to: copy + "2") }
    }
}
