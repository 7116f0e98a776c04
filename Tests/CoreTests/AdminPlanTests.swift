import Database
import TestSupport
import Testing

@testable import Core

/// Every page of every list is read from an index, in its order, and no longer than the page: whatever the lists hold.
@Suite struct AdminPlanTests {
    /// A list with its filters, and the index that it has to be read from.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let index: String
        let query: @Sendable (ListCursor?) -> ListQuery
        let cursor: ListCursor

        init(
            _ description: String, _ index: String, _ cursor: ListCursor = ListCursor(of: "1", "x"),
            _ query: @escaping @Sendable (ListCursor?) -> ListQuery
        ) {
            testDescription = description
            self.index = index
            self.query = query
            self.cursor = cursor
        }

        static func payments(
            _ description: String, _ index: String, _ change: @escaping @Sendable (inout PaymentFilter) -> Void
        ) -> Case {
            Case("payments \(description)", index) { cursor in
                var filter = PaymentFilter()
                change(&filter)
                return Orders.paymentList(filter, after: cursor, limit: 25)
            }
        }

        static func deliveries(
            _ description: String, _ index: String, _ change: @escaping @Sendable (inout DeliveryFilter) -> Void
        ) -> Case {
            Case("deliveries \(description)", index) { cursor in
                var filter = DeliveryFilter()
                change(&filter)
                return Inbox.deliveryList(filter, after: cursor, limit: 25)
            }
        }
    }

    static let cases: [Case] = [
        .payments("all", "payments_by_time") { _ in },
        .payments("of days", "payments_by_time") {
            $0.from = TestStore.now; $0.until = TestStore.now
        },
        .payments("of a user", "payments_by_user") { $0.user = UserID("ada") },
        .payments("of a user in a state", "payments_by_user") {
            $0.user = UserID("ada"); $0.state = .parked
        },
        .payments("of a user, by status", "payments_by_user") {
            $0.user = UserID("ada"); $0.status = .paid
        },
        .payments("parked", "payments_by_state") { $0.state = .parked },
        .payments("parked since", "payments_by_state") {
            $0.state = .parked; $0.from = TestStore.now
        },
        .payments("refunded", "payments_by_status") { $0.status = .refunded },
        .payments("refunded, until", "payments_by_status") {
            $0.status = .refunded; $0.until = TestStore.now
        },
        .payments("by state and status", "payments_by_state_and_status") {
            $0.status = .void; $0.state = .applied
        },
        Case("users", "users_by_time") { People.newestUsers(after: $0, limit: 25) },
        Case("users in debt", "users_in_debt") { People.usersInDebt(after: $0, limit: 25) },
        Case("users by id", "PRIMARY KEY", ListCursor(of: "id", "b")) {
            People.users(withID: "a", after: $0?.tie, limit: 25)
        },
        Case("users by address", "users_by_address", ListCursor(of: "email", "b", "c")) {
            People.users(withEmail: "a", after: $0, limit: 25)
        },
        .deliveries("all", "INTEGER PRIMARY KEY") { _ in },
        .deliveries("by verdict", "deliveries_by_verdict") { $0.verdict = .parked },
        .deliveries("by type", "deliveries_by_type") { $0.type = "order.paid" },
        .deliveries("by verdict and type", "deliveries_by_verdict_and_type") {
            $0.verdict = .stale; $0.type = "order.paid"
        },
        .deliveries("of an order", "deliveries_by_order") { $0.order = Order.ID(uuid(1)) },
        .deliveries("of an order, by verdict", "deliveries_by_order") {
            $0.order = Order.ID(uuid(1)); $0.verdict = .parked
        },
        Case("the audit log", "INTEGER PRIMARY KEY") { Admins.auditList(of: nil, after: $0, limit: 25) },
        Case("the audit log of one", "audit_log_by_subject") { Admins.auditList(of: "ada", after: $0, limit: 25) },
        Case("the ledger", "ledger_entry_by_time") { Ledger.ledgerList(LedgerFilter(), after: $0, limit: 25) },
    ]

    @Test(arguments: cases) func isReadFromItsIndex(_ list: Case) throws {
        let test = try TestStore()
        let connection = try test.connection()
        for cursor in [nil, list.cursor] {
            let query = list.query(cursor)
            let plan = try connection.query("EXPLAIN QUERY PLAN " + query.sql, query.values) { $0.text(3) }
            let isFiltered = query.sql.contains(" WHERE ")
            #expect(plan.count == 1, "\(plan)")
            let step = plan.first ?? ""
            #expect(!step.contains("TEMP B-TREE"))
            // Without a filter the index is walked from its end, and the limit ends the walk.
            #expect(step.hasPrefix(isFiltered ? "SEARCH" : "SCAN"), "\(plan)")
            let isWalkedByRow = !isFiltered && list.index == "INTEGER PRIMARY KEY"
            #expect(
                isWalkedByRow ? !step.contains("USING") : step.contains("\(list.index) ") || step.hasSuffix(list.index),
                "\(plan)")
        }
    }

    /// The figures at full size are deploy/bench-admin's.
    @Test func aLargeDatabaseIsAsTheRulesWantIt() throws {
        let test = try TestStore()
        try LargeDatabase.fill(test, users: 1000)
        #expect(try test.integers("SELECT count(*) FROM users") == [1000])
        #expect(try test.integers("SELECT count(*) FROM payments") == [2010])
        #expect(try test.integers("SELECT count(*) FROM ledger_entry") == [20_000])
        try test.verify()
        let overview = try test.store.operations.overview(in: .sandbox, at: TestStore.now)
        #expect(overview.debt == 420 && overview.parked == 10 && overview.users == 1000)
        #expect(try test.store.people.list(.beginning("PERSON.1"), limit: 100).items.count == 100)
        // It goes on as any other.
        try test.apply(TestOrder())
        try test.submit(1)
        try test.verify()
    }
}
