import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// The pictures as nginx sends them, and the limits of what is sent to it.
@Suite(.serialized) struct GalleryFilesTests {
    let maker: Maker
    let site: Site

    init() throws {
        maker = try Maker()
        site = try Site(maker.settings.merging(["MAX_UPLOAD_BYTES": "200000"]) { $1 })
    }

    private func send(
        _ method: String, _ path: String, as user: String = "ada", headers: [(String, String)] = [],
        body: [UInt8]? = nil
    ) throws -> HTTPClient.Answer {
        let credential = ("Authorization", "Bearer \(try site.token(user))")
        return try site.send(method, path, headers: headers + [credential], body: body)
    }

    private func upload(_ bytes: [UInt8], _ type: String = "image/png") throws -> HTTPClient.Answer {
        try send("POST", "/api/v1/generations", headers: [("Content-Type", type)], body: bytes)
    }

    @Test func aPictureIsItsOwnersAlone() throws {
        let picture = try Fixtures.bytes("images/baseline.jpg")
        let id = try #require(try JSON(upload(picture, "image/jpeg").body)["id"]?.string)
        let path = "/api/v1/generations/\(id)/original"
        let whole = try send("GET", path)
        #expect(whole.status == 200 && whole.body == picture)
        #expect(whole.headers["content-type"] == "image/jpeg")
        #expect(whole.headers["cache-control"]?.hasPrefix("private") == true)
        #expect(whole.headers["x-content-type-options"] == "nosniff")
        #expect(whole.headers["content-security-policy"]?.hasPrefix("default-src 'none'; sandbox") == true)
        #expect(whole.headers["content-disposition"] == "inline; filename=\"original-\(id).jpeg\"")
        #expect(whole.headers["x-accel-redirect"] == nil)

        let part = try send("GET", path, headers: [("Range", "bytes=2-5")])
        #expect(part.status == 206 && part.body == Array(picture[2...5]))
        #expect(part.headers["content-range"] == "bytes 2-5/\(picture.count)")
        let tag = try #require(whole.headers["etag"])
        let known = try send("GET", path, headers: [("If-None-Match", tag)])
        #expect(known.status == 304 && known.body.isEmpty)
        #expect(try send("GET", path, headers: [("Range", "bytes=999999-")]).status == 416)

        #expect(try send("GET", path, as: "eve").status == 404)
        #expect(try site.send("GET", path).status == 401)
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: site.directory + "/images").first { $0.count == 64 })
        for outside in ["/_images/\(name)", "/_images/", "/_images/../credits.db", "//_images/\(name)"] {
            #expect(try send("GET", outside).status == 404)
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: site.directory + "/images")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test func theResultIsThereWhenItIsMade() throws {
        let id = try #require(try JSON(upload(Fixtures.bytes("images/colour.png")).body)["id"]?.string)
        let path = "/api/v1/generations/\(id)"
        try eventually("it is made") { try JSON(send("GET", path).body)["status"]?.string == "completed" }
        let result = try send("GET", path + "/result")
        #expect(result.status == 200 && result.headers["content-type"] == "image/png")
        #expect(result.body.starts(with: [0x89, 0x50, 0x4E, 0x47]))
        let tag = try #require(try send("GET", "/api/v1/generations").headers["etag"])
        let known = try send("GET", "/api/v1/generations", headers: [("If-None-Match", tag)])
        #expect(known.status == 304)
        #expect(try send("DELETE", path).status == 204)
        #expect(try send("GET", path + "/result").status == 404)
        try expectVerified(site)
    }

    @Test func theThumbnailOfALargeResultIsSmallAndPrivate() throws {
        let photograph = try Places.bytes(of: try maker.photograph(600, 450))
        let id = try #require(try JSON(upload(photograph, "image/jpeg").body)["id"]?.string)
        let path = "/api/v1/generations/\(id)"
        try eventually("it is made", within: .seconds(60)) {
            try JSON(send("GET", path).body)["status"]?.string == "completed"
        }
        #expect(try JSON(send("GET", path).body)["thumbnail_url"]?.string == path + "/thumbnail")
        let (small, whole) = (try send("GET", path + "/thumbnail"), try send("GET", path + "/result"))
        #expect(small.status == 200 && small.headers["content-type"] == "image/webp")
        #expect(small.headers["cache-control"]?.hasPrefix("private") == true)
        #expect(small.headers["x-content-type-options"] == "nosniff")
        #expect(small.body.count * 4 < whole.body.count, "\(small.body.count) of \(whole.body.count) bytes")
        #expect(try send("GET", path + "/thumbnail", as: "eve").status == 404)
        #expect(try site.send("GET", path + "/thumbnail").status == 401)
        #expect(try site.creditctl("blobs", "sweep", "--grace", "0").status == 0)
        #expect(try send("GET", path + "/thumbnail").status == 200, "a sweep leaves it")
        #expect(try send("DELETE", path).status == 204)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: site.directory + "/images").filter {
                !$0.hasPrefix(".lock")
            }
                == [])
    }

    @Test func aBodyIsTakenUpToTheLimitOfThisSite() throws {
        let over = try upload([UInt8](repeating: 0x89, count: 200_001))
        #expect(over.status == 413)
        #expect(try JSON(over.body)["limit_bytes"]?.integer == 200_000)
        let far = try upload([UInt8](repeating: 0x89, count: 200_000 + 65_537))
        #expect(far.status == 413)
        #expect(try JSON(far.body)["code"]?.string == "content_too_large")
        #expect(try upload([UInt8](repeating: 0x89, count: 200_000)).status == 415)
        // The limit elsewhere stays what it was, and a refusal keeps its own status whatever was sent along.
        #expect(try send("POST", "/buy", body: [UInt8](repeating: 0x20, count: 70_000)).status == 413)
        let nobody = try site.send("POST", "/api/v1/generations", body: [UInt8](repeating: 0x89, count: 150_000))
        #expect(nobody.status == 401)
        #expect(try FileManager.default.contentsOfDirectory(atPath: site.directory + "/images") == [])
    }
}
