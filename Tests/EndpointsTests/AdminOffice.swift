import Crypto
import Foundation
import HTTP
import JSON
import SQLite
import Testing

@testable import Core
@testable import Endpoints

/// The admin's site on a real database of its own. `root` is an admin, `ada` is a user.
final class AdminOffice: @unchecked Sendable {
    static let scope = OrderScope(environment: .sandbox, product: Shop.product)

    let store: Store
    let path: String
    private let directory: URL
    var now = Instant(unixSeconds: 1_795_000_000)
    var lines: [LogLine] = []

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "office-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        path = directory.appending(path: "credits.db").path
        _ = try Store.migrate(SQLiteFile(path))
        store = try Store(at: SQLiteFile(path)) { Issue.record("\($0)") }
        _ = try store.admins.grant(to: user("root"), by: "test", at: now)
        _ = try store.people.account(of: Profile(user: user("ada"), email: "ada@example.com", name: "Ada"), at: now)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func user(_ name: String) throws -> UserID { try #require(UserID(name)) }

    var dependencies: AdminDependencies {
        AdminDependencies(
            store: store, scope: Self.scope, publicURL: "https://credits.example", freeBytes: { 1 << 40 },
            now: { [self] in now }, random: randomBytes, log: { [self] in lines.append($0) })
    }

    private var site: Endpoints.Site { Endpoints.Site(dependencies) }

    func send(
        _ method: Request.Method, _ path: String, query: String = "", as user: String? = "root",
        headers: Headers = [:], body: String = "", credential: Caller.Credential = .bearer
    ) -> Response {
        let caller = user.map { Caller(user: $0, credential: credential) }
        return site.respond(
            to: Request(
                method: method, path: path, query: query, headers: headers, body: Array(body.utf8), caller: caller,
                id: "r1", remoteAddress: "203.0.113.7"))
    }

    func get(_ path: String, _ query: String = "") -> JSON {
        let response = send(.get, "/api/v1/admin/\(path)", query: query)
        #expect(response.status == .ok)
        return response.json
    }
}

extension AdminOffice {
    /// The n-th order of a test: one pack, paid, of somebody whom no rule knows unless `user` says who.
    static func order(_ number: Int, of user: String? = nil, net: JSON = 500) -> JSON {
        [
            "id": .string(id(number)), "status": "paid", "paid": true, "billing_reason": "purchase",
            "product_id": .string(Shop.product.text), "currency": "usd", "subtotal_amount": 500, "net_amount": net,
            "tax_amount": 0, "total_amount": 500, "applied_balance_amount": 0, "refunded_amount": 0,
            "metadata": ["user_id": .optional(user)], "created_at": .string("2026-11-20T10:15:0\(number)Z"),
        ]
    }

    static func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }

    @discardableResult
    func receive(_ order: JSON, as webhook: String) throws -> Receipt {
        let event = JSON.object([
            .init("type", "order.paid"), .init("timestamp", "2026-11-20T10:16:00Z"), .init("data", order),
        ])
        let delivery = Delivery(id: webhook, sent: now, body: event.bytes)
        return try store.inbox.receive(
            delivery, event: try? WebhookEvent(delivery), headers: [("webhook-id", webhook)], in: Self.scope, at: now)
    }

    func balance(_ name: String) throws -> Int64? {
        try store.people.account(of: user(name), at: now)?.balance.rawValue
    }

    func audit() throws -> [String] {
        try store.admins.auditLog(limit: 100).items.map { "\($0.actor) \($0.action) \($0.subject)" }
    }
}

extension Store {
    /// Each setting by its name, as its column keeps it.
    func set(_ settings: KeyValuePairs<String, Int64>, by actor: String = "test", at now: Instant) throws {
        var change = SettingsChange()
        for (name, value) in settings {
            let isTaken = change.set(try #require(Setting.named(name)), to: value)
            #expect(isTaken, "\(name) \(value)")
        }
        _ = try self.settings.change(change, expectedVersion: nil, by: actor, at: now)
    }
}
