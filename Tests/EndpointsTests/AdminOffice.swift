import Crypto
import Foundation
import HTTP
import JSON
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
        _ = try Store.migrate(path: path)
        store = try Store(path: path) { Issue.record("\($0)") }
        _ = try store.grantAdmin(to: user("root"), by: "test", at: now)
        _ = try store.account(of: Profile(user: user("ada"), email: "ada@example.com", name: "Ada"), at: now)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func user(_ name: String) throws -> UserID { try #require(UserID(name)) }

    private var site: AdminSite {
        AdminSite(
            AdminDependencies(
                store: store, scope: Self.scope, publicURL: "https://credits.example", now: { [self] in now },
                random: randomBytes, log: { [self] in lines.append($0) }))
    }

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
