import Core
import Foundation
import HTTP
import JSON
import TestSupport
import Testing
import Threads

/// Polar hangs: what that costs whom.
@Suite struct WaitingTests {
    private let shop: Shop
    init() throws { shop = try Shop() }

    /// Both places for those who wait for Polar are taken meanwhile.
    private func whileAllWait<Result>(_ body: () throws -> Result) throws -> Result {
        let places = shop.places
        let result = try places.enter { try places.enter(body) }
        return try #require(result ?? nil)
    }

    @Test func whoFindsNoPlaceIsToldSoBeforeAnythingHappens() throws {
        let rows = shop.store.writing.commits
        let response = try whileAllWait { shop.buy(1, headers: ["idempotency-key": "k"]) }
        #expect(response.status == .serviceUnavailable && response.json["code"] == "polar_busy")
        #expect(response.headers["retry-after"] == "5")
        #expect(shop.asked.isEmpty)
        #expect(shop.store.writing.commits == rows, "It costs no write")
        #expect(shop.buy(1, headers: ["idempotency-key": "k"]).status == .created, "The key is free")
        for packs in 2...5 { #expect(shop.buy(packs).status == .created, "And it counted for no limit") }
    }

    @Test func thePageSaysSoAndKeepsItsForm() throws {
        let page = try whileAllWait {
            shop.send(
                .post, "/buy",
                headers: ["accept": "text/html", "content-type": "application/x-www-form-urlencoded"],
                body: "quantity=1&form_token=token&idempotency_key=k", credential: .cookie(formToken: "token"))
        }
        #expect(page.status == .serviceUnavailable && page.headers["retry-after"] == "5")
        #expect(page.text.contains("Polar answers slowly") && page.text.contains("Nothing was charged"))
        #expect(page.text.contains(#"name="quantity""#))
    }

    @Test func othersAreServedMeanwhile() throws {
        let id = try #require(shop.buy(1).json["id"]?.string)
        try whileAllWait {
            #expect(shop.send(.get, "/api/v1/credits").status == .ok)
            #expect(shop.send(.get, "/api/v1/checkouts/\(id)").json["status"] == "open")
            #expect(shop.send(.get, "/buy/return", query: "checkout_id=\(id)").text.contains("Not paid yet"))
            #expect(shop.send(.get, "/readyz").status == .ok)
        }
    }

    @Test(arguments: ["/buy/return?checkout_id=", "/api/v1/checkouts/"])
    func aLookAtACheckoutWaitsForAMomentOnly(_ address: String) throws {
        let id = try #require(shop.buy(1).json["id"]?.string)
        let mayAnswer = Monitor(false)
        shop.report = { _ throws(PolarFailure) in
            mayAnswer.wait { $0 ? () : nil }
            throw .timedOut
        }
        defer { mayAnswer.withLock { $0 = true } }
        let parts = (address + id).split(separator: "?").map { String($0) }
        var response: Response?
        let spent = ContinuousClock().measure {
            response = shop.send(.get, parts[0], query: parts.count > 1 ? parts[1] : "")
        }
        #expect(response?.status == .ok)
        #expect(spent < .seconds(2))
    }

    @Test func readinessIsToldWithinASecondAlthoughNobodyCanWrite() throws {
        let lane = try Flock(shop.directory.appending(path: "credits.db.lane").path)
        for _ in 0..<6 {
            var response: Response?
            let spent = ContinuousClock().measure { response = shop.send(.get, "/readyz") }
            #expect(response?.status == .serviceUnavailable && response?.json["code"] == "unavailable")
            #expect(spent < .seconds(1))
            #expect(shop.send(.get, "/healthz").status == .ok)
        }
        lane.release()
        try eventually("it is ready again") { shop.send(.get, "/readyz").status == .ok }
    }
}
