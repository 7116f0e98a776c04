import JSON
import TestSupport
import Testing

/// What a browser sees of nginx itself, and how much it loads.
@Suite struct InABrowser {
    /// Where pictures are left, if anybody wants to look: SITE_SCREENSHOTS=directory.
    private func picture(_ name: String, of browser: Browser) throws {
        guard let directory = Places.screenshots else { return }
        try browser.screenshot(to: "\(directory)/\(name).png", wholePage: true)
    }

    private func expectNothingRefused(in browser: Browser) throws {
        #expect(try browser.console().filter { $0.contains("Content Security Policy") } == [])
    }

    @Test func aPageIsLightFitsAPhoneAndLoadsNothingFromElsewhere() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.open(site.origin + "/buy")
        try browser.fill("#name", with: "barbara")
        try browser.click("form:has(#name) button")
        try eventually("barbara is signed in") { try browser.url() == site.origin + "/buy" }
        try browser.resize(width: 360, height: 740)
        #expect(try browser.text(".balance") == "10 credits")
        #expect(try browser.run("return document.documentElement.scrollWidth <= 360").bool == true)
        #expect(try browser.loadedAddresses().allSatisfy { $0.hasPrefix(site.origin + "/static/") })
        let script = """
            const parts = [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
            return parts.reduce((sum, part) => sum + part.encodedBodySize, 0)
            """
        let bytes = try #require(browser.run(script).integer)
        #expect((1..<50_000).contains(bytes))
        try picture("buy-narrow", of: browser)
        try expectNothingRefused(in: browser)
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
