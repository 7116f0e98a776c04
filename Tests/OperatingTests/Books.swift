import Core
import JSON
import Operating
import SQLite
import TestSupport
import Testing
import Threads

/// A real store, and what Polar's API would answer, kept by hand.
final class Books: Sendable {
    static let product = identifier(1, of: Product.self)
    static let scope = OrderScope(environment: .sandbox, product: product)
    static let start = Instant(unixSeconds: 1_800_000_000)
    static let url = "https://credits.example"

    let store: Store
    let path: String
    let polar = Monitor(Polar())
    private let directory: TemporaryDirectory

    /// What Polar has, and what it was asked.
    struct Polar {
        var now = Books.start
        var orders: [OrderSnapshot] = []
        var refunds: [RefundNotice] = []
        var disputes: [DisputeNotice] = []
        var reports: [Checkout.PolarID: CheckoutReport] = [:]
        var endpoints = [
            WebhookEndpoint(
                url: Books.url + "/polar/orders", isEnabled: true, format: "raw", events: WebhookEndpoint.neededEvents)
        ]
        var pageSize = 3
        /// What asking for a list brings instead of it.
        var failures: [String: PolarFailure] = [:]
        /// Sold meanwhile: one with each question.
        var arriving: [OrderSnapshot] = []
        var isDisordered = false
        /// Equals come in another order each time, as Polar's database has them.
        var random = SplitMix64(seed: 7)
        var unreadable = 0
        /// What Polar says of the length of its lists, where that is not so.
        var total: Int64?
        /// From the n-th question on nothing is answered.
        var lastAnswer = Int.max
        var asked: [String] = []
        /// How far the clock moves with each question.
        var step = Duration.milliseconds(1)
        var lines: [LogLine] = []
    }

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/credits.db"
        _ = try Store.migrate(SQLiteFile(path))
        store = try Store(at: SQLiteFile(path)) { Issue.record("the store broke: \($0)") }
    }

    func with(_ change: (inout Polar) -> Void) { polar.withLock { change(&$0) } }

    @discardableResult
    func reconcile(_ wish: ReconcileWish = ReconcileWish()) throws -> ReconcileReport {
        with { $0.asked = [] }
        return try Reconciliation(
            dependencies: ReconcileDependencies(
                store: store, scope: Self.scope, publicURL: Self.url, polar: self,
                now: { [polar] in polar.withLock { $0.now } },
                log: { [polar] line in polar.withLock { $0.lines.append(line) } })
        ).run(wish)
    }

    var asked: [String] { polar.withLock { $0.asked } }
    var lines: [LogLine] { polar.withLock { $0.lines } }

    func apply(_ sale: Sale) throws { _ = try store.orders.apply(sale.snapshot, in: Self.scope, at: Self.start) }

    private func ask<Answer>(_ what: String, _ answer: (inout Polar) -> Answer) throws(PolarFailure) -> Answer {
        let result = polar.withLock { polar -> Result<Answer, PolarFailure> in
            polar.asked.append(what)
            polar.now = polar.now.advanced(by: polar.step)
            if !polar.arriving.isEmpty { polar.orders.append(polar.arriving.removeLast()) }
            if polar.asked.count > polar.lastAnswer { return .failure(.timedOut) }
            if let failure = polar.failures[what.split(separator: " ").first.map(String.init) ?? ""] {
                return .failure(failure)
            }
            return .success(answer(&polar))
        }
        return try result.get()
    }

    private func page<Item>(
        of what: String, _ page: Int, _ all: (inout Polar) -> [Item]
    ) throws(PolarFailure) -> PolarPage<Item> {
        try ask("\(what) \(page)") { polar in
            let items = all(&polar)
            let start = min(items.count, (page - 1) * polar.pageSize)
            return PolarPage(
                items: Array(items[start...].prefix(polar.pageSize)), unreadable: polar.unreadable,
                total: polar.total ?? Int64(items.count), isLast: page * polar.pageSize >= items.count)
        }
    }

    // MARK: What is in the books

    func balance(_ name: String = "ada") throws -> Int64? { try account(name)?.balance.rawValue }
    func debt(_ name: String = "ada") throws -> Int64? { try account(name)?.debt.rawValue }

    private func account(_ name: String) throws -> Account? {
        try store.people.account(of: #require(UserID(name)), at: Self.start)
    }

    func spend(_ amount: Int64) throws {
        _ = try store.ledger.adjust(
            Adjustment(
                user: #require(UserID("ada")), amount: Credits(rawValue: -amount), actor: "test", reason: "spent",
                key: "spent \(amount)"), at: Self.start)
    }

    func facts(_ operation: Operation) throws -> JSON? { try store.operations.report(on: operation)?.facts }
}

extension RefundNotice {
    init(of sale: Sale, at createdAt: Instant = Books.start, state: State = .succeeded) {
        self.init(
            order: sale.id, createdAt: createdAt, clock: PolarClock(rawValue: createdAt.rawValue * 1000), state: state)
    }
}

/// A sale of one pack to `ada`; an order of the API's.
struct Sale {
    var number = 1
    /// Seconds before the start.
    var age: Int64 = 60
    /// Microseconds after it was made.
    var clock: Int64 = 0
    var refunded: Int64 = 0
    var user: String? = "ada"
    var checkout: Checkout.PolarID?
    var cents: Int64 = 500
    var product = Books.product

    var id: Order.ID { identifier(1000 + number, of: Order.self) }

    var snapshot: OrderSnapshot {
        let created = Books.start.advanced(by: .seconds(-age))
        let status = refunded == 0 ? "paid" : refunded < 500 ? "partially_refunded" : "refunded"
        let json: JSON = [
            "id": .string(id.text), "status": .string(status), "paid": true, "billing_reason": "purchase",
            "product_id": .string(product.text), "checkout_id": .optional(checkout?.text), "currency": "usd",
            "subtotal_amount": .integer(cents), "net_amount": .integer(cents), "tax_amount": 0,
            "total_amount": .integer(cents),
            "applied_balance_amount": 0, "refunded_amount": .integer(refunded),
            "metadata": ["user_id": .optional(user)], "created_at": .string(created.rfc3339),
        ]
        guard let snapshot = OrderSnapshot(json, at: PolarClock(rawValue: created.rawValue * 1000 + clock)) else {
            preconditionFailure("A sale is an order")
        }
        return snapshot
    }
}

func identifier<Subject>(_ number: Int, of _: Subject.Type) -> Identifier<Subject> {
    let digits = String(number, radix: 16)
    let text = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return Identifier(text) ?? Identifier(random: [UInt8](repeating: 0, count: 16))
}

/// What its Polar answers.
extension Books: PolarReading {
    func orders(_ slice: OrderSlice, page: Int) throws(PolarFailure) -> PolarPage<OrderSnapshot> {
        try self.page(of: "orders", page) { polar in
            let found = polar.orders.shuffled(using: &polar.random).filter { order in
                order.product == slice.product && order.createdAt.map { $0 >= slice.start } ?? false
                    && order.createdAt.map { $0 <= slice.end ?? $0 } ?? false
            }
            if polar.isDisordered { return found }
            return found.sorted { ($0.createdAt ?? slice.start) < ($1.createdAt ?? slice.start) }
        }
    }

    func order(_ id: Order.ID) throws(PolarFailure) -> OrderSnapshot? {
        try ask("order \(id.text)") { $0.orders.first { $0.id == id } }
    }

    func refunds(page: Int) throws(PolarFailure) -> PolarPage<RefundNotice> {
        try self.page(of: "refunds", page) { $0.refunds }
    }

    func lostDisputes(page: Int) throws(PolarFailure) -> PolarPage<DisputeNotice> {
        try self.page(of: "disputes", page) { $0.disputes.filter(\.isLost) }
    }

    func disputes(over order: Order.ID) throws(PolarFailure) -> [DisputeNotice] {
        try ask("disputes over \(order.text)") { $0.disputes.filter { $0.order == order } }
    }

    func report(on id: Checkout.PolarID) throws(PolarFailure) -> CheckoutReport? {
        try ask("checkout \(id.text)") { $0.reports[id] }
    }

    func webhookEndpoints() throws(PolarFailure) -> [WebhookEndpoint] { try ask("endpoints") { $0.endpoints } }
}
