import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Every page under `/admin`, empty and full.
@Suite struct AdminLookTests {
    private static let lists = [
        ("admin", "/admin"), ("payments", "/admin/payments"), ("parked", "/admin/parked"), ("users", "/admin/users"),
        ("deliveries", "/admin/deliveries"), ("settings", "/admin/settings"), ("admins", "/admin/admins"),
        ("audit", "/admin/audit"),
    ]

    @Test func everyPageIsValidAccessibleAndFits() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.signIn("admin", at: site)
        let look = Look(browser: browser, site: site)
        try look.expectGood(Self.lists.map { ("empty-\($0.0)", $0.1) })

        let order = try fill(site)
        let delivery = try eventually("a delivery is kept") {
            let body = try site.api("GET", "/api/v1/admin/deliveries?type=order.paid", as: "admin").body
            return try JSON(body)["items"]?.array?.first?["webhook_id"]?.string
        }
        try look.expectGood(
            Self.lists + [
                ("payment", "/admin/payments/\(order)"), ("user", "/admin/users/ada"),
                ("delivery", "/admin/deliveries/\(delivery)"), ("nobody", "/admin/payments?user_id=nobody"),
            ])
        let console = try browser.console().filter { !$0.contains("favicon") }
        #expect(console == [], "The policy refused something, or a file is missing")
    }

    @Test func whatIsRefusedIsGoodToLookAtToo() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.signIn("admin", at: site)
        let look = Look(browser: browser, site: site)
        try browser.open(site.origin + "/admin/settings")
        try browser.fill("#pack-price", with: "0.49")
        try browser.fill("#free-trial-credits", with: "many")
        try browser.click("form.work button")
        #expect(try browser.text("form.work .note") == "2 fields are out of bounds. Nothing was saved.")
        #expect(try browser.run("return document.querySelector('#pack-price').value").string == "0.49")
        try look.expectGoodAsItStands("refused")

        try browser.open(site.origin + "/admin/settings")
        #expect(try site.creditctl("settings", "set", "pack_price_cents=600").status == 0)
        try browser.fill("#pack-price", with: "9")
        try browser.click("form.work button")
        #expect(try browser.text("[role=alert]").contains("creditctl saved other settings"))
        try look.expectGoodAsItStands("stale")
        try browser.click("form.work button")
        #expect(try browser.text("[role=status]").contains("The settings are saved."))

        let ada = try Browser()
        try ada.signIn("ada", at: site)
        try Look(browser: ada, site: site).expectGood([("forbidden", "/admin")])
        #expect(try ada.text("h1") == "This is for admins only")
    }

    /// Something on every page: a sale with a refund, a parked order, a debt, a delivery that nobody can read.
    private func fill(_ site: Site) throws -> String {
        let opened = try JSON(site.api("POST", "/api/v1/checkouts", as: "ada", ["quantity": 2]).body)
        let checkout = try #require(opened["id"]?.string)
        let order = try #require(
            site.control("/control/api/pay", ["checkout_id": .string(checkout)])["id"]?.string)
        try eventually("the sale is granted") { try site.balance(of: "ada").credits == 850 }
        #expect(try site.creditctl("adjust", "ada", "-800", "--reason", "spent").status == 0)
        try site.control("/control/api/orders/\(order)/refund", ["amount": 500])
        try site.control("/control/api/orders", ["email": "mallory@example.com"])
        try site.control("/control/api/events", ["raw": "<b>nonsense</b>"])
        try eventually("everything has come") {
            try site.balance(of: "ada").debt == 370
                && JSON(site.api("GET", "/api/v1/admin/parked", as: "admin").body)["items"]?.array?.count == 1
                && JSON(site.api("GET", "/api/v1/admin/deliveries?verdict=unreadable", as: "admin").body)["items"]?
                    .array?.count == 1
        }
        return order
    }
}
