import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Credits on their way to images, with the simulator's Gemini as the provider.
@Suite(.serialized) struct SpendingTests {
    @Test func sixtyFourClientsRaceForThreeCredits() throws {
        let site = try Site(["GENERATION_CONCURRENCY": "3"])
        _ = try site.balance(of: "ada")
        #expect(try site.creditctl("adjust", "ada", "-7", "--reason", "three are left").status == 0)
        let picture = try Fixtures.bytes("images/baseline.jpg")
        let headers = [("Authorization", "Bearer \(try site.token("ada"))"), ("Content-Type", "image/jpeg")]
        let statuses = Collected()
        DispatchQueue.concurrentPerform(iterations: 64) { _ in
            statuses.add(try? site.send("POST", "/api/v1/generations", headers: headers, body: picture).status)
        }
        #expect(statuses.all.count { $0 == 202 } == 3)
        #expect(statuses.all.count { $0 == 402 } == 61)
        #expect(try site.balance(of: "ada").credits == 0)
        try eventually("three images", within: .seconds(60)) {
            let items = try JSON(site.api("GET", "/api/v1/generations", as: "ada").body)["items"]?.array ?? []
            return items.count { $0["status"] == "completed" } == 3
        }
        #expect(try JSON(site.simulate("GET", "/control/api/provider").body)["calls"] == 3)
        try expectVerified(site)
    }

    @Test func aPersonBuysMakesAnImageAndLosesNothingToAFailure() throws {
        let site = try Site(["GENERATION_ATTEMPTS": "1"])
        let browser = try Browser()
        let maker = try Maker()
        let photograph = try maker.photograph()
        try browser.signIn("ada", at: site)
        try browser.open(site.origin + "/buy")
        try browser.click("form:has(input[name=quantity][value='1']) button")
        try browser.click("button[value=pay]")
        try eventually("the credits are shown") { try browser.text("h1") == "Your credits are here" }

        try browser.open(site.origin + "/")
        try browser.upload(photograph)
        try eventually("the image is ready", within: .seconds(60)) { try browser.newest().contains("Ready") }
        #expect(try browser.text(".balance") == "429 credits")
        try leavePicture(of: browser, as: "spent")

        try site.control("/control/api/provider", ["fault": "safety"])
        try browser.upload(photograph)
        try eventually("the refusal is told", within: .seconds(60)) { try browser.newest().contains("Failed") }
        #expect(try browser.newest().contains("Your credit is back."))
        #expect(try browser.text(".balance") == "429 credits")
        try leavePicture(of: browser, as: "failed")
        try expectVerified(site)

        let key = try #require(site.settings["GEMINI_API_KEY"])
        for name in ["generation-worker", "generations", "checkout", "nginx"] {
            let log = try? site.log(of: name)
            #expect(log?.contains(key) != true, "\(name) logs the provider's key")
        }
        #expect(try !browser.source().contains(key))
    }

    private func leavePicture(of browser: Browser, as name: String) throws {
        guard let directory = Places.screenshots else { return }
        try browser.screenshot(to: "\(directory)/\(name).png", wholePage: true)
    }
}
