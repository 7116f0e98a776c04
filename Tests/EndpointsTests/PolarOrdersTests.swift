import Core
import Crypto
import Database
import HTTP
import JSON
import SQLite
import TestSupport
import Testing
import Threads
import Webhook

/// `POST /polar/orders` from a request to the database and back.
@Suite struct PolarOrdersTests {
    private static let secret = "polar_whs_0123456789abcdef0123456789"
    private static let now = Instant(unixSeconds: 1_800_000_000)

    private let directory: TemporaryDirectory
    private let place: BreakingPlace
    private let store: Store
    private let lines = Monitor<[LogLine]>([])

    init() throws {
        directory = try TemporaryDirectory()
        let path = directory.path + "/credits.db"
        _ = try Store.migrate(SQLiteFile(path))
        place = BreakingPlace(SQLiteFile(path))
        store = try Store(at: place) { Issue.record("the store broke: \($0)") }
    }

    /// The endpoint on the database of this test.
    private func endpoint() throws -> PolarOrders {
        let product = try #require(
            Fixtures.json("2026-10/03-order.paid.json")["data"]?["product_id"]?.string.flatMap(Product.ID.init))
        return PolarOrders(
            verifier: WebhookVerifier(secrets: [Secret(Self.secret)]), inbox: store.inbox,
            scope: OrderScope(environment: .sandbox, product: product), now: { Self.now },
            log: { [lines] line in lines.withLock { $0.append(line) } })
    }

    /// A signed request; each case below spoils it in one way.
    private func request(_ body: [UInt8], id: String = "w1") -> Request {
        let message = Array("\(id).1800000000.".utf8) + body
        let signature = "v1," + Base64.encoded(hmacSHA256(key: Array(Self.secret.utf8), message: message))
        return Request(
            method: .post, path: "/polar/orders",
            headers: [
                "webhook-id": id, "webhook-timestamp": "1800000000", "webhook-signature": signature,
                "content-type": "application/json", "user-agent": "polar.sh webhooks",
            ], body: body, id: "r1")
    }

    private func logged() -> [String] { lines.withLock { $0.map { $0.json(at: Self.now) } } }

    private func kept(_ body: [UInt8]) throws -> Bool {
        // Whatever is kept anywhere lies in one of the three files.
        try ["credits.db", "credits.db-wal"].contains { name in
            let bytes = try Array(Places.bytes(of: "\(directory.path)/\(name)"))
            return bytes.firstRange(of: body) != nil
        }
    }

    @Test func anOrderIsGrantedAndAnsweredWithoutABody() throws {
        let response = try endpoint().respond(to: request(Fixtures.bytes("2026-10/03-order.paid.json")))
        #expect(response.status == .accepted)
        #expect(response.body.isEmpty)
        let line = try #require(logged().first.map { try JSON(Array($0.utf8)) })
        #expect(line["event"] == "order.applied" && line["level"] == "notice" && line["request.id"] == "r1")
        #expect(line["entry.credits"] == 420 && line["webhook.id"] == "w1" && line["webhook.type"] == "order.paid")
        #expect(line["order.id"]?.string?.count == 36 && line["user.id"]?.string?.isEmpty == false)
        #expect(try store.ledger.verify() == [])
    }

    @Test func theSameAgainIsAcceptedAndChangesNothing() throws {
        let (endpoint, request) = (try endpoint(), try request(Fixtures.bytes("2026-10/03-order.paid.json")))
        let statuses = (0..<3).map { _ in endpoint.respond(to: request).status }
        #expect(statuses == [.accepted, .accepted, .accepted])
        #expect(lines.withLock { $0.map(\.event) } == ["order.applied", "webhook.repeated", "webhook.repeated"])
    }

    @Test(arguments: Fixtures.versions, Fixtures.payloads)
    func whateverPolarSendsIsAccepted(version: String, payload: String) throws {
        let response = try endpoint().respond(to: request(Fixtures.bytes("\(version)/\(payload).json")))
        #expect(response.status == .accepted)
        #expect(!logged().joined().contains("@"), "nobody's address is logged")
    }

    @Test(arguments: ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post", ""])
    func anotherMethodIsNotAllowed(_ method: String) throws {
        var request = try request(Fixtures.bytes("2026-10/03-order.paid.json"))
        request.method = Request.Method(rawValue: method)
        let response = try endpoint().respond(to: request)
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers["allow"] == "POST")
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        let spoil: @Sendable (inout Request) -> Void

        init(_ description: String, _ reason: String, _ spoil: @escaping @Sendable (inout Request) -> Void) {
            (testDescription, self.reason, self.spoil) = (description, reason, spoil)
        }
    }

    @Test(arguments: [
        Forgery("no headers", "headerMissing") { $0.headers = [:] },
        Forgery("no signature", "headerMissing") { $0.headers["webhook-signature"] = nil },
        Forgery("another signature", "signatureMismatch") { $0.headers["webhook-signature"] = "v1,AAAA" },
        Forgery("a timestamp in words", "headerMalformed") { $0.headers["webhook-timestamp"] = "now" },
        Forgery("too old", "tooOld") { $0.headers["webhook-timestamp"] = "1799999699" },
        Forgery("too new", "tooNew") { $0.headers["webhook-timestamp"] = "1800000301" },
        Forgery("another body", "signatureMismatch") { $0.body.append(0x20) },
    ])
    func aForgeryIsRefusedAndNothingOfItIsKept(_ forgery: Forgery) throws {
        let body = Array(#"{"type":"order.paid","secret":"hunter2hunter2"}"#.utf8)
        var request = request(body)
        forgery.spoil(&request)
        let response = try endpoint().respond(to: request)
        #expect(try store.inbox.list(DeliveryFilter(), limit: 1).items.isEmpty, "nothing of it is kept")
        #expect(response.status == .forbidden)
        #expect(try JSON(response.body)["code"] == "signature")
        #expect(try JSON(response.body)["request_id"] == "r1")
        #expect(!String(decoding: response.body, as: UTF8.self).contains("hunter2"))
        let line = try #require(logged().first.map { try JSON(Array($0.utf8)) })
        #expect(line["event"] == "webhook.refused" && line["level"] == "warning")
        #expect(line["webhook.reason"]?.string == forgery.reason)
        #expect(logged().count == 1 && !logged()[0].contains("hunter2") && !logged()[0].contains("order.paid"))
    }

    @Test func aForgeryLeavesNoByteInTheDatabase() throws {
        let body = Array("hunter2hunter2hunter2".utf8)
        var forged = request(body)
        forged.headers["webhook-signature"] = "v1,AAAA"
        #expect(try endpoint().respond(to: forged).status == .forbidden)
        #expect(try !kept(body))
        // The same with its signature is kept: the look finds what is there.
        #expect(try endpoint().respond(to: request(body)).status == .badRequest)
        #expect(try kept(body))
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"type":"order.paid"}"#, #"{"type":"order.paid","type":"x"}"#, "\u{FEFF}{}",
        #"{"type":"order.paid","timestamp":"2026-11-20T10:15:02Z","data":{"id":"x"}}"#,
    ])
    func whatCannotBeReadIsKeptAndSaidSo(_ body: String) throws {
        let endpoint = try endpoint()
        for event in ["webhook.unreadable", "webhook.repeated"] {
            let response = endpoint.respond(to: request(Array(body.utf8)))
            #expect(response.status == .badRequest)
            #expect(try JSON(response.body)["code"] == "unreadable")
            #expect(lines.withLock { $0.last?.event } == event)
        }
    }

    @Test func anUnreadableBodyIsAnErrorThatTellsNothingOfIt() throws {
        _ = try endpoint().respond(to: request(Array(#"{"type":"hunter2""#.utf8)))
        let line = try #require(logged().first)
        #expect(line.contains(#""level":"error""#) && line.contains("ends early") && !line.contains("hunter2"))
    }

    @Test(arguments: [DatabaseError.Kind.busy, .full, .brokenRule, .unreachable])
    func aFaultOfOursAsksPolarToTryAgain(_ failure: DatabaseError.Kind) throws {
        let endpoint = try endpoint()
        place.failure = failure
        let response = endpoint.respond(to: try request(Fixtures.bytes("2026-10/03-order.paid.json")))
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers["retry-after"] == "30")
        #expect(try JSON(response.body)["code"] == "unavailable")
        #expect(!String(decoding: response.body, as: UTF8.self).contains("broken"), "ours alone to know")
        let line = try #require(logged().first)
        #expect(line.contains("webhook.not_stored") && line.contains(#""level":"error""#))
    }

    @Test(arguments: [
        ("net_amount", "-1", "order.parked", "error"), ("product_id", "null", "order.recorded", "info"),
        ("paid", "false", "order.parked", "error"), ("refunded_amount", "100", "order.applied", "notice"),
    ])
    func theLevelSaysWhoMustLook(_ member: String, _ value: String, _ event: String, _ level: String) throws {
        let body = String(decoding: try Fixtures.bytes("2026-10/03-order.paid.json"), as: UTF8.self)
        let pattern = try Regex("\"\(member)\":(\"[^\"]*\"|[^,]*)")
        let spoiled = body.replacing(pattern, with: "\"\(member)\":\(value)", maxReplacements: 1)
        #expect(try endpoint().respond(to: request(Array(spoiled.utf8))).status == .accepted)
        let line = try #require(lines.withLock { $0.last })
        #expect(line.event == event && line.level.rawValue == level)
        #expect(try store.ledger.verify() == [])
    }
}
