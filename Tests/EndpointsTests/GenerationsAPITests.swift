import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// Something that is no picture as its sender says, and what is said to it.
struct WrongUpload: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    let code: String
    let type: String?
    let bytes: @Sendable () throws -> [UInt8]

    init(
        _ name: String, _ status: Int, _ code: String, type: String? = "image/png",
        _ bytes: @escaping @Sendable () throws -> [UInt8]
    ) {
        (testDescription, self.status, self.code, self.type, self.bytes) = (name, status, code, type, bytes)
    }
}

@Suite struct GenerationsAPITests {
    let studio: Studio
    init() throws { studio = try Studio() }

    private func queue(_ name: String = "colour.png", _ type: String = "image/png", user: String = "ada") throws
        -> String
    {
        let response = studio.upload(try Sample.bytes(name), type, user: user)
        #expect(response.status == .accepted)
        return try #require(response.json["id"]?.string)
    }

    @Test(arguments: [
        ("colour.png", "image/png"), ("baseline.jpg", "image/jpeg"), ("lossy.webp", "image/webp"),
        ("plain.heic", "image/heic"), ("plain.heif", "image/heif"), ("baseline.jpg", "image/jpeg; x=y"),
        ("colour.png", "application/octet-stream"),
    ])
    func everyTypeThatIsTakenCostsOneCreditAndIsQueued(_ name: String, _ type: String) throws {
        let response = studio.upload(try Sample.bytes(name), type)
        let id = try #require(response.json["id"]?.string)
        #expect(response.status == .accepted && response.json["status"] == "pending" && response.json["credits"] == 9)
        #expect(response.headers["location"] == "/api/v1/generations/\(id)")
        let shown = studio.get("/api/v1/generations/\(id)").json
        #expect(shown["status"] == "pending" && shown["charged"] == true && shown["refunded"] == false)
        #expect(shown["error"] == nil && shown["attempts"] == 0 && shown["completed_at"] == nil)
        #expect(try studio.files() == [BlobID(contentOf: Sample.bytes(name)).text])
    }

    static let wrongUploads: [WrongUpload] = [
        WrongUpload("nothing", 422, "unreadable_image") { [] },
        WrongUpload("a text", 415, "unsupported_type") { Array("hello".utf8) },
        WrongUpload("a GIF", 415, "unsupported_type", type: "image/gif") { try Sample.bytes("animated.gif") },
        WrongUpload("a GIF that says it is a PNG", 415, "unsupported_type") { try Sample.bytes("animated.gif") },
        WrongUpload("a JPEG that says it is a PNG", 415, "unsupported_type") { try Sample.bytes("baseline.jpg") },
        WrongUpload("an AVIF", 415, "unsupported_type", type: "image/avif") { try Sample.bytes("plain.avif") },
        WrongUpload("an SVG", 415, "unsupported_type", type: "image/svg+xml") { Array("<svg/>".utf8) },
        WrongUpload("no type and no picture", 415, "unsupported_type", type: nil) { [1, 2, 3] },
        WrongUpload("one byte short", 422, "unreadable_image") { try Sample.png().dropLast() },
        WrongUpload("half of it", 422, "unreadable_image") { try Array(Sample.png().prefix(40)) },
        WrongUpload("the signature alone", 422, "unreadable_image") { try Array(Sample.png().prefix(8)) },
        WrongUpload("an archive behind the picture", 422, "unreadable_image") { try Sample.png() + Array("PK".utf8) },
        WrongUpload("a width of nothing", 422, "unreadable_image") { try Self.sized(0, 1) },
        WrongUpload("one pixel over the limit", 422, "unreadable_image") { try Self.sized(101, 100) },
        WrongUpload("a bomb", 422, "unreadable_image") { try Self.sized(65_535, 65_535) },
        WrongUpload("one byte over the limit", 413, "body_too_large") {
            [UInt8](repeating: 0x89, count: Studio.limitBytes + 1)
        },
        WrongUpload("a form without the field", 422, "invalid_image", type: "multipart/form-data; boundary=b") {
            Array("--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b--\r\n".utf8)
        },
        WrongUpload("no form at all", 400, "malformed", type: "multipart/form-data; boundary=b") { [1] },
        WrongUpload("a form without a boundary", 400, "malformed", type: "multipart/form-data") { [1] },
    ]

    @Test(arguments: wrongUploads, [nil, 1, 100] as [Int?])
    func aWrongUploadCostsNothingAndLeavesNothing(_ wrong: WrongUpload, _ pieceBytes: Int?) throws {
        studio.pieceBytes = pieceBytes
        let response = studio.upload(try wrong.bytes(), wrong.type)
        #expect(response.status.rawValue == wrong.status)
        #expect(response.json["code"] == .string(wrong.code))
        #expect(try studio.files() == [])
        #expect(studio.get("/api/v1/generations").json["items"] == [])
        #expect(try studio.balance() ?? 10 == 10)
    }

    /// The header's two numbers changed: nothing else of a picture is read before it is paid for.
    private static func sized(_ width: UInt32, _ height: UInt32) throws -> [UInt8] {
        var bytes = try Sample.png()
        for (place, byte) in [width, height].flatMap({ side in (0..<4).map { UInt8(side >> (24 - 8 * $0) & 0xFF) } })
            .enumerated()
        { bytes[16 + place] = byte }
        return bytes
    }

    @Test func atNothingTheAnswerSaysWhereToBuy() throws {
        try studio.leave(0)
        let response = studio.upload(try Sample.png())
        #expect(response.status == .paymentRequired && response.json["code"] == "insufficient_credits")
        #expect(response.json["balance"] == 0 && response.json["required"] == 1 && response.json["buy_url"] == "/buy")
        #expect(try studio.files() == [])
    }

    @Test(
        arguments: [BlobError.full, .unavailable("I/O error"), .store(.unavailable("busy"))], Failing.Place.allCases)
    func whatCannotBeKeptIsNotCharged(_ refusal: BlobError, _ place: Failing.Place) throws {
        (studio.refusal, studio.place) = (refusal, place)
        #expect(studio.upload(try Sample.png(), key: "k").status == .serviceUnavailable)
        #expect(try studio.balance() ?? 10 == 10 && studio.files() == [])
        #expect(studio.lines.last?.event == "store.failed")
        studio.refusal = nil
        #expect(studio.upload(try Sample.png(), key: "k").status == .accepted, "The key was let go")
    }

    @Test func theSameKeyBringsTheFirstAnswerBack() throws {
        let first = studio.upload(try Sample.png(), key: "k")
        let again = studio.upload(try Sample.png(), key: "k")
        #expect(again.status == .accepted && again.body == first.body)
        #expect(again.headers["location"] == first.headers["location"])
        let other = studio.upload(try Sample.bytes("palette.png"), key: "k")
        #expect(other.status == .unprocessableContent && other.json["code"] == "idempotency_key_reused")
        #expect(try studio.balance() == 9)
        #expect(studio.upload(try Sample.png(), key: "k", user: "eve").status == .accepted)
    }

    @Test func theSamePictureTwiceIsOneFileAndTwoCredits() throws {
        let (first, second) = (try queue(), try queue())
        #expect(try studio.balance() == 8 && studio.files().count == 1)
        #expect(studio.send(.delete, "/api/v1/generations/\(first)").status == .noContent)
        #expect(try studio.files().count == 1, "The other still needs it")
        #expect(studio.send(.delete, "/api/v1/generations/\(second)").status == .noContent)
        #expect(try studio.files() == [])
    }

    @Test func aPendingOneIsCancelledAndItsCreditComesBackOnce() throws {
        let id = try queue()
        #expect(try studio.balance() == 9)
        #expect(studio.send(.delete, "/api/v1/generations/\(id)").status == .noContent)
        #expect(try studio.balance() == 10 && studio.files() == [])
        #expect(studio.send(.delete, "/api/v1/generations/\(id)").status == .notFound)
        #expect(studio.get("/api/v1/generations/\(id)").status == .notFound)
        #expect(try studio.balance() == 10)
    }

    @Test func oneThatIsDoneGoesWithItsFilesAndNothingComesBack() throws {
        let id = try queue()
        try studio.complete(with: try Sample.bytes("deep.png"))
        #expect(try studio.files().count == 2)
        let shown = studio.get("/api/v1/generations/\(id)").json
        #expect(shown["status"] == "completed" && shown["completed_at"] != nil)
        #expect(studio.send(.delete, "/api/v1/generations/\(id)").status == .noContent)
        #expect(try studio.files() == [] && studio.balance() == 9)
    }

    @Test func aFailedOneSaysWhyAndIsTriedAgainForACredit() throws {
        let id = try queue()
        #expect(studio.send(.post, "/api/v1/generations/\(id)/retry").status == .conflict)
        try studio.fail(.providerTimeout)
        let shown = studio.get("/api/v1/generations/\(id)").json
        #expect(shown["status"] == "failed" && shown["refunded"] == true)
        #expect(shown["error"] == ["code": "provider_timeout", "message": "The image service took too long."])
        #expect(try studio.balance() == 10)

        let again = studio.send(.post, "/api/v1/generations/\(id)/retry", headers: ["idempotency-key": "r"])
        #expect(again.status == .accepted && again.json["credits"] == 9 && again.json["id"] == .string(id))
        #expect(studio.send(.post, "/api/v1/generations/\(id)/retry", headers: ["idempotency-key": "r"]) == again)
        #expect(studio.get("/api/v1/generations/\(id)").json["refunded"] == false)
        try studio.fail()
        try studio.leave(0)
        let refused = studio.send(.post, "/api/v1/generations/\(id)/retry")
        #expect(refused.status == .paymentRequired && refused.json["balance"] == 0)
    }

    @Test func anothersThingIsNotThere() throws {
        let id = try queue()
        try studio.complete(with: try Sample.bytes("deep.png"))
        let path = "/api/v1/generations/\(id)"
        for (method, address) in [
            (Request.Method.get, path), (.get, path + "/original"), (.get, path + "/result"), (.delete, path),
            (.post, path + "/retry"), (.get, "/generations/\(id)"),
        ] {
            #expect(studio.send(method, address, user: "eve").status == .notFound)
            #expect(studio.send(method, address, user: nil).status == .unauthorized)
        }
        #expect(studio.get("/api/v1/generations", user: "eve").json["items"] == [])
        #expect(studio.get(path).status == .ok)
    }

    @Test func picturesAreSentByNginxToTheirOwnerAlone() throws {
        let id = try queue("baseline.jpg", "image/jpeg")
        let original = studio.get("/api/v1/generations/\(id)/original")
        let name = BlobID(contentOf: try Sample.bytes("baseline.jpg")).text
        #expect(original.headers["x-accel-redirect"] == "/_images/\(name)")
        #expect(original.headers["content-type"] == "image/jpeg")
        #expect(original.headers["cache-control"]?.hasPrefix("private") == true)
        #expect(original.headers["content-disposition"] == "inline; filename=\"original-\(id).jpeg\"")
        for role in ["result", "thumbnail"] {
            #expect(studio.get("/api/v1/generations/\(id)/\(role)").status == .notFound)
        }
        try studio.complete(with: try Sample.bytes("deep.png"))
        #expect(studio.get("/api/v1/generations/\(id)/result").status == .ok)
        #expect(studio.get("/api/v1/generations/\(id)/thumbnail").status == .notFound, "there need not be one")
        #expect(studio.get("/api/v1/generations/\(id)").json["thumbnail_url"] == nil)
    }

    @Test func aThumbnailIsAPictureLikeTheOthers() throws {
        let id = try queue("baseline.jpg", "image/jpeg")
        let (result, small) = (try Sample.bytes("deep.png"), try Sample.bytes("palette.png"))
        try studio.complete(with: result, thumbnail: small)
        let address = "/api/v1/generations/\(id)/thumbnail"
        #expect(studio.get("/api/v1/generations/\(id)").json["thumbnail_url"] == .string(address))
        let sent = studio.get(address)
        #expect(sent.headers["x-accel-redirect"] == "/_images/\(BlobID(contentOf: small).text)")
        #expect(sent.headers["cache-control"]?.hasPrefix("private") == true)
        #expect(sent.headers["content-disposition"] == "inline; filename=\"thumbnail-\(id).png\"")
        #expect(studio.get(address, user: "eve").status == .notFound)
        #expect(studio.send(.get, address, user: nil).status == .unauthorized)
        let page = studio.send(.get, "/", credential: .cookie(formToken: "token")).text
        #expect(page.contains("\(address)\"") && !page.contains("/\(id)/result\""))
        #expect(try studio.files().count == 3)
        #expect(studio.send(.delete, "/api/v1/generations/\(id)").status == .noContent)
        #expect(try studio.files() == [])
    }

    @Test func anUnchangedAnswerIsNotSentAgain() throws {
        let id = try queue()
        for path in ["/api/v1/generations", "/api/v1/generations/\(id)"] {
            let first = studio.get(path)
            let tag = try #require(first.headers["etag"])
            #expect(first.headers["cache-control"] == "private, no-cache")
            let known = studio.get(path, headers: ["if-none-match": tag])
            #expect(known.status == .notModified && known.body == [] && known.headers["etag"] == tag)
        }
        let tag = try #require(studio.get("/api/v1/generations").headers["etag"])
        _ = try studio.claim()
        let changed = studio.get("/api/v1/generations", headers: ["if-none-match": tag])
        #expect(changed.status == .ok && changed.headers["etag"] != tag)
    }

    @Test func theListIsPagedNewestFirst() throws {
        let ids = try (0..<5).map { _ in try queue() }
        let first = studio.get("/api/v1/generations", query: "limit=2").json
        let cursor = try #require(first["next_cursor"]?.string)
        let second = studio.get("/api/v1/generations", query: "limit=2&cursor=\(cursor)").json
        let last = studio.get(
            "/api/v1/generations", query: "limit=2&cursor=\(second["next_cursor"]?.string ?? "")"
        ).json
        let listed = [first, second, last].flatMap { $0["items"]?.array ?? [] }.compactMap { $0["id"]?.string }
        #expect(listed == ids.reversed())
        #expect(last["next_cursor"] == nil)
        for query in ["limit=0", "limit=101", "cursor=x", "cursor=-1"] {
            #expect(studio.get("/api/v1/generations", query: query).status == .unprocessableContent)
        }
    }
}
