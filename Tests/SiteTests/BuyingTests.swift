import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// A person in a real browser, from the sign-in to the credits.
@Suite(.serialized) struct BuyingTests {
    @Test func aPersonSignsInBuysTwoPacksAndSeesEveryCredit() throws {
        let site = try Site()
        let browser = try Browser()
        try signIn("ada", browser, site)
        #expect(try browser.text("h1") == "Buy credits")
        #expect(try browser.text(".balance") == "10 credits")

        try browser.click("form:has(input[name=quantity][value='2']) button")
        try eventually("Polar's checkout") { try browser.url().hasPrefix(site.simulatorAddress + "/checkout/") }
        #expect(try browser.text(".notice").contains("No money moves"))
        try browser.click("button[value=pay]")
        try eventually("the credits are shown") { try browser.text("h1") == "Your credits are here" }
        #expect(try browser.text(".lead").contains("840 credits were added"))
        #expect(try browser.text(".balance") == "850 credits")

        try browser.open(site.origin + "/account")
        #expect(try browser.count("tbody tr") == 2)
        #expect(try browser.text("tbody tr:first-child").contains("+840"))
        #expect(try browser.text("tbody tr:last-child").contains("Free trial"))
        let console = try browser.console()
        #expect(console == [], "The policy refused something, or a file is missing")
        try expectVerified(site)

        try browser.click(".person button")
        try eventually("the session is over") { try site.session(browser) == nil }
        try browser.open(site.origin + "/account")
        try eventually("a sign-in is asked for") { try browser.url().hasPrefix(site.simulatorAddress) }
    }

    @Test func everythingWorksWithoutScripts() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.allowScripts(false)
        try signIn("ada", browser, site)
        // The webhook is lost: only the page's own question to Polar can tell.
        try site.control("/control/api/settings", ["drop": true])
        try browser.click("form.other button")
        try browser.click("button[value=pay]")
        try eventually("the page refreshes itself", within: .seconds(30)) {
            try browser.text("h1") == "Your credits are here"
        }
        #expect(try browser.text(".balance") == "430 credits")
        try expectVerified(site)
    }

    @Test func aDeclinedCardAndAnAbandonedCheckoutCostNothing() throws {
        let site = try Site()
        let browser = try Browser()
        try signIn("ada", browser, site)
        try browser.click("form:has(input[name=quantity][value='1']) button")
        try browser.click("button[value=decline]")
        try eventually("the card is declined") { try browser.count("[role=alert]") > 0 }
        try browser.click("a[href$='/buy']")
        #expect(try browser.text(".balance") == "10 credits")
        try browser.click("form:has(input[name=quantity][value='1']) button")
        try browser.click("button[value=pay]")
        try eventually("the credits are shown") { try browser.text(".balance") == "430 credits" }
    }

    private func signIn(_ name: String, _ browser: Browser, _ site: Site) throws {
        try browser.open(site.origin + "/buy")
        try browser.fill("#name", with: name)
        try browser.click("form:has(#name) button")
        try eventually("\(name) is signed in") { try browser.url() == site.origin + "/buy" }
    }
}

extension Site {
    /// The value of our own session's cookie in the browser.
    func session(_ browser: Browser) throws -> String? {
        try browser.command("Network.getCookies", ["urls": [.string(origin)]])["cookies"]?.array?
            .first { $0["name"] == "credits" }?["value"]?.string
    }

    /// Tells the simulator what to do.
    @discardableResult
    func control(_ path: String, _ body: JSON) throws -> JSON {
        let answer = try simulate("POST", path, headers: [("Content-Type", "application/json")], body: body.bytes)
        guard (200...299).contains(answer.status) else {
            throw NeverCame(description: "\(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.body.isEmpty ? .null : try JSON(answer.body)
    }

    /// A bearer token of the issuer's.
    func token(_ user: String) throws -> String {
        let answer = try JSON(simulate("GET", "/issuer/token?sub=\(user)").body)
        return try #require(answer["token"]?.string)
    }

    /// What the API says to that user.
    func api(_ method: String, _ path: String, as user: String, _ body: JSON? = nil) throws -> HTTPClient.Answer {
        let headers = [("Authorization", "Bearer \(try token(user))"), ("Content-Type", "application/json")]
        return try send(method, path, headers: headers, body: body?.bytes)
    }

    func balance(of user: String) throws -> (credits: Int64?, debt: Int64?) {
        let account = try JSON(api("GET", "/api/v1/credits", as: user).body)
        return (account["credits"]?.integer, account["debt"]?.integer)
    }
}

/// Nothing in the books is wrong.
func expectVerified(_ site: Site, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let verified = try site.creditctl("ledger", "verify")
    #expect(verified.status == 0, Comment(rawValue: verified.output + verified.errors), sourceLocation: sourceLocation)
}
