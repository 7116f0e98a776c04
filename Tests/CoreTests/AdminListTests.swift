import JSON
import TestSupport
import Testing

@testable import Core

/// The lists that admins read: what they show, in which order, page by page.
@Suite struct AdminListTests {
    let test: TestStore
    init() throws { test = try TestStore() }

    /// Every page of a list, one after the other.
    private func pages<Item>(
        _ page: (ListCursor?) throws -> Listing<Item>, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [[Item]] {
        var pages: [[Item]] = []
        var cursor: ListCursor?
        repeat {
            let found = try page(cursor)
            pages.append(found.items)
            // As a client sends it back.
            cursor = try found.next.map { try #require(ListCursor($0.text), sourceLocation: sourceLocation) }
        } while cursor != nil && pages.count < 20
        return pages
    }

    /// Orders 1 to 7: two a second; 3 and 6 of bob, 4 refunded, 5 parked, 7 of another product.
    private func sell() throws {
        for number in 1...7 {
            var order = TestOrder {
                $0.id = uuid(number)
                $0.metadata = ["user_id": number % 3 == 0 ? "bob" : "ada"]
            }
            if number == 5 { order.metadata = .null }
            if number == 7 { order.product = "11111111-1111-4111-8111-111111111111" }
            var json = order.json.members ?? []
            json[json.count - 1] = .init("created_at", .string("2026-11-20T10:15:0\(number / 2)Z"))
            let clock = PolarClock(rawValue: 1_900_000_000_000_000)
            let snapshot = try #require(OrderSnapshot(.object(json), at: clock))
            _ = try test.store.orders.apply(snapshot, in: TestStore.scope, at: TestStore.now)
        }
        try test.apply(TestOrder { $0.id = uuid(4) }.refunded(500))
    }

    private func orders(_ limit: Int = 2, _ change: (inout PaymentFilter) -> Void = { _ in }) throws -> [[String]] {
        var filter = PaymentFilter()
        change(&filter)
        return try pages { try test.store.orders.list(filter, after: $0, limit: limit) }.map {
            $0.map { String($0.order.text.suffix(1)) }
        }
    }

    @Test func paymentsComeNewestFirstPageByPage() throws {
        #expect(try orders() == [[]])
        try sell()
        // Those of one second by id, so that none is shown twice or left out.
        #expect(try orders(2) == [["7", "6"], ["5", "4"], ["3", "2"], ["1"]])
        #expect(try orders(7) == [["7", "6", "5", "4", "3", "2", "1"]])
        #expect(try orders(6) == [["7", "6", "5", "4", "3", "2"], ["1"]])
    }

    @Test func paymentsAreFiltered() throws {
        try sell()
        #expect(try orders(1) { $0.user = UserID("bob") } == [["6"], ["3"]])
        #expect(try orders { $0.user = UserID("eve") } == [[]])
        #expect(try orders { $0.state = .parked } == [["5"]])
        #expect(try orders { $0.state = .recorded } == [["7"]])
        #expect(try orders { $0.status = .refunded } == [["4"]])
        #expect(try orders(9) { $0.status = .paid } == [["7", "6", "5", "3", "2", "1"]])
        #expect(
            try orders(9) {
                $0.status = .paid; $0.state = .applied; $0.user = UserID("ada")
            } == [["2", "1"]])
        #expect(
            try orders(9) {
                $0.status = .refunded; $0.state = .parked
            } == [[]])
    }

    @Test func aRangeOfTimeHasItsBeginningAndNotItsEnd() throws {
        try sell()
        let second = { (number: Int64) throws in
            try #require(PolarClock("2026-11-20T10:15:0\(number)Z")).instant
        }
        #expect(
            try orders(9) {
                $0.from = try? second(1); $0.until = try? second(2)
            } == [["3", "2"]])
        #expect(
            try orders(1) {
                $0.from = try? second(1); $0.until = try? second(2)
            } == [["3"], ["2"]])
        #expect(try orders(9) { $0.from = try? second(3) } == [["7", "6"]])
        #expect(try orders(9) { $0.until = try? second(1) } == [["1"]])
    }

    private func users(_ filter: UserFilter, _ limit: Int = 2) throws -> [[String]] {
        try pages { try test.store.people.list(filter, after: $0, limit: limit) }.map { $0.map(\.user.text) }
    }

    private func see(_ id: String, _ email: String? = nil, after seconds: Int64 = 0) throws {
        let profile = Profile(user: try test.user(id), email: email)
        _ = try test.store.people.account(of: profile, at: TestStore.now.advanced(by: .seconds(seconds)))
    }

    @Test func usersComeNewestFirstPageByPage() throws {
        for (place, id) in ["ada", "bob", "cyd", "dan"].enumerated() { try see(id, after: Int64(place / 2)) }
        #expect(try users(.all, 1) == [["dan"], ["cyd"], ["bob"], ["ada"]])
        #expect(try users(.all, 3) == [["dan", "cyd", "bob"], ["ada"]])
        #expect(try users(.all, 4) == [["dan", "cyd", "bob", "ada"]])
    }

    @Test(arguments: 1...7)
    func usersAreFoundByTheBeginningOfTheirIDAndThenOfTheirAddress(_ limit: Int) throws {
        try see("an")
        try see("ana", "zoe@example.com")
        try see("anb", "ANB@example.com")
        try see("x1", "Ana@example.com")
        try see("x2", "anB@example.com")
        try see("x3", "bob@example.com")
        try see("An")
        try see("a%", "a_@example.com")
        // Ids as they are written, addresses however they are written; nobody twice.
        #expect(try users(.beginning("an"), limit).flatMap(\.self) == ["an", "ana", "anb", "x1", "x2"])
        #expect(try users(.beginning("anb@EXAMPLE.com"), limit).flatMap(\.self) == ["anb", "x2"])
        #expect(try users(.beginning("AN"), limit).flatMap(\.self) == ["x1", "anb", "x2"])
        #expect(try users(.beginning("a%"), limit).flatMap(\.self) == ["a%"])
        #expect(try users(.beginning("a_"), limit).flatMap(\.self) == ["a%"])
        #expect(try users(.beginning("q"), limit) == [[]])
    }

    @Test func usersInDebtComeWithTheHighestDebtFirst() throws {
        for (place, id) in ["ada", "bob", "cyd"].enumerated() {
            let order = TestOrder {
                $0.id = uuid(place); $0.metadata = ["user_id": .string(id)]
            }
            try test.apply(order)
            _ = try test.adjust(-10 - 100 * Int64(place), id, key: id)
            try test.apply(order.refunded(500))
        }
        #expect(try users(.inDebt, 1) == [["cyd"], ["bob"]])
        #expect(try test.store.people.list(.inDebt, limit: 9).items.map(\.debt.rawValue) == [200, 100])
    }

    @Test func aUsersDetailSumsUpTheLedger() throws {
        let user = try test.seen()
        try test.apply(TestOrder())
        try test.apply(TestOrder().refunded(250))
        _ = try test.adjust(5, key: "a")
        try test.submit(1)
        try test.submit(2, at: 1)
        try test.fail(test.job(at: 2), maximumAttempts: 1, at: 3)
        let detail = try #require(try test.store.people.detail(of: user, at: TestStore.now))
        #expect(detail.purchased == 210 && detail.spent == 1 && detail.refunded == 1 && detail.adjusted == 5)
        #expect(detail.trial == 10 && detail.payments == 1 && detail.generations == 2 && !detail.isAdmin)
        #expect(detail.account.balance == detail.credits.values.reduce(.zero, +))
        _ = try test.store.admins.grant(to: user, by: "test", at: TestStore.now)
        #expect(try test.store.people.detail(of: user, at: TestStore.now)?.isAdmin == true)
        #expect(try test.store.people.detail(of: test.user("eve"), at: TestStore.now) == nil)
    }

    @Test func theLedgerIsToldOldestFirst() throws {
        try test.seen("ada")
        _ = try test.adjust(1, key: "1")
        try see("bob", after: 10)
        let all = try pages { try test.store.ledger.list(after: $0, limit: 1) }.flatMap(\.self)
        #expect(all.map { "\($0.user) \($0.kind.rawValue)" } == ["ada trial", "ada adjustment", "bob trial"])
        var filter = LedgerFilter()
        filter.from = TestStore.now.advanced(by: .seconds(10))
        #expect(try test.store.ledger.list(filter, limit: 9).items.map(\.user.text) == ["bob"])
        filter = LedgerFilter()
        filter.until = TestStore.now.advanced(by: .seconds(10))
        #expect(try test.store.ledger.list(filter, limit: 9).items.map(\.id) == [1, 2])
    }

    @Test func theAuditLogComesNewestFirstAndBySubject() throws {
        let ada = try test.seen()
        _ = try test.store.admins.grant(to: ada, by: "root", at: TestStore.now)
        try test.refundOnFailure(false)
        _ = try test.adjust(3, key: "k")
        let all = try pages { try test.store.admins.auditLog(after: $0, limit: 2) }
        #expect(all.map { $0.map(\.action) } == [["user.adjust", "settings.change"], ["admin.grant"]])
        #expect(all[0][1].old == #"{"refund_on_failure":true}"# && all[0][1].new == #"{"refund_on_failure":false}"#)
        #expect(
            try test.store.admins.auditLog(of: "ada", limit: 9).items.map(\.action) == ["user.adjust", "admin.grant"])
        #expect(try test.store.admins.auditLog(of: "nobody", limit: 9).items == [])
    }

    @Test(arguments: ["", "x", "WzFd", "bnVsbA", "W10", "WyJhIiwiYiIsImMiLCJkIl0", "WyJhIl0=", " WyJhIl0"])
    func whatIsNoCursorIsNone(_ text: String) { #expect(ListCursor(text) == nil) }

    @Test func aCursorHoldsWhateverAnIDMayHold() throws {
        let cursor = ListCursor(of: "email", "a\"\\é@x", "auth0|1/2 ü")
        #expect(ListCursor(cursor.text) == cursor)
        #expect(cursor.text.utf8.allSatisfy { $0.isASCIIWord })
    }
}

extension UInt8 {
    fileprivate var isASCIIWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        case _: false
        }
    }
}
