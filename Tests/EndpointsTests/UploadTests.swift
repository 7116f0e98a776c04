import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// A picture that comes piece by piece, alone or in a form.
@Suite struct UploadTests {
    let studio: Studio
    init() throws { studio = try Studio() }

    private func expectNothing() throws {
        #expect(try studio.files() == [] && studio.balance() ?? 10 == 10)
        #expect(studio.get("/api/v1/generations").json["items"] == [])
    }

    @Test(arguments: [1, 2, 7, 64, 1000])
    func thePiecesMakeNoDifference(_ pieceBytes: Int) throws {
        studio.pieceBytes = pieceBytes
        #expect(studio.upload(try Sample.png(), key: "k").status == .accepted)
        studio.pieceBytes = nil
        #expect(studio.upload(try Sample.png(), key: "k").status == .accepted)
        #expect(try studio.balance() == 9, "the same key for the same picture")
        studio.pieceBytes = pieceBytes
        #expect(studio.submit(try Sample.png(), key: "f", boundary: "one").status == .seeOther)
        #expect(studio.submit(try Sample.png(), key: "f", boundary: "another").status == .seeOther)
        #expect(try studio.balance() == 8)
        #expect(try studio.files() == [BlobID(contentOf: Sample.png()).text])
    }

    @Test(arguments: [nil, 3] as [Int?])
    func thePictureMayComeBeforeTheFieldsAroundIt(_ pieceBytes: Int?) throws {
        studio.pieceBytes = pieceBytes
        #expect(studio.submit(try Sample.png(), token: "other", isPictureFirst: true).status == .forbidden)
        try expectNothing()
        let first = studio.submit(try Sample.png(), key: "k", isPictureFirst: true)
        #expect(first.status == .seeOther)
        #expect(studio.submit(try Sample.png(), key: "k").status == .seeOther)
        #expect(try studio.balance() == 9)
        let other = studio.submit(try Sample.bytes("palette.png"), key: "k", isPictureFirst: true)
        #expect(other.status == .unprocessableContent && other.text.contains("This page was used before"))
    }

    @Test func whatIsCutShortCostsNothingAndLeavesNothing() throws {
        studio.isCutShort = true
        let answer = studio.upload(try Sample.png(), key: "k")
        #expect(answer.status == .badRequest && answer.json["code"] == "malformed")
        #expect(studio.submit(try Sample.png(), key: "k").status == .badRequest)
        try expectNothing()
        studio.isCutShort = false
        #expect(studio.upload(try Sample.png(), key: "k").status == .accepted, "the key was never taken")
    }

    @Test(arguments: [nil, 100] as [Int?])
    func asLongAsAllowedAndNotOneByteMore(_ pieceBytes: Int?) throws {
        studio.pieceBytes = pieceBytes
        // A chunk that every reader passes over, as long as it must be.
        func picture(of count: Int) throws -> [UInt8] {
            let png = try Sample.png()
            let filler = count - png.count - 12
            var chunk = (0..<4).map { UInt8(truncatingIfNeeded: filler >> (24 - 8 * $0)) }
            chunk += Array("teSt".utf8) + [UInt8](repeating: 0x20, count: filler) + [0, 0, 0, 0]
            // Before IEND.
            return Array(png.dropLast(12)) + chunk + png.suffix(12)
        }
        #expect(studio.upload(try picture(of: Studio.limitBytes)).status == .accepted)
        #expect(studio.submit(try picture(of: Studio.limitBytes)).status == .seeOther)
        let raw = studio.upload(try picture(of: Studio.limitBytes + 1))
        #expect(raw.status == .contentTooLarge && raw.json["limit_bytes"] == .integer(Int64(Studio.limitBytes)))
        #expect(studio.submit(try picture(of: Studio.limitBytes + 1)).status == .contentTooLarge)
        #expect(try studio.balance() == 8 && studio.files().count == 1)
    }

    @Test func aFieldThatCountsIsShortAndTheOthersArePassedOver() throws {
        let (longest, other) = (String(repeating: "k", count: 4096), String(repeating: "x", count: 60_000))
        let kept = studio.submit(try Sample.png(), key: longest, accept: "*/*")
        #expect(kept.status == .unprocessableContent && kept.json["code"] == "invalid_idempotency_key")
        #expect(studio.submit(try Sample.png(), key: longest + "k").status == .badRequest)
        try expectNothing()
        let fields = [("other", other), ("form_token", "foreign"), ("idempotency_key", longest)]
        #expect(studio.submit(try Sample.png(), more: fields).status == .seeOther, "the first of a name counts")
    }

    @Test func atNothingNothingIsLeftBehind() throws {
        try studio.leave(0)
        #expect(studio.upload(try Sample.png(), key: "k").status == .paymentRequired)
        #expect(studio.submit(try Sample.png()).status == .paymentRequired)
        #expect(studio.upload(try Sample.png().dropLast()).status == .unprocessableContent, "a wrong one is told first")
        #expect(try studio.files() == [])
    }

    @Test func onlyPicturesAreServedPieceByPiece() {
        func isServed(_ method: Request.Method, _ path: String) -> Bool {
            Endpoints.Site.takesPicture(Request(method: method, path: path))
        }
        #expect(isServed(.post, "/") && isServed(.post, "/api/v1/generations"))
        #expect(!isServed(.get, "/") && !isServed(.post, "/generations/x") && !isServed(.put, "/api/v1/generations"))
        #expect(!isServed(.post, "/api/v1/generations/x/retry"))
    }
}
