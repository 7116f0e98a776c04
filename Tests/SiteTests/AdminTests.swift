import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// An admin in a real browser, without scripts: the prices, an order that no rule could grant, a balance, the log of it.
@Suite struct AdminTests {
    @Test func anAdminRunsTheSite() throws {
        let site = try Site()
        let opened = try JSON(site.api("POST", "/api/v1/checkouts", as: "ada", ["quantity": 1]).body)
        let old = try #require(opened["id"]?.string)
        let (admin, ada) = (try Browser(), try Browser())
        try admin.allowScripts(false)
        try admin.signIn("admin", at: site)

        try admin.click(".bar a[href='/admin']")
        #expect(try admin.text("h1") == "Overview")
        #expect(try admin.text("main .done") == "Nothing needs you.")
        try changePrice(admin, site)
        try buyAtBoth(old, ada, site)
        try settle(admin, site)

        try admin.open(site.origin + "/admin/users?q=ad")
        try admin.click("a[href='/admin/users/ada']")
        try admin.fill("#amount", with: "-1000")
        try admin.fill("#reason", with: "spent elsewhere")
        try admin.click("form.work button")
        #expect(try admin.text("#amount-fault").contains("The user has 930"))
        try admin.fill("#amount", with: "-30")
        try admin.click("form.work button")
        #expect(try admin.text("[role=status]") == "The correction is in the ledger.")
        #expect(try admin.text(".tiles").contains("900"))
        try ada.open(site.origin + "/account")
        #expect(try ada.text(".balance") == "900 credits")
        #expect(try ada.text("tbody tr:first-child").contains("spent elsewhere"))

        try admin.open(site.origin + "/admin/audit")
        for (row, words) in [
            (1, ["Corrected a balance", "ada", "930", "900"]), (2, ["Assigned an order", "parked", "mallory"]),
            (3, ["Changed the settings", "pack price cents 500", "pack price cents 700", "credits per pack 500"]),
        ] {
            let text = try admin.text("tbody tr:nth-child(\(row))")
            for word in words + ["admin", "just now"] { #expect(text.contains(word), "\(text)") }
        }
        try expectVerified(site)
    }

    private func changePrice(_ admin: Browser, _ site: Site) throws {
        try admin.click("a[href='/admin/settings']")
        try admin.fill("#pack-price", with: "7.00")
        try admin.fill("#credits-per-pack", with: "500")
        try admin.click("form.work button")
        #expect(try admin.text("[role=status]").hasPrefix("The settings are saved."))
        #expect(try admin.text("tbody tr").contains("pack price cents 700"))
    }

    private func buyAtBoth(_ old: String, _ ada: Browser, _ site: Site) throws {
        try ada.signIn("ada", at: site)
        try ada.open(site.origin + "/buy")
        let button = "form:has(input[name=quantity][value='1']) button"
        #expect(try ada.text(button) == "Buy 500 credits for $7.00")
        // What was promised before is kept.
        let paid = try site.control("/control/api/pay", ["checkout_id": .string(old)])
        #expect(paid["subtotal_amount"] == 500)
        try eventually("the old price is granted") { try site.balance(of: "ada").credits == 430 }
        try ada.click(button)
        try eventually("Polar's checkout") { try ada.url().hasPrefix(site.simulatorAddress + "/checkout/") }
        try ada.click("button[value=pay]")
        try eventually("the new price is granted") { try ada.text("h1") == "Your credits are here" }
        #expect(try ada.text(".balance") == "930 credits")
    }

    private func settle(_ admin: Browser, _ site: Site) throws {
        try site.control("/control/api/orders", ["email": "mallory@example.com"])
        try eventually("the order is parked") {
            try JSON(site.api("GET", "/api/v1/admin/parked", as: "admin").body)["items"]?.array?.count == 1
        }
        try admin.open(site.origin + "/admin")
        #expect(try admin.text("a[href='/admin/parked'] .count").hasPrefix("1"))
        #expect(try admin.text(".note.warning").contains("One paid order waits"))
        try admin.click(".note.warning a")
        #expect(try admin.text("main").contains("mallory@example.com"))
        try admin.click("details.choice summary")
        try admin.fill("input[name=user_id]", with: "mallory")
        try admin.click("details.choice button")
        #expect(try admin.text(".wrong").contains("Nobody of that id was ever seen here."))
        try admin.click("input[name=new_user]")
        try admin.click("details.choice button")
        #expect(try admin.text("[role=status]").hasPrefix("The order is assigned"))
        #expect(try admin.text("main").contains("+500"))
        #expect(try site.balance(of: "mallory").credits == 510)
    }

    // MARK: Who may not

    /// Somebody's session as a browser has it.
    private struct Session {
        let cookie: String
        let token: String
    }

    private func session(_ name: String, _ page: String, at site: Site) throws -> Session {
        let browser = try Browser()
        try browser.signIn(name, at: site)
        try browser.open(site.origin + page)
        let token = try #require(try browser.attribute("value", of: "input[name=form_token]"))
        let cookie = try #require(try site.session(browser))
        return Session(cookie: "credits=\(cookie)", token: token)
    }

    private static let change = "pack_price_cents=900&credits_per_pack=420&refund_on_failure=true&free_trial_credits=10"

    private func post(
        _ site: Site, _ fields: String, cookie: String?, token: String?, origin: String? = nil,
        to path: String = "/admin/settings"
    ) throws -> HTTPClient.Answer {
        var headers = [
            ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html"),
            ("Origin", origin ?? site.origin),
        ]
        if let cookie { headers.append(("Cookie", cookie)) }
        let body = (token.map { "form_token=\($0)&" } ?? "") + fields
        return try site.send("POST", path, headers: headers, body: Array(body.utf8))
    }

    @Test func whoMayNotChangesNothing() throws {
        let site = try Site()
        let admin = try session("admin", "/admin/settings", at: site)
        let ada = try session("ada", "/buy", at: site)
        let fields = Self.change + "&version=1"
        let before = try site.api("GET", "/api/v1/admin/settings", as: "admin").body

        for path in ["/admin", "/admin/users", "/admin/payments/57107b74-8400-4d80-a2fc-54c2b4239cb3"] {
            let page = try site.send("GET", path, headers: [("Cookie", ada.cookie), ("Accept", "text/html")])
            #expect(page.status == 403)
            #expect(String(decoding: page.body, as: UTF8.self).contains("This is for admins only"))
            let nobody = try site.send("GET", path, headers: [("Accept", "text/html")])
            #expect(nobody.status == 302)
            #expect(nobody.headers["location"]?.hasPrefix("/auth/login?return_to=%2Fadmin") == true)
        }
        let refusals: [(String, HTTPClient.Answer)] = [
            ("not an admin", try post(site, fields, cookie: ada.cookie, token: ada.token)),
            ("no token", try post(site, fields, cookie: admin.cookie, token: nil)),
            ("somebody else's token", try post(site, fields, cookie: admin.cookie, token: ada.token)),
            (
                "another site",
                try post(site, fields, cookie: admin.cookie, token: admin.token, origin: "https://evil.example")
            ),
            (
                "an adjustment without a token",
                try post(
                    site, "amount=5&reason=a&idempotency_key=k", cookie: admin.cookie, token: nil,
                    to: "/admin/users/ada")
            ),
            (
                "rights without a token",
                try post(site, "action=grant&user_id=ada", cookie: admin.cookie, token: nil, to: "/admin/admins")
            ),
        ]
        for (what, answer) in refusals { #expect(answer.status == 403, "\(what)") }
        #expect(try post(site, fields, cookie: nil, token: nil).status == 303)
        #expect(try post(site, Self.change + "&version=0", cookie: admin.cookie, token: admin.token).status == 409)
        #expect(try site.api("GET", "/api/v1/admin/settings", as: "admin").body == before)
        #expect(try site.balance(of: "ada").credits == 10)

        let done = try post(site, fields, cookie: admin.cookie, token: admin.token)
        #expect(done.status == 303 && done.headers["location"] == "/admin/settings?notice=settings-changed")
    }
}
