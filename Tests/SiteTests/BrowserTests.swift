import JSON
import TestSupport
import Testing

@Suite struct InABrowser {
    /// Where pictures are left, if anybody wants to look: SITE_SCREENSHOTS=directory.
    private func picture(_ name: String, of browser: Browser) throws {
        guard let directory = Places.screenshots else { return }
        try browser.screenshot(to: "\(directory)/\(name).png", wholePage: true)
    }

    private func signIn(as name: String, at page: String, of site: Site, in browser: Browser) throws {
        try browser.open(site.origin + page)
        #expect(try browser.url().hasPrefix(site.simulatorAddress + "/authorize"))
        try browser.type(name, into: "#name")
        try browser.click("#name ~ button")
        #expect(try browser.url() == site.origin + page)
    }

    private func expectNothingRefused(in browser: Browser) throws {
        #expect(try browser.console().filter { $0.contains("Content Security Policy") } == [])
    }

    @Test func onePersonBuysTwoPacksAndSeesEveryCredit() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.resize(width: 1000, height: 800)
        try signIn(as: "ada", at: "/buy", of: site, in: browser)
        #expect(try browser.text(".balance") == "10 credits")
        try picture("buy", of: browser)

        try browser.click("#quantity option[value='2']")
        try browser.click("form.other button")
        #expect(try browser.url().hasPrefix(site.simulatorAddress + "/checkout/"))
        try picture("polar", of: browser)
        try browser.click("button[value=pay]")

        #expect(try browser.url().hasPrefix(site.origin + "/buy/return?checkout_id="))
        try eventually("the credits are there") { try browser.text(".balance") == "850 credits" }
        try picture("return", of: browser)

        try browser.open(site.origin + "/account")
        #expect(try browser.count("tbody tr") == 2)
        #expect(try browser.text("tbody tr:nth-child(1) td:nth-child(3)").contains("840"))
        #expect(try browser.text("tbody tr:nth-child(2) td:nth-child(3)").contains("10"))
        try picture("account", of: browser)
        try browser.resize(width: 360, height: 740)
        #expect(try browser.run("return document.documentElement.scrollWidth <= 360").bool == true)
        try picture("account-narrow", of: browser)
        try expectNothingRefused(in: browser)

        let verdict = try site.creditctl("ledger", "verify")
        #expect(verdict.status == 0)
    }

    @Test func withoutScriptsThePurchaseArrivesToo() throws {
        let site = try Site()
        let browser = try Browser()
        try signIn(as: "grace", at: "/buy", of: site, in: browser)
        try browser.allowScripts(false)
        try browser.refresh()
        try browser.click(".packs form button")
        try browser.click("button[value=pay]")
        try eventually("the credits are there") { try browser.text(".balance") == "430 credits" }
    }

    @Test func aDeclinedCardBuysNothing() throws {
        let site = try Site()
        let browser = try Browser()
        try signIn(as: "alan", at: "/buy", of: site, in: browser)
        try browser.click(".packs form button")
        try browser.click("button[value=decline]")
        #expect(try !browser.text("[role=alert]").isEmpty)
        try browser.open(site.origin + "/account")
        #expect(try browser.text(".balance") == "10 credits")
    }

    @Test func whoSignsOutIsOut() throws {
        let site = try Site()
        let browser = try Browser()
        try signIn(as: "edsger", at: "/account", of: site, in: browser)
        try browser.click("form[action='/auth/logout'] button")
        try expectNothingRefused(in: browser)
        try browser.open(site.origin + "/account")
        #expect(try browser.url().hasPrefix(site.simulatorAddress + "/authorize"))
    }

    @Test func aPageIsLightAndLoadsNothingFromElsewhere() throws {
        let site = try Site()
        let browser = try Browser()
        try signIn(as: "barbara", at: "/buy", of: site, in: browser)
        #expect(try browser.loadedAddresses().allSatisfy { $0.hasPrefix(site.origin + "/static/") })
        let script = """
            const parts = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
            return parts.reduce((sum, part) => sum + part.encodedBodySize, 0)
            """
        let bytes = try #require(browser.run(script).integer)
        #expect((1..<50_000).contains(bytes))
    }

    @Test func nginxsOwnErrorIsAPageInStyle() throws {
        let site = try EchoSite.site()
        let browser = try Browser()
        try browser.resize(width: 360, height: 640)
        try browser.open(site.origin + "/nothing-here")
        #expect(try browser.title() == "There is nothing here · Polar Credits")
        #expect(try browser.text("h1") == "There is nothing here")
        #expect(try browser.attribute("href", of: "main a") == "/")
        #expect(try browser.run("return document.styleSheets[0].cssRules.length > 0").bool == true)
        #expect(try browser.run("return document.documentElement.scrollWidth <= 360").bool == true)
        try picture("nothing", of: browser)
        try expectNothingRefused(in: browser)
    }
}
