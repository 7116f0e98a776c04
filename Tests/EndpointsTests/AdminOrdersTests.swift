import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// Parked orders, the inbox, the admins and the exports.
@Suite struct AdminOrdersTests {
    let office: AdminOffice
    init() throws { office = try AdminOffice() }

    private func post(_ path: String, _ body: String = "", key: String? = nil) -> Response {
        var headers: Headers = [:]
        headers["idempotency-key"] = key
        return office.send(.post, "/api/v1/admin/\(path)", headers: headers, body: body)
    }

    // MARK: Parked

    @Test func aParkedOrderIsAssignedOnce() throws {
        try office.receive(AdminOffice.order(1), as: "w1")
        let path = "parked/\(AdminOffice.id(1))/assign"
        let done = post(path, #"{"user_id":"ada"}"#, key: "k")
        #expect(done.status == .ok && done.json["credits"] == 420 && done.json["outcome"] == "applied")
        #expect(done.json["user_id"] == "ada" && done.json["debt_change"] == 0)
        #expect(try office.balance("ada") == 430 && office.store.orders.parkedCount() == 0)
        #expect(post(path, #"{"user_id":"ada"}"#, key: "k") == done)
        let again = post(path, #"{"user_id":"eve"}"#)
        #expect(again.status == .conflict && again.json["code"] == "not_parked")
        #expect(try office.audit() == ["root order.assign \(AdminOffice.id(1))", "test admin.grant root"])
        #expect(try office.store.ledger.verify() == [])
    }

    @Test func whatCannotBeReadIsNotGranted() throws {
        try office.receive(AdminOffice.order(1, net: "much"), as: "w1")
        let refused = post("parked/\(AdminOffice.id(1))/assign", #"{"user_id":"ada"}"#)
        #expect(refused.status == .conflict && refused.json["code"] == "not_grantable")
        #expect(refused.json["reason"] == "amounts")
        #expect(try office.store.orders.parkedCount() == 1 && office.balance("ada") == 10)
    }

    @Test(arguments: ["{}", #"{"user_id":7}"#, #"{"user_id":""}"#, #"{"user_id":"a\u0001"}"#])
    func anAssignmentNeedsAUser(_ body: String) throws {
        try office.receive(AdminOffice.order(1), as: "w1")
        let refused = post("parked/\(AdminOffice.id(1))/assign", body)
        #expect(refused.status == .unprocessableContent && refused.json["code"] == "invalid_user_id")
        #expect(try office.store.orders.parkedCount() == 1)
    }

    @Test func anOrderThatNobodyKnowsIsNotThere() {
        for id in [AdminOffice.id(9), "x"] {
            #expect(post("parked/\(id)/assign", #"{"user_id":"ada"}"#).status == .notFound)
            #expect(post("parked/\(id)/dismiss").status == .notFound)
        }
    }

    @Test(arguments: [("", "no reason given"), ("{}", "no reason given"), (#"{"reason":"a test"}"#, "a test")])
    func aParkedOrderIsDismissed(_ body: String, _ note: String) throws {
        try office.receive(AdminOffice.order(1), as: "w1")
        let done = post("parked/\(AdminOffice.id(1))/dismiss", body)
        #expect(done.status == .ok && done.json["state"] == "dismissed" && done.json["note"] == .string(note))
        #expect(try office.store.admins.auditLog(limit: 1).items.first?.new == note)
        #expect(office.get("payments", "state=dismissed")["items"]?.array?.first?["note"] == .string(note))
        #expect(post("parked/\(AdminOffice.id(1))/dismiss", body).json["code"] == "not_parked")
    }

    @Test(arguments: [#"{"reason":7}"#, #"{"reason":" "}"#])
    func aReasonThatIsNoneDismissesNothing(_ body: String) throws {
        try office.receive(AdminOffice.order(1), as: "w1")
        #expect(post("parked/\(AdminOffice.id(1))/dismiss", body).status == .unprocessableContent)
        #expect(try office.store.orders.parkedCount() == 1)
    }

    // MARK: The inbox

    @Test func deliveriesAreShownAndReplayed() throws {
        try office.receive(AdminOffice.order(1), as: "w1")
        try office.receive(AdminOffice.order(2, of: "ada"), as: "w2")
        #expect(office.get("deliveries")["items"]?.array?.map { $0["webhook_id"]?.string } == ["w2", "w1"])
        #expect(office.get("deliveries", "verdict=parked")["items"]?.array?.count == 1)
        #expect(office.get("deliveries", "type=order.paid")["items"]?.array?.count == 2)
        #expect(office.get("deliveries", "order_id=\(AdminOffice.id(2))")["items"]?.array?.count == 1)
        let one = office.get("deliveries/w1")
        #expect(one["verdict"] == "parked" && one["reason"] == "unknown_user")
        #expect(one["headers"] == ["webhook-id": "w1"])
        #expect(try JSON(Array((one["body"]?.string ?? "").utf8))["type"] == "order.paid")
        #expect(one["body_bytes"]?.integer == Int64((one["body"]?.string ?? "").utf8.count))

        let replayed = post("deliveries/w2/replay")
        #expect(replayed.status == .ok && replayed.json["verdict"] == "unchanged")
        #expect(try office.balance("ada") == 430 && office.audit().first == "root delivery.replay w2")
        #expect(office.get("deliveries/w2")["replayed_at"] != nil)
        #expect(post("deliveries/w9/replay").status == .notFound)
        #expect(office.send(.get, "/api/v1/admin/deliveries/w9").status == .notFound)
    }

    @Test func adminsAreGrantedAndRevokedButNeverTheLast() throws {
        func act(_ method: Request.Method, _ id: String) -> Response {
            office.send(method, "/api/v1/admin/admins/\(id)")
        }
        let last = act(.delete, "root")
        #expect(last.status == .conflict && last.json["code"] == "last_admin")
        let granted = act(.put, "eve")
        #expect(granted.status == .created && granted.json["user_id"] == "eve" && granted.json["granted_by"] == "root")
        let again = act(.put, "eve")
        #expect(again.status == .ok && again.json == granted.json)
        #expect(office.get("admins")["items"]?.array?.map { $0["user_id"]?.string } == ["eve", "root"])
        #expect(act(.delete, "bob").status == .notFound)
        let revoked = act(.delete, "eve")
        #expect(revoked.status == .noContent && revoked.body == [])
        #expect(try office.store.admins.all().map(\.user.text) == ["root"])
        #expect(
            try office.audit() == ["root admin.revoke eve", "root admin.grant eve", "test admin.grant root"])
    }

    // MARK: Exports

    @Test func aTableHasItsLinesAndNoFormula() {
        var csv = CSV(["a", "b"])
        csv.add(["plain", -5])
        csv.add(["=1+1", .null])
        csv.add(["a,\"b\"\r\nc", .null])
        for text in ["+1", "-1", "@x", "\tx", "\rx", "\nx"] { csv.add([.string(text), ""]) }
        #expect(
            String(decoding: csv.bytes, as: UTF8.self) == """
                a,b\r\n"plain",-5\r\n"'=1+1",\r\n"a,""b""\r\nc",\r\n"'+1",""\r\n"'-1",""\r\n"'@x",""\r\n"'\tx",""\r
                "'\rx",""\r\n"'\nx",""\r\n
                """)
    }

    @Test func thePaymentsAreExportedWithTheirFilters() throws {
        for number in 1...3 {
            try office.receive(AdminOffice.order(number, of: number == 2 ? nil : "=cmd|x"), as: "w\(number)")
        }
        let all = office.send(.get, "/admin/payments.csv")
        #expect(all.headers["content-type"] == "text/csv; charset=utf-8; header=present")
        #expect(all.headers["content-disposition"] == #"attachment; filename="payments-2026-11-18.csv""#)
        #expect(all.headers["link"] == nil)
        let lines = all.text.split(separator: "\r\n")
        #expect(lines.count == 4 && lines[0].hasPrefix("order_id,created_at,environment,user_id,state,"))
        #expect(
            lines[1].hasPrefix(
                #""\#(AdminOffice.id(3))","2026-11-20T10:15:03.000Z","sandbox","'=cmd|x","applied",,"paid","usd",500,0,420,420,0,0"#
            ))
        let parked = office.send(.get, "/admin/payments.csv", query: "status=parked").text
        #expect(parked.split(separator: "\r\n").count == 2)
        #expect(office.send(.get, "/admin/payments.csv", query: "from=x").status == .unprocessableContent)
        #expect(office.send(.get, "/admin/payments.csv", query: "after=x").status == .unprocessableContent)
    }

    @Test func theLedgerIsExportedForDays() throws {
        _ = office.send(
            .post, "/api/v1/admin/users/ada/adjustments", body: #"{"amount":-5,"reason":"-1,\"x\""}"#)
        let lines = office.send(.get, "/admin/ledger.csv").text.split(separator: "\r\n")
        #expect(lines[0] == "id,created_at,user_id,kind,amount,balance_after,order_id,generation_id,actor,reason")
        #expect(lines[1] == #"1,"2026-11-18T11:06:40.000Z","ada","trial",10,10,,,,"#)
        #expect(lines[2] == #"2,"2026-11-18T11:06:40.000Z","ada","adjustment",-5,5,,,"root","'-1,""x""""#)
        func count(_ query: String) -> Int {
            office.send(.get, "/admin/ledger.csv", query: query).text.split(separator: "\r\n").count - 1
        }
        #expect(count("from=2026-11-18&to=2026-11-18") == 2)
        #expect(count("to=2026-11-17") == 0 && count("from=2026-11-19") == 0)
    }

    @Test func aLongExportComesInParts() throws {
        for amount in 1...4 {
            let body = #"{"amount":\#(amount),"reason":"r"}"#
            _ = office.send(.post, "/api/v1/admin/users/ada/adjustments", body: body)
        }
        let exports = AdminExports(dependencies: office.dependencies, mostRows: 2)
        var query = "from=2026-11-18"
        var ids: [String] = []
        for part in 1...3 {
            let answer = try exports.ledger(Request(method: .get, path: "/admin/ledger.csv", query: query), "")
            ids += answer.text.split(separator: "\r\n").dropFirst().map { String($0.prefix(1)) }
            let link = answer.headers["link"]
            #expect((link == nil) == (part == 3))
            guard let link else { break }
            #expect(link.hasPrefix("</admin/ledger.csv?from=2026-11-18&after=") && link.hasSuffix(">; rel=\"next\""))
            query = String(link.dropFirst("</admin/ledger.csv?".count).dropLast(">; rel=\"next\"".count))
        }
        #expect(ids == ["1", "2", "3", "4", "5"])
    }
}
