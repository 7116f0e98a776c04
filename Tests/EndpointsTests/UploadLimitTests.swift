import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// What one user may have of the machine and all of the provider, as clients and pages see it.
@Suite struct UploadLimitTests {
    let studio: Studio
    init() throws { studio = try Studio() }

    private func page() -> String { studio.send(.get, "/", credential: .cookie(formToken: "token")).text }

    @Test func whenTheDaysCallsAreUsedUpNothingIsTaken() throws {
        studio.limits.dailyCalls = 1
        #expect(!page().contains("<fieldset disabled>"))
        #expect(studio.upload(try Sample.png()).status == .accepted)
        let answer = studio.upload(try Sample.bytes("palette.png"), key: "k")
        #expect(answer.status == .serviceUnavailable && answer.json["code"] == "daily_limit_reached")
        let seconds = try #require(answer.headers["retry-after"].flatMap(Int64.init))
        #expect(seconds == (86_400 - studio.now.rawValue / 1000 % 86_400))
        #expect(page().contains("No more images can be made today") && page().contains("<fieldset disabled>"))
        #expect(studio.submit(try Sample.bytes("palette.png")).status == .serviceUnavailable)
        #expect(try studio.balance() == 9 && studio.files().count == 1)
        try studio.complete(with: Sample.png())
        studio.now = studio.now.advanced(by: .seconds(seconds))
        #expect(studio.upload(try Sample.bytes("palette.png"), key: "k").status == .accepted, "a refusal is not kept")
    }

    @Test func imagesHaveSoMuchRoom() throws {
        let bytes = Int64(try Sample.png().count)
        studio.limits.imageBytes = 2 * bytes
        #expect(studio.upload(try Sample.png()).status == .accepted)
        #expect(studio.upload(try Sample.png()).status == .accepted)
        let answer = studio.upload(try Sample.png())
        #expect(answer.status == .contentTooLarge && answer.json["code"] == "images_full")
        #expect(answer.json["limit_bytes"] == .integer(2 * bytes))
        #expect(page().contains("Delete some to make room") && page().contains("<fieldset disabled>"))
        #expect(try studio.balance() == 8)
        #expect(studio.upload(try Sample.png(), user: "bob").status == .accepted)
        let id = try #require(studio.get("/api/v1/generations").json["items"]?.array?.first?["id"]?.string)
        #expect(studio.send(.delete, "/api/v1/generations/\(id)").status == .noContent)
        #expect(studio.upload(try Sample.png()).status == .accepted)
    }

    @Test func soManyMayWait() throws {
        studio.limits.waitingJobs = 1
        #expect(studio.upload(try Sample.png()).status == .accepted)
        let answer = studio.upload(try Sample.png())
        #expect(answer.status == .tooManyRequests && answer.json["code"] == "too_many_waiting")
        #expect(answer.headers["retry-after"] != nil)
        #expect(page().contains("wait for their turn already"))
        #expect(studio.upload(try Sample.png(), user: "bob").status == .accepted)
        _ = try studio.claim()
        #expect(studio.upload(try Sample.png()).status == .accepted)
        #expect(try studio.balance() == 8)
    }

    @Test func afterSoManyFailuresThePageSaysWhatTheNextCosts() throws {
        studio.limits.freeFailures = 1
        let risk = "costs its credit"
        #expect(!page().contains(risk))
        #expect(studio.upload(try Sample.png()).status == .accepted)
        try studio.fail(.rejectedBySafety)
        #expect(try studio.balance() == 10)
        #expect(page().contains(risk) && !page().contains("comes back by itself"))
        #expect(studio.upload(try Sample.png()).status == .accepted)
        try studio.fail(.rejectedBySafety)
        #expect(try studio.balance() == 9)
        studio.now = studio.now.advanced(by: .seconds(86_400))
        #expect(!page().contains(risk))
    }

    @Test func whatCannotBeReadIsNotKept() throws {
        #expect(studio.upload(try Sample.png()).status == .accepted)
        try studio.fail(.inputMissing)
        let item = try #require(studio.get("/api/v1/generations").json["items"]?.array?.first)
        let id = try #require(item["id"]?.string)
        #expect(item.member(named: "original_url") == .null && item["refunded"] == true)
        #expect(studio.get("/api/v1/generations/\(id)/original").status == .notFound)
        let answer = studio.send(.post, "/api/v1/generations/\(id)/retry")
        #expect(answer.status == .conflict && answer.json["code"] == "picture_gone")
        let detail = studio.send(.get, "/generations/\(id)", credential: .cookie(formToken: "token")).text
        #expect(detail.contains("not kept") && !detail.contains("Try again"))
    }

    @Test func whatCannotBeReadIsNotShownEither() throws {
        studio.limits.freeFailures = 0
        #expect(studio.upload(try Sample.png()).status == .accepted)
        try studio.fail(.inputMissing)
        #expect(try studio.balance() == 9)
        let item = try #require(studio.get("/api/v1/generations").json["items"]?.array?.first)
        let id = try #require(item["id"]?.string)
        let detail = studio.send(.get, "/generations/\(id)", credential: .cookie(formToken: "token")).text
        #expect(detail.contains("not kept") && !detail.contains("/api/v1/generations/\(id)/original"))
    }
}
