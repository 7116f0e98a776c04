import Foundation
import JSON
import TestSupport
import Testing

/// Every page that a signed-in person sees: narrow and wide, light and dark, held against axe's rules.
@Suite struct GalleryLookTests {
    @Test func everyPageIsAccessibleAndFits() throws {
        let maker = try Maker()
        let site = try Site(maker.settings)
        let browser = try Browser()
        try browser.signIn("eve", at: site)
        try inspect([("empty", "/")], browser, site)

        try maker.be(.failing)
        try browser.upload(maker.photograph())
        try eventually("one has failed", within: .seconds(40)) { try browser.newest().contains("Failed") }
        try maker.be(nil)
        try browser.upload(maker.photograph())
        try eventually("one is ready", within: .seconds(40)) { try browser.newest().contains("Ready") }
        try maker.be(.waiting)
        try browser.upload(maker.photograph())
        try eventually("one is being made") { try browser.newest().contains("Being made") }
        let links = "return [...document.querySelectorAll('a.view')].map(link => link.pathname)"
        let cards = try browser.run(links).array?.compactMap(\.string) ?? []
        try inspect(zip(["making", "ready", "failed"], cards).map { ($0, $1) }, browser, site)
        try inspect(
            [
                ("gallery", "/"), ("buy", "/buy"), ("account", "/account"), ("nothing", "/nothing"),
                ("logout", "/auth/logout"),
            ], browser, site)
    }

    @Test func whoHasFewOrNoCreditsIsToldInEveryLight() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.signIn("ada", at: site)
        #expect(try site.creditctl("adjust", "ada", "-7", "--reason", "test").status == 0)
        try inspect([("few", "/")], browser, site)
        #expect(try site.creditctl("adjust", "ada", "-3", "--reason", "test").status == 0)
        try inspect([("zero", "/")], browser, site)
    }

    private func inspect(_ pages: [(name: String, path: String)], _ browser: Browser, _ site: Site) throws {
        for (name, path) in pages {
            for isDark in [false, true] {
                try browser.preferDark(isDark)
                for width in [360, 1200] {
                    try browser.resize(width: width, height: 800)
                    try browser.open(site.origin + path)
                    let place = Comment(rawValue: "\(name), \(width) wide, dark: \(isDark)")
                    #expect(try Accessibility.faults(browser) == [], place)
                    let fits = try browser.run("return document.documentElement.scrollWidth <= innerWidth").bool
                    #expect(fits == true, place)
                    guard let folder = Places.screenshots else { continue }
                    try browser.screenshot(
                        to: "\(folder)/\(name)-\(width)-\(isDark ? "dark" : "light").png", wholePage: true)
                }
            }
        }
    }
}
