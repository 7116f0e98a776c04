import JSON
import TestSupport
import Testing

@Suite struct InABrowser {
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
        #expect(try browser.console().allSatisfy { !$0.contains("Content Security Policy") })
    }
}
