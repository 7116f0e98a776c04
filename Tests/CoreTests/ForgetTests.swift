import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// What is left of a person who is forgotten.
@Suite struct ForgetTests {
    let test: TestStore
    init() throws { test = try TestStore() }

    private func receive(_ id: String, _ type: String, _ data: JSON) throws {
        let body = JSON.object([
            .init("type", .string(type)), .init("timestamp", "2026-11-20T10:15:03Z"), .init("data", data),
        ])
        let delivery = Delivery(id: id, sent: TestStore.now, body: body.bytes)
        _ = try test.store.inbox.receive(
            delivery, event: try? WebhookEvent(delivery), headers: [], in: TestStore.scope, at: TestStore.now)
    }

    private func forget(_ name: String = "ada") throws -> Forgotten? {
        switch try test.store.people.forget(test.user(name), by: "root", at: TestStore.now) {
        case .forgotten(let forgotten): forgotten
        case .unknownUser: nil
        }
    }

    private func bodies() throws -> [String?] {
        try test.texts("SELECT webhook_id FROM deliveries WHERE body IS NOT NULL ORDER BY id")
    }

    @Test func addressNameSessionsAndAnswersGo() throws {
        let ada = try test.user("ada")
        let token = try #require(SessionToken(cookie: String(repeating: "A", count: 43)))
        let profile = Profile(user: ada, email: "ada@example.com", name: "Ada")
        try test.store.sessions.open(token, NewSession(profile), at: TestStore.now)
        try test.submit(1, key: "k")
        let forgotten = try forget()
        #expect(forgotten == Forgotten(hadAddress: true, sessions: 1, answers: 1, checkouts: 0, bodies: 0))
        #expect(try test.store.sessions.find(token, at: TestStore.now) == nil)
        #expect(try test.store.people.list(.all, limit: 9).items.map(\.email) == [nil])
        #expect(try test.store.people.detail(of: ada, at: TestStore.now)?.name == nil)
        #expect(try test.integers("SELECT count(*) FROM generations WHERE request_key IS NOT NULL") == [0])
        #expect(try test.balance() == 9)
        let told = try test.store.admins.auditLog(limit: 9).items
        #expect(told.map { "\($0.actor) \($0.action) \($0.subject)" } == ["root user.forget ada"])
        // Nothing is left to remove, and saying so again is no fault.
        #expect(try forget() == Forgotten(hadAddress: false, sessions: 0, answers: 0, checkouts: 0, bodies: 0))
        try test.verify()
    }

    @Test func theNextSignInBringsTheAddressAnew() throws {
        let profile = Profile(user: try test.user("ada"), email: "ada@example.com", name: "Ada")
        _ = try test.store.people.account(of: profile, at: TestStore.now)
        _ = try forget()
        _ = try test.store.people.account(of: profile, at: TestStore.now)
        #expect(try test.store.people.list(.beginning("ada@"), limit: 9).items.count == 1)
        #expect(try test.kinds() == ["trial 10"])
    }

    @Test func bodiesThatNameThePersonGoAndOthersStay() throws {
        _ = try test.store.people.account(
            of: Profile(user: test.user("ada"), email: "ada@example.com"), at: TestStore.now)
        try receive("own", "order.paid", TestOrder().json)
        try receive("refund", "refund.created", ["order_id": .string(TestOrder().id), "id": "r"])
        try receive("address", "customer.updated", ["email": "ada@example.com"])
        try receive("customer", "customer.updated", ["id": "c1"])
        try receive("id", "checkout.created", ["metadata": ["user_id": "ada"]])
        try receive(
            "other", "order.paid",
            TestOrder {
                $0.id = uuid(2); $0.metadata = ["user_id": "adalbert"]
            }.json.replacing("customer_id", with: "c2").replacing("customer", with: ["email": "ada@example.com.au"]))
        try receive("like", "customer.updated", ["email": "xada@example.com", "name": "ada lovelace"])
        #expect(try forget()?.bodies == 5)
        #expect(try bodies() == ["other", "like"])
        #expect(try test.balance() == 430)
        #expect(try test.store.inbox.find("own")?.summary.verdict == .applied)
        let replay = try test.store.inbox.replay("own", by: "root", in: TestStore.scope, at: TestStore.now)
        #expect(replay == .bodyGone)
        try test.verify()
    }

    @Test func aPersonIsFoundInEveryWindowOfTheInbox() throws {
        try test.seen()
        try receive("first", "customer.updated", ["id": "ada"])
        let connection = try test.connection()
        for (place, name) in [(1001, "ada"), (2000, "eve"), (2001, "ada")] {
            try connection.execute(
                """
                INSERT INTO deliveries (id, webhook_id, environment, verdict, headers, body, sent_ms, received_ms)
                VALUES ($1, $2, 'sandbox', 'ignored', '{}', $3, 0, 0)
                """, .integer(Int64(place)), .text("w\(place)"), .blob(Array(#"{"x":"\#(name)"}"#.utf8)))
        }
        #expect(try forget()?.bodies == 3)
        #expect(try bodies() == ["w2000"])
    }

    @Test func theAddressOfACheckoutGoesOnceItHasEnded() throws {
        let profile = Profile(user: try test.user("ada"))
        for number in 1...2 {
            let id = Checkout.ID(random: [UInt8](repeating: UInt8(number), count: 16))
            _ = try test.store.checkouts.open(
                id, of: Int64(number), for: profile, in: TestStore.scope, at: TestStore.now)
            try test.store.checkouts.created(
                id,
                Checkout.OpenSession(
                    id: Checkout.PolarID(random: [UInt8](repeating: UInt8(number), count: 16)),
                    url: "https://p/\(number)",
                    clientSecret: "s", expiresAt: TestStore.at(Int64(number) * 10)))
        }
        _ = try test.store.people.forget(test.user("ada"), by: "root", at: TestStore.at(10))
        #expect(try test.texts("SELECT url FROM checkouts ORDER BY expires_ms") == ["", "https://p/2"])
    }

    @Test func whomNobodyKnowsIsNotForgotten() throws {
        #expect(try forget() == nil)
        #expect(try test.store.admins.auditLog(limit: 1).items == [])
    }
}

extension JSON {
    fileprivate func replacing(_ name: String, with value: JSON) -> JSON {
        .object((members ?? []).map { $0.name == name ? Member(name, value) : $0 })
    }
}
