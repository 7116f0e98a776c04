import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// What admins read and do through `/api/v1/admin`.
@Suite struct AdminAPITests {
    let office: AdminOffice
    init() throws { office = try AdminOffice() }

    private func post(_ path: String, _ body: String = "", key: String? = nil, query: String = "") -> Response {
        var headers: Headers = [:]
        headers["idempotency-key"] = key
        return office.send(.post, "/api/v1/admin/\(path)", query: query, headers: headers, body: body)
    }

    /// Everything there is, with a method that it takes.
    static let addresses: [(Request.Method, String)] = [
        (.get, "settings"), (.put, "settings"), (.get, "payments"), (.get, "users"), (.get, "users/ada"),
        (.post, "users/ada/adjustments"), (.get, "parked"), (.post, "parked/\(AdminOffice.id(1))/assign"),
        (.post, "parked/\(AdminOffice.id(1))/dismiss"), (.get, "deliveries"), (.get, "deliveries/a"),
        (.post, "deliveries/a/replay"), (.get, "admins"), (.put, "admins/ada"), (.delete, "admins/root"),
    ]

    @Test(arguments: addresses) func nobodyButAnAdminGetsAnything(_ method: Request.Method, _ path: String) throws {
        try office.receive(AdminOffice.order(1), as: "a")
        let before = try office.audit()
        let body = #"{"credits_per_pack":500,"amount":5,"reason":"r","user_id":"ada"}"#
        for path in ["/api/v1/admin/\(path)"] {
            #expect(office.send(method, path, as: nil, body: body).json["code"] == "unauthenticated")
            let refused = office.send(method, path, as: "ada", body: body)
            #expect(refused.status == .forbidden && refused.json["code"] == "not_admin")
        }
        #expect(try office.audit() == before && office.balance("ada") == 10)
        #expect(try office.store.orders.parkedCount() == 1 && office.store.admins.all().map(\.user.text) == ["root"])
    }

    @Test(arguments: ["/admin/payments.csv", "/admin/ledger.csv"]) func exportsAreForAdmins(_ path: String) {
        #expect(office.send(.get, path, as: nil).status == .unauthorized)
        #expect(office.send(.get, path, as: "ada").status == .forbidden)
        #expect(office.send(.get, path).status == .ok)
    }

    @Test(arguments: [
        (Request.Method.delete, "settings", "GET, PUT, HEAD"), (.post, "payments", "GET, HEAD"),
        (.get, "users/ada/adjustments", "POST"), (.get, "parked/x/assign", "POST"),
        (.post, "admins/ada", "PUT, DELETE"),
    ])
    func anotherMethodIsToldWhichAreAllowed(_ method: Request.Method, _ path: String, _ allowed: String) {
        let response = office.send(method, "/api/v1/admin/\(path)")
        #expect(response.status == .methodNotAllowed && response.headers["allow"] == allowed)
    }

    // MARK: Lists

    @Test func paymentsAreListedPageByPageAndFiltered() throws {
        for number in 1...3 {
            try office.receive(AdminOffice.order(number, of: number == 2 ? nil : "ada"), as: "w\(number)")
        }
        let first = office.get("payments", "limit=2")
        #expect(first["items"]?.array?.map { $0["order_id"]?.string } == [AdminOffice.id(3), AdminOffice.id(2)])
        let cursor = try #require(first["next_cursor"]?.string)
        let second = office.get("payments", "limit=2&cursor=\(cursor)")
        #expect(second["items"]?.array?.map { $0["order_id"]?.string } == [AdminOffice.id(1)])
        #expect(second["next_cursor"] == nil)
        func count(_ query: String) -> Int? { office.get("payments", query)["items"]?.array?.count }
        #expect(count("user_id=ada") == 2 && count("user_id=eve") == 0 && count("user_id=") == 3)
        #expect(count("status=paid") == 3 && count("status=parked") == 1 && count("status=refunded") == 0)
        #expect(count("parked=true") == 1 && count("parked=false") == 3 && count("state=applied") == 2)
        #expect(count("from=2026-11-20&to=2026-11-20") == 3 && count("from=2026-11-21") == 0)
        #expect(count("to=2026-11-19") == 0)
        let item = try #require(office.get("parked")["items"]?.array?.first)
        #expect(item["order_id"] == .string(AdminOffice.id(2)) && item["reason"] == "unknown_user")
        #expect(item["state"] == "parked" && item["net_cents"] == 500 && item["currency"] == "usd")
    }

    @Test(arguments: [
        ("payments", "limit=0", "limit"), ("payments", "limit=101", "limit"), ("payments", "cursor=x", "cursor"),
        ("payments", "status=open", "status"), ("payments", "from=2026-11-31", "from"),
        ("payments", "to=yesterday", "to"), ("payments", "parked=1", "parked"), ("payments", "user_id=%01", "user_id"),
        ("users", "limit=x", "limit"), ("users", "debt=maybe", "debt"), ("deliveries", "verdict=good", "verdict"),
        ("deliveries", "order_id=1", "order_id"),
    ])
    func aFilterThatCannotBeIsNamed(_ list: String, _ query: String, _ field: String) {
        let response = office.send(.get, "/api/v1/admin/\(list)", query: query)
        #expect(response.status == .unprocessableContent)
        #expect(response.json["errors"]?.array?.first?["field"] == .string(field))
    }

    @Test func usersAreFoundAndShownWithTheirTotals() throws {
        try office.receive(AdminOffice.order(1, of: "ada"), as: "w1")
        let list = office.get("users", "q=ADA@ex")["items"]?.array
        #expect(list?.count == 1 && list?.first?["email"] == "ada@example.com" && list?.first?["credits"] == 430)
        #expect(office.get("users", "q=nobody")["items"]?.array == [])
        #expect(office.get("users", "debt=true")["items"]?.array == [])
        let shown = office.get("users/ada")
        #expect(shown["credits"] == 430 && shown["debt"] == 0 && shown["is_admin"] == false)
        #expect(
            shown["totals"] == [
                "purchased": 420, "spent": 0, "refunded": 0, "repaid": 0, "adjusted": 0, "trial": 10, "payments": 1,
                "generations": 0,
            ])
        #expect(office.send(.get, "/api/v1/admin/users/eve").status == .notFound)
    }

    @Test func aUserIsReachedWhateverTheIDHolds() throws {
        for id in ["a/b", "https://issuer.example/users/1", "auth0|1 ü"] {
            _ = try office.store.people.account(of: Profile(user: office.user(id)), at: office.now)
            #expect(office.get("users/\(id)")["user_id"] == .string(id))
            let encoded = PercentEncoding.encoded(id)
            #expect(office.get("users/-", "user_id=\(encoded)")["user_id"] == .string(id))
            let body = #"{"amount":1,"reason":"r"}"#
            let done = post("users/-/adjustments", body, key: "same", query: "user_id=\(encoded)")
            // One key and body, and still another request for each user.
            #expect(done.status == (id == "a/b" ? .created : .unprocessableContent))
        }
        #expect(try office.balance("a/b") == 11)
    }

    // MARK: Adjustments

    @Test func anAdjustmentIsAnEntryAndALineInTheAuditLog() throws {
        let done = post("users/ada/adjustments", #"{"amount":-5,"reason":"given twice"}"#)
        #expect(done.status == .created && done.json["amount"] == -5 && done.json["balance_after"] == 5)
        #expect(done.json["actor"] == "root" && done.json["reason"] == "given twice")
        #expect(try office.audit().first == "root user.adjust ada" && office.balance("ada") == 5)
        // Without a key, every request counts.
        #expect(post("users/ada/adjustments", #"{"amount":-5,"reason":"given twice"}"#).status == .created)
        #expect(try office.balance("ada") == 0)
        for reason in [#"a\u0600<b"#, #"a\nb"#, #"a\u202eb"#, #"\u200b"#] {
            #expect(
                post("users/ada/adjustments", #"{"amount":-5,"reason":"\#(reason)"}"#).status == .unprocessableContent)
        }
        let below = post("users/ada/adjustments", #"{"amount":-1,"reason":"more"}"#)
        #expect(below.status == .conflict && below.json["code"] == "below_zero" && below.json["balance"] == 0)
        #expect(post("users/eve/adjustments", #"{"amount":1,"reason":"r"}"#).status == .notFound)
    }

    @Test func oneKeyIsOneAdjustment() throws {
        let body = #"{"amount":7,"reason":"sorry"}"#
        let first = post("users/ada/adjustments", body, key: "k")
        #expect(post("users/ada/adjustments", body, key: "k") == first)
        #expect(try office.balance("ada") == 17)
        let other = post("users/ada/adjustments", #"{"amount":8,"reason":"sorry"}"#, key: "k")
        #expect(other.status == .unprocessableContent && other.json["code"] == "idempotency_key_reused")
        // The answer is gone after a day, the entry stands under its key.
        office.now = office.now.advanced(by: .seconds(86_401))
        let later = post("users/ada/adjustments", body, key: "k")
        #expect(later.status == .created && later.json == first.json)
        office.now = office.now.advanced(by: .seconds(86_401))
        let otherLater = post("users/ada/adjustments", #"{"amount":8,"reason":"sorry"}"#, key: "k")
        #expect(otherLater.json["code"] == "idempotency_key_reused")
        #expect(try office.balance("ada") == 17)
    }

    @Test(arguments: [
        (#"{"amount":0,"reason":"r"}"#, ["amount"]), (#"{"amount":1.5,"reason":"r"}"#, ["amount"]),
        (#"{"amount":"5","reason":"r"}"#, ["amount"]), (#"{"amount":1000000001,"reason":"r"}"#, ["amount"]),
        (#"{"amount":-1000000001,"reason":"r"}"#, ["amount"]), (#"{"amount":1}"#, ["reason"]),
        (#"{"amount":1,"reason":" \n"}"#, ["reason"]), (#"{"amount":1,"reason":7}"#, ["reason"]),
        ("{}", ["amount", "reason"]),
    ])
    func anAdjustmentNeedsAWholeAmountAndAReason(_ body: String, _ fields: [String]) throws {
        let refused = post("users/ada/adjustments", body)
        #expect(refused.status == .unprocessableContent)
        #expect(refused.json["errors"]?.array?.compactMap { $0["field"]?.string } == fields)
        #expect(try office.balance("ada") == 10)
    }

    @Test(arguments: [(1000, Status.created), (1001, .unprocessableContent)])
    func aReasonHasItsLength(_ bytes: Int, _ status: Status) {
        let reason = String(repeating: "a", count: bytes)
        #expect(post("users/ada/adjustments", #"{"amount":1,"reason":"\#(reason)"}"#).status == status)
    }

    @Test func theAdminsComeInPages() throws {
        for name in ["ada", "bob", "carol"] {
            _ = try office.store.admins.grant(to: office.user(name), by: "root", at: office.now)
        }
        var names: [String] = []
        var cursor: String?
        repeat {
            let page = office.get("admins", "limit=2" + (cursor.map { "&cursor=\($0)" } ?? ""))
            #expect((page["items"]?.array?.count ?? 0) <= 2)
            names += page["items"]?.array?.compactMap { $0["user_id"]?.string } ?? []
            cursor = page["next_cursor"]?.string
        } while cursor != nil && names.count < 10
        #expect(names.sorted() == ["ada", "bob", "carol", "root"])
        for wrong in ["limit=0", "limit=101", "limit=x", "cursor=x"] {
            #expect(office.send(.get, "/api/v1/admin/admins", query: wrong).status == .unprocessableContent, "\(wrong)")
        }
    }

    @Test func theLargestAmountIsTaken() throws {
        #expect(post("users/ada/adjustments", #"{"amount":1000000000,"reason":"r"}"#).status == .created)
        #expect(try office.balance("ada") == 1_000_000_010)
    }
}
