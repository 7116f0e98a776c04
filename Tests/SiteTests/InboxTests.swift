import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// `creditctl inbox` and `creditctl parked`, on deliveries that really came.
@Suite(.serialized) struct InboxTests {
    private let site: Site
    private static let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"

    init() throws { site = try Site(["POLAR_PRODUCT_ID": Self.product]) }

    private func json(_ arguments: String...) throws -> JSON {
        let ended = try Program("\(site.directory)/bin/creditctl").run(
            arguments + ["--json"], environment: site.settings)
        #expect(ended.status == 0, Comment(rawValue: ended.errors))
        return try JSON(Array(ended.output.utf8))
    }

    private func deliver(_ change: (inout OrderEvent) -> Void) throws -> (id: String, order: String) {
        var event = OrderEvent(product: Self.product)
        change(&event)
        let id = UUID().uuidString.lowercased()
        #expect(try site.deliver(event.body, id: id).status == 202)
        return (id, event.order)
    }

    @Test func deliveriesAreListedAndShown() throws {
        let applied = try deliver { $0.user = "ada" }
        let parked = try deliver { $0.user = "" }
        _ = try site.deliver("no event", id: "unreadable-1")
        #expect(try json("inbox", "list")["items"]?.array?.count == 3)
        let listed = try json("inbox", "list", "--verdict", "parked")["items"]?.array
        #expect(listed?.map { $0["webhook_id"]?.string } == [parked.id])
        #expect(try json("inbox", "list", "--order", applied.order)["items"]?.array?.count == 1)
        #expect(try json("inbox", "list", "--type", "order.refunded")["items"] == [])
        let page = try json("inbox", "list", "--limit", "2")
        let rest = try json("inbox", "list", "--cursor", #require(page["next_cursor"]?.string))
        #expect(rest["items"]?.array?.map { $0["webhook_id"]?.string } == [applied.id] && rest["next_cursor"] == nil)

        let shown = try json("inbox", "show", applied.id)
        #expect(shown["verdict"] == "applied" && shown["headers"]?["webhook-id"]?.string == applied.id)
        #expect(shown["body"]?.string?.contains(applied.order) == true)
        let text = try site.creditctl("inbox", "show", "unreadable-1").output
        #expect(text.contains("unreadable") && text.contains("no event"))
        #expect(try site.creditctl("inbox", "show", "never-came").status == 1)
        #expect(try site.creditctl("inbox", "list", "--verdict", "lovely").status == 2)
        #expect(try site.creditctl("inbox", "list", "--cursor", "?").status == 2)
    }

    @Test func whatATerminalWouldObeyIsNotPrinted() throws {
        _ = try site.deliver("\u{1B}]0;owned\u{7}", id: "escape-1")
        let text = try site.creditctl("inbox", "show", "escape-1").output
        #expect(text.contains("owned") && !text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 7 })
    }

    @Test func aReplayDoesWhatCouldNotBeDone() throws {
        let other = "11111111-2222-4333-8444-555555555555"
        let foreign = try deliver { $0.product = other }
        #expect(try json("inbox", "show", foreign.id)["reason"] == "foreign_product")
        // The operator had the wrong product in the settings.
        let right = site.settings.merging(["POLAR_PRODUCT_ID": other]) { $1 }
        let creditctl = Program("\(site.directory)/bin/creditctl")
        for verdict in ["applied", "unchanged"] {
            let ended = try creditctl.run(["inbox", "replay", foreign.id], environment: right)
            #expect(ended.status == 0 && ended.output.contains(verdict), "\(ended.errors)")
        }
        #expect(try site.balance(of: "ada").credits == 430)
        #expect(try json("inbox", "show", foreign.id)["replayed_at"] != nil)
        let mixed = try site.creditctl("inbox", "replay", "never-came", foreign.id)
        #expect(mixed.status == 1 && mixed.output.contains(foreign.id) && mixed.errors.contains("never-came"))
        try expectVerified(site)
    }

    @Test func oldBodiesGoFirstAndOldRowsLater() throws {
        let ids = try (0..<4).map { _ in try deliver { _ in }.id }
        let database = site.settings["CREDITS_DATABASE"] ?? ""
        let day: Int64 = 86_400_000
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        for (id, age) in zip(ids, [731 * day, 91 * day, 89 * day, 0]) {
            let sql = "UPDATE deliveries SET received_ms = \(now - age) WHERE webhook_id = '\(id)'"
            #expect(try Program("/usr/bin/sqlite3").run([database, ".timeout 5000", sql]).status == 0)
        }
        let dry = try json("inbox", "prune", "--dry-run")
        #expect(dry["bodies"] == 1 && dry["rows"] == 1)
        let pruned = try json("inbox", "prune")
        #expect(pruned["bodies"] == 1 && pruned["rows"] == 1)
        #expect(try json("inbox", "prune")["bodies"] == 0)
        #expect(try site.creditctl("inbox", "show", ids[0]).status == 1)
        let bare = try json("inbox", "show", ids[1])
        #expect(bare["body"] == nil && bare["headers"] == .object([]) && bare["verdict"] == "applied")
        #expect(try json("inbox", "show", ids[2])["body"] != nil)
        #expect(try site.creditctl("inbox", "replay", ids[1]).errors.contains("creditctl reconcile"))
        #expect(try site.creditctl("inbox", "prune", "--days", "100", "--row-days", "99").status == 2)
    }

    @Test func checkoutsAndPicturesHaveATimeToStay() throws {
        #expect(try site.upload(as: "ada") == 202)
        try eventually("it is made", within: .seconds(30)) {
            try site.creditctl("generation", "list", "--status", "completed", "--json").output.contains("completed")
        }
        let database = site.settings["CREDITS_DATABASE"] ?? ""
        let days = "31 * 86400000"
        let sql = "UPDATE generations SET created_ms = created_ms - \(days), completed_ms = completed_ms - \(days)"
        #expect(try Program("/usr/bin/sqlite3").run([database, ".timeout 5000", sql]).status == 0)
        func prune(_ days: String?, _ arguments: String...) throws -> JSON {
            let environment = site.settings.merging(days.map { ["IMAGE_DAYS": $0] } ?? [:]) { $1 }
            let ended = try Program("\(site.directory)/bin/creditctl").run(
                ["prune", "--json"] + arguments, environment: environment)
            #expect(ended.status == 0, "\(ended.errors)")
            return try JSON(Array(ended.output.utf8))
        }
        func files() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: site.settings["CREDITS_IMAGES"] ?? "")
                .count { !$0.hasPrefix(".") }
        }
        let before = try files()
        #expect(before >= 2)
        #expect(try prune(nil)["generations"] == 0, "unless it is set, they stay")
        #expect(try prune("32")["generations"] == 0)
        #expect(try prune("30", "--dry-run")["generations"] == 1)
        #expect(try files() == before)
        let pruned = try prune("30")
        #expect(pruned["generations"] == 1 && pruned["files"] == .integer(Int64(before)) && pruned["checkouts"] == 0)
        #expect(try files() == 0)
        #expect(try prune("30")["generations"] == 0)
        let wrong = try Program("\(site.directory)/bin/creditctl").run(
            ["prune"], environment: site.settings.merging(["CHECKOUT_DAYS": "30"]) { $1 })
        #expect(wrong.status == 78 && wrong.errors.contains("CHECKOUT_DAYS is not a whole number from 31 to 36500"))
        try expectVerified(site)
    }

    @Test func aParkedOrderIsAssignedOrDismissed() throws {
        let first = try deliver { $0.user = "" }
        let second = try deliver { $0.user = "" }
        #expect(try json("parked", "list")["items"]?.array?.count == 2)
        let assigned = try json("parked", "assign", first.order, "bob", "--actor", "grace")
        #expect(assigned["credits"] == 420 && assigned["outcome"] == "applied")
        #expect(try site.balance(of: "bob").credits == 430)
        #expect(try site.creditctl("parked", "assign", first.order, "eve").status == 1)
        #expect(try site.creditctl("parked", "dismiss", second.order).status == 2)
        let dismissed = try json("parked", "dismiss", second.order, "--reason", "settled by mail")
        #expect(dismissed["state"] == "dismissed" && dismissed["note"] == "settled by mail")
        #expect(try json("parked", "list")["items"] == [])
        #expect(try site.creditctl("parked", "dismiss", second.order, "--reason", "again").status == 1)
        #expect(try site.creditctl("parked", "assign", UUID().uuidString, "bob").status == 1)
        try expectVerified(site)
    }
}
