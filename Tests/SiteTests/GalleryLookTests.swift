import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Every page that a signed-in person sees: narrow and wide, light and dark, held against axe's rules and the validator's.
@Suite struct GalleryLookTests {
    @Test func everyPageIsAccessibleAndFits() throws {
        let maker = try Maker()
        let site = try Site(maker.settings)
        let browser = try Browser()
        try browser.signIn("eve", at: site)
        let look = Look(browser: browser, site: site)
        try look.expectGood([("empty", "/")])

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
        try look.expectGood(zip(["making", "ready", "failed"], cards).map { ($0, $1) })
        let checkout = try JSON(site.api("POST", "/api/v1/checkouts", as: "eve", ["quantity": 1]).body)["id"]?.string
        try look.expectGood([
            ("gallery", "/"), ("buy", "/buy"), ("return", "/buy/return?checkout_id=\(checkout ?? "")"),
            ("account", "/account"), ("nothing", "/nothing"), ("logout", "/auth/logout"),
        ])
    }

    @Test func whoHasFewOrNoCreditsIsToldInEveryLight() throws {
        let site = try Site()
        let browser = try Browser()
        try browser.signIn("ada", at: site)
        let look = Look(browser: browser, site: site)
        #expect(try site.creditctl("adjust", "ada", "-7", "--reason", "test").status == 0)
        try look.expectGood([("few", "/")])
        #expect(try site.creditctl("adjust", "ada", "-3", "--reason", "test").status == 0)
        try look.expectGood([("zero", "/")])
    }
}
