import Core
import Crypto
import HTTP
import Images
import JSON
import TestSupport
import Testing
import Threads

@testable import polar_simulator

/// The image provider as a caller of Gemini's API sees it.
@Suite struct ProviderTests {
    private let playing: Playing

    init() throws {
        playing = try Playing()
        _ = try playing.control("provider", ["delay_ms": 0])
    }

    private static let path = "/v1beta/models/gemini-2.5-flash-image:generateContent"
    /// 4 x 4 pixels in one colour.
    private static let picture =
        "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAECAIAAAAmkwkpAAAAEElEQVR4nGM4UaEBRwzEcQBTUhaBGaoOzwAAAABJRU5ErkJggg=="

    private static func body(
        _ data: String = picture, type: String = "image/png", names: [String] = ["inlineData", "mimeType"]
    ) -> JSON {
        let picture = JSON.object([.init(names[1], .string(type)), .init("data", .string(data))])
        let part = JSON.object([.init(names[0], picture)])
        return ["contents": [["role": "user", "parts": [["text": "As a watercolour"], part]]]]
    }

    private func ask(
        _ body: JSON = Self.body(), key: String? = "a key of Gemini's", path: String = Self.path
    ) -> Response {
        playing.simulator.respond(
            to: Request(
                method: .post, path: path, headers: key.map { ["x-goog-api-key": $0] } ?? [:], body: body.bytes))
    }

    private func state() throws -> JSON {
        let response = playing.simulator.respond(to: Request(method: .get, path: "/control/api/state"))
        return try #require(try JSON(response.body)["provider"])
    }

    private func picture(in response: Response) throws -> [UInt8] {
        let parts = response.json["candidates"]?.array?.first?["content"]?["parts"]?.array ?? []
        let data = try #require(parts.compactMap { $0["inlineData"] }.last)
        #expect(data["mimeType"] == "image/png")
        return try #require(data["data"]?.string.flatMap { Base64.decoded($0) })
    }

    @Test(arguments: [["inlineData", "mimeType"], ["inline_data", "mime_type"]])
    func answersWithAnotherPicture(_ names: [String]) throws {
        let response = ask(Self.body(names: names))
        #expect(response.status == .ok)
        let candidate = try #require(response.json["candidates"]?.array?.first)
        #expect(candidate["finishReason"] == "STOP" && candidate["content"]?["role"] == "model")
        #expect(response.json["modelVersion"] == "gemini-2.5-flash-image")
        #expect(response.json["usageMetadata"]?["totalTokenCount"]?.integer == 1554)
        let picture = try picture(in: response)
        #expect(try ImageProbe.facts(of: picture[...], maximumPixels: 1000).kind == .png)
        #expect(picture != Base64.decoded(Self.picture))
    }

    @Test(arguments: [
        "grey.jpg", "progressive.jpg", "orientation-6.jpg", "alpha.webp", "palette.png", "deep.png", "plain.heic",
        "plain.heif",
    ])
    func takesEveryKindAndKeepsItUpright(_ name: String) throws {
        let photo = try Fixtures.bytes("images/\(name)")
        let original = try ImageProbe.facts(of: photo[...], maximumPixels: 1 << 30)
        let response = ask(Self.body(Base64.encoded(photo), type: original.kind.contentType))
        let facts = try ImageProbe.facts(of: picture(in: response)[...], maximumPixels: 2 << 20)
        #expect(facts.width > min(original.width, 1024) || original.width < 16)
        #expect((facts.width > facts.height) == (original.width > original.height))
    }

    @Test func wantsItsKey() throws {
        for (key, status, name) in [("wrong", 400, "INVALID_ARGUMENT"), (nil, 403, "PERMISSION_DENIED")] {
            let response = ask(key: key)
            #expect(response.status.rawValue == status)
            #expect(response.json["error"]?["status"]?.string == name)
            #expect(response.json["error"]?["code"]?.integer == Int64(status))
        }
        #expect(ask(key: "wrong").json["error"]?["details"]?.array?.first?["reason"] == "API_KEY_INVALID")
        #expect(try state()["calls"] == 0, "nobody was served")
    }

    @Test func withoutAKeyOfItsOwnItRefusesAll() throws {
        let settings = try SimulatorSettings(
            EnvironmentReader(Playing.environment.filter { $0.key != "GEMINI_API_KEY" }) { _ in nil })
        let simulator = try Simulator(settings) { _ in }
        let request = Request(method: .post, path: Self.path, headers: ["x-goog-api-key": ""], body: Self.body().bytes)
        #expect(simulator.respond(to: request).status == .badRequest)
    }

    @Test(
        arguments: [
            [], ["contents": []], ["contents": [["parts": [["text": "hello"]]]]], body("no base64!"),
            body(type: "image/gif"), body("SGVsbG8="),
        ] as [JSON])
    func refusesWhatIsNoPicture(_ body: JSON) {
        let response = ask(body)
        #expect(response.status == .badRequest)
        #expect(response.json["error"]?["status"] == "INVALID_ARGUMENT")
    }

    @Test(arguments: [
        "/v1beta/models/imagen-4:generateContent", "/v1beta/models/gemini-2.5-flash-image", "/v1beta/models",
        "/v1beta/models/gemini/x:generateContent",
    ])
    func knowsOneMethodOfOneFamily(_ path: String) { #expect(ask(path: path).status == .notFound) }

    // MARK: Faults

    @Test(arguments: [
        ("429", 429, "RESOURCE_EXHAUSTED"), ("500", 500, "INTERNAL"), ("503", 503, "UNAVAILABLE"),
    ])
    func failsWithAStatus(_ fault: String, _ status: Int, _ name: String) throws {
        _ = try playing.control("provider", ["fault": .string(fault), "count": 2, "retry_seconds": 7])
        for _ in 1...2 {
            let error = ask()
            #expect(error.status.rawValue == status && error.json["error"]?["status"]?.string == name)
        }
        #expect(ask().status == .ok, "that was all")
        #expect(try state()["calls"] == 3 && state()["pictures"] == 1 && state()["fault"] == "none")
    }

    @Test func tellsWhenToComeBack() throws {
        _ = try playing.control("provider", ["fault": 429, "retry_seconds": 7])
        let details = try #require(ask().json["error"]?["details"]?.array)
        #expect(
            details.contains { $0["@type"] == "type.googleapis.com/google.rpc.RetryInfo" && $0["retryDelay"] == "7s" })
    }

    @Test func refusesInTwoWays() throws {
        _ = try playing.control("provider", ["fault": "safety"])
        let candidate = try #require(ask().json["candidates"]?.array?.first)
        #expect(candidate["finishReason"] == "IMAGE_SAFETY" && candidate["content"] == nil)
        _ = try playing.control("provider", ["fault": "prompt_block"])
        let answer = ask().json
        #expect(answer["promptFeedback"]?["blockReason"] == "PROHIBITED_CONTENT" && answer["candidates"] == nil)
    }

    @Test func answersNonsense() throws {
        _ = try playing.control("provider", ["fault": "nonsense"])
        #expect(ask().headers["content-type"]?.hasPrefix("text/html") == true && ask().status == .ok)
        _ = try playing.control("provider", ["fault": "not_an_image"])
        #expect(ImageProbe.kind(of: try picture(in: ask())[...]) == nil)
        _ = try playing.control("provider", ["fault": "no_image"])
        #expect(ask().json["candidates"]?.array?.first?["content"]?["parts"]?.array?.count == 1)
        _ = try playing.control("provider", ["fault": "cut_off"])
        let half = ask()
        #expect(half.headers["content-length"].flatMap { Int($0) } ?? 0 > half.body.count && half.json == .null)
    }

    @Test func hangsUntilItIsToldToStop() throws {
        _ = try playing.control("provider", ["fault": "hang"])
        let answers = Monitor<[Int]>([])
        for _ in 1...40 {
            startThread { [self] in
                let status = ask().status.rawValue
                answers.withLock { $0.append(status) }
            }
        }
        // So many may hang, the others get an answer: there are threads left for everybody else.
        let refused = answers.wait(atMost: .seconds(20)) { $0.count == 40 - ProviderState.mostHanging ? $0 : nil }
        #expect(refused == Array(repeating: 503, count: 40 - ProviderState.mostHanging))
        #expect(try state()["hanging"]?.integer == Int64(ProviderState.mostHanging))
        _ = try playing.control("provider", ["fault": "none"])
        #expect(answers.wait(atMost: .seconds(20)) { $0.count == 40 ? $0.filter { $0 == 504 }.count : nil } == 32)
    }

    @Test func takesItsTime() throws {
        _ = try playing.control("provider", ["delay_ms": 300, "fault": "500"])
        #expect(ContinuousClock().measure { _ = ask() } >= .milliseconds(300))
    }

    @Test func remembersWhatItWasAsked() throws {
        _ = ask()
        let last = try #require(try state()["last"])
        #expect(last["prompt"] == "As a watercolour" && last["mime_type"] == "image/png")
        let sent = playing.simulator.respond(to: Request(method: .get, path: "/control/api/provider/last"))
        #expect(sent.body == Base64.decoded(Self.picture) && sent.headers["content-type"] == "image/png")
        let forgotten = try playing.control("provider", ["forget": true])
        #expect(forgotten["calls"] == 0 && forgotten["last"] == nil)
    }

    @Test(
        arguments: [
            ["fault": "lost"], ["fault": 418], ["count": 0], ["delay_ms": -1], ["delay_ms": "soon"], ["fault": true],
        ] as [JSON])
    func refusesAWishThatIsNone(_ wish: JSON) {
        #expect(throws: Playing.Refused.self) { try playing.control("provider", wish) }
    }

    @Test func thePageTellsAndSwitches() throws {
        let switched = playing.simulator.respond(
            to: Request(method: .post, path: "/control/do/provider", body: Array("fault=503&count=".utf8)))
        #expect(switched.status == .seeOther)
        #expect(ask().status == .serviceUnavailable)
        let page = playing.simulator.respond(to: Request(method: .get, path: "/control"))
        #expect(String(decoding: page.body, as: UTF8.self).contains("503: overloaded"))
    }
}
