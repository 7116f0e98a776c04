import Clients
import Crypto
import Foundation
import HTTP
import Images
import JSON
import SQLite
import TestSupport
import Testing

@testable import Core
@testable import Endpoints

/// The site of `generations` on a real database and a real directory of images, with nobody at work but the test.
final class Studio: @unchecked Sendable {
    static let limitBytes = 4096
    static let limitPixels = 10_000

    let store: Store
    let blobs: BlobDirectory
    private let directory: TemporaryDirectory
    private let images: String
    var now = Instant(unixSeconds: 1_795_000_000)
    /// What the directory of images answers to the next upload.
    var refusal: BlobError?
    var limits = UploadLimits.none
    /// At which step.
    var place = Failing.Place.keep
    /// How the body comes: `nil` as a whole, otherwise in pieces of so many bytes.
    var pieceBytes: Int?
    /// Whether the body breaks off behind its last piece.
    var isCutShort = false
    var lines: [LogLine] = []

    init() throws {
        directory = try TemporaryDirectory()
        images = directory.path + "/images"
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: false)
        _ = try Store.migrate(SQLiteFile(directory.path + "/credits.db"))
        store = try Store(at: SQLiteFile(directory.path + "/credits.db")) { Issue.record("\($0)") }
        blobs = BlobDirectory(path: images, random: randomBytes)
    }

    private var site: Endpoints.Site {
        Endpoints.Site(
            GenerationsDependencies(
                store: store, maximumUploadBytes: Self.limitBytes, maximumPixels: Self.limitPixels,
                limits: limits,
                begin: { [self] () throws(BlobError) in Failing(try blobs.begin(), refusal, in: place) },
                discard: { [self] ids throws(BlobError) in
                    try blobs.remove(ids) { id throws(StoreError) in try store.generations.isReferenced(id) }
                },
                now: { [self] in now }, random: randomBytes, log: { [self] in lines.append($0) }))
    }

    func send(
        _ method: Request.Method, _ path: String, query: String = "", user: String? = "ada", headers: Headers = [:],
        body: [UInt8] = [], credential: Caller.Credential = .bearer
    ) -> Response {
        let caller = user.map { Caller(user: $0, email: "\($0)@example.com", name: "Ada", credential: credential) }
        var request = Request(
            method: method, path: path, query: query, headers: headers, body: body, caller: caller, id: "r1")
        if pieceBytes != nil || isCutShort {
            let stream = BodyStream(body, pieceBytes: pieceBytes ?? BodyStream.pieceBytes)
            let isWhole = !isCutShort
            request.stream = BodyStream(length: body.count) { take in
                var isWanted = true
                _ = stream.read { piece in isWanted = isWanted && take(piece) }
                return isWanted && isWhole
            }
            request.body = []
        }
        return site.respond(to: request)
    }

    func get(_ path: String, query: String = "", user: String = "ada", headers: Headers = [:]) -> Response {
        send(.get, path, query: query, user: user, headers: headers)
    }

    /// The raw body, as programs send it.
    func upload(
        _ bytes: [UInt8], _ type: String? = "image/png", key: String? = nil, user: String = "ada"
    ) -> Response {
        var headers = Headers()
        headers["content-type"] = type
        headers["idempotency-key"] = key
        return send(.post, "/api/v1/generations", user: user, headers: headers, body: bytes)
    }

    /// The form of the page, as browsers send it: the second file field is there and empty.
    func submit(
        _ bytes: [UInt8], type: String = "image/png", token: String = "token", key: String = "",
        boundary: String = "b1",
        accept: String = "text/html", more: [(String, String)] = [], isPictureFirst: Bool = false
    ) -> Response {
        let form = PageForm.bytes(
            [("form_token", token), ("idempotency_key", key)] + more, picture: bytes, type: type, boundary: boundary,
            isPictureFirst: isPictureFirst)
        return send(
            .post, "/", headers: ["content-type": "multipart/form-data; boundary=\(boundary)", "accept": accept],
            body: form, credential: .cookie(formToken: "token"))
    }

    /// A button of the page.
    func press(_ id: String, _ fields: String, user: String = "ada") -> Response {
        send(
            .post, "/generations/\(id)", user: user,
            headers: ["content-type": "application/x-www-form-urlencoded", "accept": "text/html"],
            body: Array("form_token=token&\(fields)".utf8), credential: .cookie(formToken: "token"))
    }

    func balance(_ user: String = "ada") throws -> Int64? {
        try store.people.account(of: #require(UserID(user)), at: now)?.balance.rawValue
    }

    /// Leaves the user that many credits.
    func leave(_ credits: Int64, to user: String = "ada") throws {
        let id = try #require(UserID(user))
        let has = try store.people.account(of: Profile(user: id), at: now).balance.rawValue
        guard has != credits else { return }
        let adjustment = Adjustment(
            user: id, amount: Credits(rawValue: credits - has), actor: "test", reason: "test",
            key: UUID().uuidString)
        guard case .adjusted = try store.ledger.adjust(adjustment, at: now) else {
            Issue.record("not adjusted")
            return
        }
    }

    /// The files that were kept.
    func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: images).filter { !$0.hasPrefix(".lock") }.sorted()
    }

    func claim() throws -> Job {
        guard case .job(let job) = try store.jobs.claim(for: .seconds(60), at: now) else {
            throw NeverCame(description: "There is no job")
        }
        return job
    }

    /// Works on the oldest job: makes the picture, or fails for good.
    func complete(with result: [UInt8], thumbnail: [UInt8]? = nil) throws {
        let job = try claim()
        let facts = ImageFacts(kind: .png, width: 1, height: 1)
        let contents = [result] + (thumbnail.map { [$0] } ?? [])
        _ = try blobs.store(contents) { blobs throws(StoreError) in
            let images = zip(blobs, contents).map { StoredImage(blob: $0, bytes: Int64($1.count), facts: facts) }
            return try store.jobs.complete(
                job, with: images[0], thumbnail: images.count > 1 ? images[1] : nil, at: now)
        }
    }

    func fail(_ failure: GenerationFailure = .providerUnavailable) throws {
        _ = try store.jobs.fail(claim(), failure, maximumAttempts: 1, at: now)
    }

    deinit { #expect((try? store.ledger.verify()) == []) }
}

enum PageForm {
    static func bytes(
        _ fields: [(String, String)], picture: [UInt8], type: String, boundary: String, isPictureFirst: Bool = false
    ) -> [UInt8] {
        var texts: [UInt8] = []
        for (name, value) in fields {
            texts += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
        }
        var files: [UInt8] = []
        for (name, type, bytes) in [("", "application/octet-stream", []), ("a.png", type, picture)] {
            let disposition = "Content-Disposition: form-data; name=\"image\"; filename=\"\(name)\""
            files += Array("--\(boundary)\r\n\(disposition)\r\nContent-Type: \(type)\r\n\r\n".utf8) + bytes + [13, 10]
        }
        return (isPictureFirst ? files + texts : texts + files) + Array("--\(boundary)--\r\n".utf8)
    }
}

/// A content whose directory answers with a refusal, if there is one.
final class Failing: IncomingBlob {
    private let blob: any IncomingBlob
    private let refusal: BlobError?
    private let place: Place

    /// The step that fails.
    enum Place: CaseIterable { case append, read, keep }

    init(_ blob: any IncomingBlob, _ refusal: BlobError?, in place: Place) {
        (self.blob, self.refusal, self.place) = (blob, refusal, place)
    }

    private func pass(_ place: Place) throws(BlobError) {
        if place == self.place, let refusal { throw refusal }
    }

    var count: Int { blob.count }
    func seal() -> BlobID { blob.seal() }
    func discard() { blob.discard() }

    func append(_ bytes: ArraySlice<UInt8>) throws(BlobError) {
        try pass(.append)
        try blob.append(bytes)
    }

    func read(at offset: Int, count: Int) throws(ImageFileError) -> [UInt8] {
        do { try pass(.read) } catch { throw ImageFileError(error.description) }
        return try blob.read(at: offset, count: count)
    }

    func keep<Result>(_ commit: (BlobID) throws(StoreError) -> Result) throws(BlobError) -> Result {
        try pass(.keep)
        return try blob.keep(commit)
    }
}

/// Small real pictures.
enum Sample {
    static func bytes(_ name: String) throws -> [UInt8] { try Fixtures.bytes("images/\(name)") }

    static func png() throws -> [UInt8] { try bytes("colour.png") }
}
