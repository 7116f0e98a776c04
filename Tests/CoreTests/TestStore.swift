import Core
import Database
import JSON
import SQLite
import TestSupport
import Testing

/// A migrated database in a directory of its own, and what a test does with it.
final class TestStore: Sendable {
    static let product =
        Product.ID("d8f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b") ?? Product.ID(random: .init(repeating: 0, count: 16))
    static let scope = OrderScope(environment: .sandbox, product: product)
    static let now = Instant(unixSeconds: 1_800_000_000)

    let store: Store
    let path: String
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/credits.db"
        _ = try Store.migrate(SQLiteFile(path))
        store = try Store(at: SQLiteFile(path)) { Issue.record("the store broke: \($0)") }
    }

    /// A connection past the store, for looking and for tampering.
    func connection() throws -> Connection { try SQLiteConnection(path: path, mode: .write) }

    func integers(_ sql: String) throws -> [Int64] { try connection().query(sql) { $0.integer(0) } }
    func texts(_ sql: String) throws -> [String?] { try connection().query(sql) { $0.optionalText(0) } }

    func user(_ name: String = "ada") throws -> UserID { try #require(UserID(name)) }

    func set(_ settings: KeyValuePairs<String, Int64>) throws {
        _ = try store.settings.change(SettingsChange(settings), expectedVersion: nil, by: "test", at: Self.now)
    }

    /// Seen for the first time: the trial is there.
    @discardableResult
    func seen(_ name: String = "ada") throws -> UserID {
        let user = try user(name)
        _ = try store.people.account(of: Profile(user: user), at: Self.now)
        return user
    }

    func balance(_ name: String = "ada") throws -> Int64? {
        try store.people.account(of: user(name), at: Self.now)?.balance.rawValue
    }

    func debt(_ name: String = "ada") throws -> Int64? {
        try store.people.account(of: user(name), at: Self.now)?.debt.rawValue
    }

    func kinds(_ name: String = "ada") throws -> [String] {
        try store.ledger.entries(of: user(name), limit: 100).items.reversed().map {
            "\($0.kind.rawValue) \($0.amount.rawValue)"
        }
    }

    /// Takes or gives by hand, as spending does in tests of orders.
    func adjust(_ amount: Int64, _ name: String = "ada", key: String) throws -> AdjustmentOutcome {
        try store.ledger.adjust(
            Adjustment(user: user(name), amount: Credits(rawValue: amount), actor: "test", reason: "test", key: key),
            at: Self.now)
    }

    @discardableResult
    func apply(_ order: TestOrder, in scope: OrderScope = TestStore.scope) throws -> OrderOutcome {
        try store.orders.apply(order.snapshot, in: scope, at: Self.now)
    }

    func verify(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let faults = try store.ledger.verify()
        #expect(faults == [], sourceLocation: sourceLocation)
    }
}

/// A paid order of one pack for `ada`; each test spoils it in its own way.
struct TestOrder: Sendable {
    var id = "57107b74-8400-4d80-a2fc-54c2b4239cb3"
    /// Microseconds after the first moment.
    var clock: Int64 = 0
    var status: JSON = "paid"
    var paid: JSON = true
    var reason: JSON = "purchase"
    var product: JSON = .string(TestStore.product.text)
    var checkout: JSON = .null
    var currency: JSON = "usd"
    var subtotal: JSON = 500
    var net: JSON = 500
    var balance: JSON = 0
    var refunded: JSON = 0
    var units: JSON = .null
    var seats: JSON = .null
    var subscription: JSON = .null
    var metadata: JSON = ["user_id": "ada"]
    var external: JSON = .null

    init(_ change: (inout TestOrder) -> Void = { _ in }) { change(&self) }

    /// The same order at a later moment.
    func later(by microseconds: Int64 = 1_000_000, _ change: (inout TestOrder) -> Void = { _ in }) -> TestOrder {
        var order = self
        order.clock += microseconds
        change(&order)
        return order
    }

    func refunded(_ cents: Int64, after microseconds: Int64 = 1_000_000) -> TestOrder {
        later(by: microseconds) {
            $0.refunded = .integer(cents)
            $0.status = cents == 0 ? "paid" : cents < (net.integer ?? 0) ? "partially_refunded" : "refunded"
        }
    }

    var json: JSON {
        [
            "id": .string(id), "status": status, "paid": paid, "billing_reason": reason, "product_id": product,
            "checkout_id": checkout, "customer_id": "c1", "currency": currency, "subtotal_amount": subtotal,
            "net_amount": net, "tax_amount": 0, "total_amount": net, "applied_balance_amount": balance,
            "refunded_amount": refunded, "units": units, "seats": seats, "subscription_id": subscription,
            "metadata": metadata, "customer": ["external_id": external, "email": "ada@example.com"],
            "created_at": "2026-11-20T10:15:02.123456Z",
        ]
    }

    var snapshot: OrderSnapshot {
        guard let snapshot = OrderSnapshot(json, at: PolarClock(rawValue: 1_900_000_000_000_000 + clock)) else {
            preconditionFailure("The id of a test's order is a UUID")
        }
        return snapshot
    }
}

/// The n-th UUID of a test.
func uuid(_ number: Int) -> String {
    let digits = String(number, radix: 16)
    return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
}

extension SettingsChange {
    /// Each by its name, as its column keeps it.
    init(_ settings: KeyValuePairs<String, Int64>) throws {
        self.init()
        for (name, value) in settings {
            let isTaken = set(try #require(Setting.named(name)), to: value)
            #expect(isTaken, "\(name) \(value)")
        }
    }
}
