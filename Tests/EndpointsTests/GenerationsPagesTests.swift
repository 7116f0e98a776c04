import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

@Suite struct GenerationsPagesTests {
    let studio: Studio
    init() throws { studio = try Studio() }

    private func page(_ path: String = "/", query: String = "") -> String {
        studio.send(.get, path, query: query, credential: .cookie(formToken: "token")).text
    }

    private func newest() throws -> String {
        try #require(studio.get("/api/v1/generations").json["items"]?.array?.first?["id"]?.string)
    }

    @Test func theFormOfThePageQueuesThePictureAndLeadsBack() throws {
        let response = studio.submit(try Sample.png())
        #expect(response.status == .seeOther && response.headers["location"] == "/")
        #expect(try studio.balance() == 9)
        #expect(page().contains("Waiting for its turn"))
    }

    @Test func aDoubleClickCountsOnce() throws {
        // A browser makes another boundary for each click.
        #expect(studio.submit(try Sample.png(), key: "k", boundary: "one").status == .seeOther)
        #expect(studio.submit(try Sample.png(), key: "k", boundary: "two").status == .seeOther)
        #expect(try studio.balance() == 9)
    }

    @Test(arguments: ["", "other", "token "])
    func aForeignFormIsRefused(_ token: String) throws {
        #expect(studio.submit(try Sample.png(), token: token).status == .forbidden)
        #expect(try studio.files() == [])
    }

    @Test(arguments: [
        ("no file", 422, "Choose a picture first."), ("a text", 415, "PNG, JPEG, WebP, HEIC and HEIF can"),
        ("too large", 413, "larger than 4 kB"), ("cut short", 422, "could not be read"),
    ])
    func whatIsWrongStandsOnTheSamePage(_ what: String, _ status: Int, _ words: String) throws {
        let bytes: [UInt8] =
            switch what {
            case "no file": []
            case "a text": Array("hello".utf8)
            case "too large": [UInt8](repeating: 0, count: Studio.limitBytes + 1)
            case _: try Sample.png().dropLast()
            }
        let response = studio.submit(bytes)
        #expect(response.status.rawValue == status)
        #expect(response.text.contains(words) && response.text.contains("id=\"gallery\""))
        #expect(try studio.balance() == 10 && studio.files() == [])
        #expect(studio.submit(bytes, accept: "*/*").headers["content-type"] == "application/problem+json")
    }

    @Test func atNothingTheFormIsClosedAndLeadsToBuying() throws {
        try studio.leave(0)
        #expect(page().contains("<fieldset disabled>") && page().contains("href=\"/buy\""))
        let response = studio.submit(try Sample.png())
        #expect(response.status == .paymentRequired && response.text.contains("You have no credits left"))
        try studio.leave(1)
        #expect(!page().contains("<fieldset disabled>"))
    }

    @Test func aFailureSaysWhyAndWhatBecameOfTheCredit() throws {
        _ = studio.submit(try Sample.png())
        try studio.fail(.rejectedBySafety)
        #expect(page().contains("refused this picture under its safety rules. Your credit is back."))
        try studio.store.set(["refund_on_failure": 0], at: studio.now)
        _ = studio.submit(try Sample.png())
        try studio.fail()
        #expect(page().contains("could not make this image. The credit was not given back."))
        #expect(page().contains("Try again at no cost") && page().contains("Try again for 1 credit"))
        #expect(!page().contains("comes back by itself"))
    }

    @Test func theButtonsOfAGenerationDoWhatTheySay() throws {
        _ = studio.submit(try Sample.png())
        let id = try newest()
        let early = studio.press(id, "action=retry&idempotency_key=a")
        #expect(early.status == .conflict && early.text.contains("nothing to try again"))
        try studio.fail()
        let retried = studio.press(id, "action=retry&idempotency_key=b")
        #expect(retried.status == .seeOther && retried.headers["location"] == "/generations/\(id)")
        #expect(studio.press(id, "action=retry&idempotency_key=b") == retried)
        #expect(try studio.balance() == 9)
        let cancelled = studio.press(id, "action=delete&only_if=pending")
        #expect(cancelled.status == .seeOther && cancelled.headers["location"] == "/")
        #expect(try studio.balance() == 10)
        #expect(studio.press(id, "action=delete").status == .notFound)
    }

    @Test func whatHasBegunIsNotCancelledByTheWay() throws {
        _ = studio.submit(try Sample.png())
        let id = try newest()
        _ = try studio.claim()
        let late = studio.press(id, "action=delete&only_if=pending")
        #expect(late.status == .conflict && late.text.contains("being made already, so it was not cancelled"))
        #expect(studio.press(id, "action=delete").status == .seeOther)
        #expect(try studio.balance() == 9)
    }

    @Test func tryingAgainWithoutCreditsLeadsToBuying() throws {
        _ = studio.submit(try Sample.png())
        try studio.fail()
        try studio.leave(0)
        let refused = studio.press(try newest(), "action=retry")
        #expect(refused.status == .paymentRequired && refused.text.contains("<a href=\"/buy\">Buy credits</a>"))
    }

    @Test(arguments: ["action=explode", "", "action="])
    func anotherButtonIsRefused(_ fields: String) throws {
        _ = studio.submit(try Sample.png())
        #expect(studio.press(try newest(), fields).status == .unprocessableContent)
    }

    @Test func anothersPageIsNotThere() throws {
        _ = studio.submit(try Sample.png())
        let id = try newest()
        #expect(page("/generations/\(id)").contains("The result will stand here"))
        #expect(studio.press(id, "action=delete", user: "eve").status == .notFound)
        #expect(studio.get("/generations/nonsense").status == .notFound)
        #expect(try studio.balance() == 9)
    }

    @Test func theGalleryIsPaged() throws {
        try studio.leave(20)
        for _ in 0..<13 { _ = studio.submit(try Sample.png()) }
        let first = page()
        #expect(first.matches(of: /<li class="card generation/).count == 12)
        let cursor = try #require(first.firstMatch(of: /href="\/\?cursor=(\d+)"/)?.1)
        let second = page(query: "cursor=\(cursor)")
        #expect(second.matches(of: /<li class="card generation/).count == 1 && second.contains("Older images"))
        #expect(!second.contains("Older</a>"))
        #expect(studio.get("/", query: "cursor=x").status == .unprocessableContent)
    }

    @Test func itRefreshesItselfOnlyAsLongAsSomethingIsUnderWay() throws {
        #expect(!page().contains("http-equiv") && !page().contains("data-live"))
        _ = studio.submit(try Sample.png())
        #expect(page().contains("<noscript><meta http-equiv=\"refresh\"") && page().contains("data-live"))
        #expect(!studio.submit([]).text.contains("http-equiv"), "What went wrong stays to be read")
        try studio.complete(with: try Sample.bytes("deep.png"))
        #expect(!page().contains("http-equiv") && !page().contains("data-live"))
    }
}
