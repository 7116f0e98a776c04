import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// `creditctl reconcile` against the simulator, after everything that webhooks do not tell.
@Suite(.serialized) struct ReconcileTests {
    /// What Polar spreads over an hour takes less than a second.
    private static let hasty = ["SIMULATOR_RETRY_FACTOR": "0.0001"]

    @Test func anHourWithoutWebhooksLosesNothing() throws {
        let site = try Site(Self.hasty)
        try site.control("/control/api/settings", ["drop": true])
        var orders: [String: String] = [:]
        for (index, user) in ["ada", "bob", "cyd", "dan", "eve"].enumerated() {
            orders[user] = try site.sale(of: Int64(index % 3 + 1), to: user)
        }
        let stray = try #require(
            site.control("/control/api/orders", ["metadata": ["user_id": "fay"]])["id"]?.string)
        try site.control("/control/api/orders", ["foreign": true, "user": "ada"])
        try site.control("/control/api/orders", ["email": "nobody@example.com"])
        try site.control("/control/api/orders/\(orders["bob"] ?? "")/refund", ["amount": 500])
        try site.control("/control/api/orders/\(orders["cyd"] ?? "")/refund", .object([]))
        let bounced = try site.control("/control/api/orders/\(orders["dan"] ?? "")/refund", .object([]))
        try site.control("/control/api/refunds/\(bounced["id"]?.string ?? "")/bounce", .object([]))
        try eventually("Polar has given up, and switched the endpoint off") {
            try site.state()["endpoint"]?["enabled"] == false
        }
        try site.control("/control/api/settings", ["drop": false])
        #expect(try site.balance(of: "ada").credits == 10, "Nothing has come")

        let first = try site.creditctl("reconcile", "--json")
        let report = try JSON(Array(first.output.utf8))
        #expect(report["ok"] == true && report["corrected"] == 5, "cyd's order was refunded before it was granted")
        #expect(report["parked"] == 1 && report["endpoint"] == "disabled")
        #expect(first.status == 1 && first.errors.contains("SWITCHED OFF"))
        #expect(first.errors.contains("\"event\":\"webhook.endpoint_not_enabled\",\"level\":\"error\""))
        let expected: [String: Int64] = ["ada": 430, "bob": 430, "cyd": 10, "dan": 430, "eve": 850, "fay": 430]
        for (user, credits) in expected { #expect(try site.balance(of: user) == (credits, 0), "\(user)") }
        #expect(try site.creditctl("order", "show", stray).output.contains("purchase 420"))
        try expectVerified(site)

        try site.control("/control/api/endpoint/enable", .object([]))
        let second = try site.creditctl("reconcile", "--json")
        #expect(second.status == 0, Comment(rawValue: second.errors))
        let again = try JSON(Array(second.output.utf8))
        #expect(again["corrected"] == 0 && again["credits"] == 0 && again["parked"] == 0)
        #expect(try JSON(Array(site.creditctl("reconcile", "--deep", "--json").output.utf8))["corrected"] == 0)
        for secret in [site.settings["POLAR_WEBHOOK_SECRET"], site.settings["POLAR_ACCESS_TOKEN"]] {
            let said = first.output + first.errors + second.output + second.errors
            #expect(!said.contains(try #require(secret)))
        }
    }

    @Test func aLostDisputeTakesSpentCreditsAsDebtAndAWonOneGivesThemBack() throws {
        let site = try Site()
        let order = try site.sale(of: 1, to: "ada")
        try eventually("the webhook came") { try site.balance(of: "ada").credits == 430 }
        #expect(try site.creditctl("adjust", "ada", "-330", "--reason", "spent").status == 0)
        let dispute = try site.control("/control/api/orders/\(order)/dispute", ["status": "lost"])

        let dry = try site.creditctl("reconcile", "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("order \(order) of ada: 420 credits, would have 0, debt +320"))
        #expect(try site.balance(of: "ada") == (100, 0))
        #expect(try site.creditctl("reconcile").status == 0)
        #expect(try site.balance(of: "ada") == (0, 320))
        try expectVerified(site)

        try site.control("/control/api/disputes/\(dispute["id"]?.string ?? "")", ["status": "won"])
        #expect(try site.creditctl("reconcile").output.contains("1 corrected by 420 credits"))
        #expect(try site.balance(of: "ada") == (100, 0))
        try expectVerified(site)
    }

    @Test func aDryRunChangesNothing() throws {
        let site = try Site(Self.hasty)
        try site.control("/control/api/settings", ["drop": true])
        let order = try site.sale(of: 2, to: "ada")
        try site.control("/control/api/endpoint/disable", .object([]))
        let before = try site.tables()
        let dry = try site.creditctl("reconcile", "--dry-run", "--json")
        let report = try JSON(Array(dry.output.utf8))
        #expect(report["dry_run"] == true && report["corrected"] == 1)
        #expect(
            report["changes"] == [
                [
                    "order_id": .string(order), "user_id": "ada", "before_credits": 0, "target_credits": 840,
                    "debt_change": 0,
                ]
            ])
        #expect(try site.tables() == before)
        #expect(try site.creditctl("reconcile").output.contains("1 corrected by 840 credits"))
    }

    @Test func limitsFaultsAndALaggingReplicaLoseNothing() throws {
        let site = try Site(Self.hasty)
        try site.control("/control/api/settings", ["drop": true])
        _ = try site.sale(of: 1, to: "ada")
        try site.control("/control/api/settings", ["replica_lag_seconds": 3600])
        #expect(try site.creditctl("reconcile").status == 0)
        #expect(try site.balance(of: "ada").credits == 10, "The replica does not know it yet")
        try site.control("/control/api/settings", ["replica_lag_seconds": 0])

        for fault in ["nonsense", "half", "500", "401", "403"] {
            try site.control("/control/api/faults", ["fault": .string(fault), "count": 100])
            let ended = try site.creditctl("reconcile")
            #expect(ended.status == 1 && ended.errors.contains("orders: "), "\(fault)")
            try site.control("/control/api/faults", .object([]))
        }
        try site.control("/control/api/faults", ["fault": "429", "count": 100, "seconds": 1800])
        let impatient = try site.creditctl("reconcile")
        #expect(impatient.status == 1 && impatient.errors.contains("429"))
        try site.control("/control/api/faults", .object([]))
        #expect(try site.balance(of: "ada").credits == 10)

        try site.control("/control/api/faults", ["fault": "429", "count": 2, "seconds": 1])
        let start = Date()
        #expect(try site.creditctl("reconcile").status == 0)
        #expect(Date().timeIntervalSince(start) >= 2, "It waits as long as Polar says")
        #expect(try site.balance(of: "ada").credits == 430)
        try expectVerified(site)
    }

    /// A shop's years before it was ours: three at a time, a tenth of them refunded since.
    @Test func everyOrderOfAFormerShopComes() throws {
        let site = try Site(Self.hasty.merging(["SIMULATOR_API_LIMIT": "0"]) { $1 })
        try site.control("/control/api/history", ["orders": 1250, "refunds": 125, "equal": 3])
        try site.control("/control/api/orders", ["foreign": true, "user": "ada"])
        func report(_ ended: Program.Ended) throws -> JSON { try JSON(Array(ended.output.utf8)) }
        let first = try report(site.creditctl("reconcile", "--json"))
        #expect(first["ok"] == true && first["orders"] == 1250 && first["corrected"] == 1125)
        #expect(first["credits"] == 472_500)
        let again = try report(site.creditctl("reconcile", "--json"))
        #expect(again["ok"] == true && again["corrected"] == 0 && again["orders"]?.integer ?? 99 < 40)
        let deep = try report(site.creditctl("reconcile", "--deep", "--json"))
        #expect(deep["ok"] == true && deep["corrected"] == 0 && deep["orders"] == 1250)
        #expect(try site.creditctl("reconcile", "--since", "yesterday").status == 2)
        try expectVerified(site)
    }
}

extension Site {
    /// Buys packs through the API and pays for them on Polar's page.
    ///
    /// - Returns: the order's id.
    func sale(of quantity: Int64, to user: String) throws -> String {
        let answer = try api("POST", "/api/v1/checkouts", as: user, ["quantity": .integer(quantity)])
        let checkout = try #require(try JSON(answer.body)["id"]?.string)
        let order = try control("/control/api/pay", ["checkout_id": .string(checkout)])
        return try #require(order["id"]?.string)
    }

    func state() throws -> JSON { try JSON(simulate("GET", "/control/api/state").body) }

    /// Every row that reconciling could write.
    func tables() throws -> String {
        let names = ["users", "ledger_entry", "payments", "checkouts", "deliveries", "operations", "audit_log"]
        let database = settings["CREDITS_DATABASE"] ?? ""
        return try names.map { try Program("/usr/bin/sqlite3").run([database, "SELECT * FROM \($0)"]).output }
            .joined(separator: "\n")
    }
}
