import HTTPClient
import Testing

@Suite struct HTTPClientTests {
    private let server: RudeServer
    private let client = HTTPClient(
        connectTimeout: .seconds(2), totalTimeout: .milliseconds(600), maximumResponseBytes: 200_000)

    init() throws { server = try RudeServer() }

    private func get(_ path: String) throws(HTTPClientError) -> HTTPClient.Answer {
        try client.send(HTTPClient.Call(method: "GET", url: server.url + path))
    }

    @Test func aPostCarriesItsLengthItsHeadersAndNothingMore() throws {
        let answer = try client.send(
            HTTPClient.Call(
                method: "POST", url: server.url + "/echo",
                headers: [("Authorization", "Bearer x"), ("X-Empty", "")], body: Array("{\"ä\":1}".utf8)))
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(answer.status == 200)
        #expect(text.hasSuffix("\n\n{\"ä\":1}"))
        #expect(text.contains("POST /echo HTTP/1.1\r\n"))
        #expect(text.contains("Content-Length: 8"))
        #expect(text.contains("Authorization: Bearer x"))
        #expect(text.contains("X-Empty:\r\n") || text.contains("X-Empty:\n"))
        for unwanted in ["Expect", "Accept-Encoding", "Content-Type", "Transfer-Encoding"] {
            #expect(!text.contains(unwanted), "\(unwanted)")
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH"]) func aChangeWithoutBodySaysALengthOfZero(method: String) throws {
        let answer = try client.send(HTTPClient.Call(method: method, url: server.url + "/echo"))
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.hasPrefix("\(method) /echo"))
        #expect(text.contains("Content-Length: 0"))
    }

    @Test(arguments: ["GET", "DELETE"]) func aReadingSendsNoBody(method: String) throws {
        let text = String(
            decoding: try client.send(HTTPClient.Call(method: method, url: server.url + "/echo")).body, as: UTF8.self)
        #expect(text.hasPrefix("\(method) /echo"))
        #expect(!text.contains("Content-Length"))
    }

    @Test func itConnectsWhereItIsToldAndNamesTheHostOfTheAddress() throws {
        let local = HTTPClient(totalTimeout: .seconds(2), connectTo: "127.0.0.1")
        let port = try #require(server.url.split(separator: ":").last)
        let answer = try local.send(HTTPClient.Call(method: "GET", url: "http://nowhere.invalid:\(port)/echo"))
        #expect(String(decoding: answer.body, as: UTF8.self).contains("Host: nowhere.invalid:\(port)"))
    }

    @Test func aRedirectIsAnAnswer() throws {
        let answer = try get("/redirect")
        #expect(answer.status == 307)
        #expect(answer.headers["location"] == "/echo")
        #expect(answer.body.isEmpty)
    }

    @Test func aRefusalIsAnAnswerWithItsHeaders() throws {
        let answer = try get("/busy")
        #expect(answer.status == 429)
        #expect(answer.headers["retry-after"] == "60")
        #expect(answer.headers["x-two"] == "a, b")
    }

    @Test func anEarlyAnswerIsPassedOver() throws {
        let answer = try get("/early")
        #expect(answer.status == 200)
        #expect(answer.headers["link"] == nil)
        #expect(answer.body == Array("late".utf8))
    }

    @Test(arguments: ["/half", "/half-chunk", "/nothing", "/nonsense"])
    func aBrokenAnswerIsCutShort(path: String) throws {
        let error = #expect(throws: HTTPClientError.self) { try get(path) }
        guard case .cutShort = error else {
            Issue.record("\(path): \(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["/silent", "/drip"]) func theWholeCallEndsInTime(path: String) {
        let clock = ContinuousClock()
        let spent = clock.measure { #expect(throws: HTTPClientError.timedOut) { try get(path) } }
        #expect(spent < .seconds(2))
    }

    @Test func severalCallsMayHaveOneDeadline() throws {
        let call = HTTPClient.Call(method: "GET", url: server.url + "/silent")
        let start = ContinuousClock.now
        let hasty = HTTPClient(totalTimeout: .seconds(30)).within(.milliseconds(400))
        for _ in 0..<3 { #expect(throws: HTTPClientError.timedOut) { try hasty.send(call) } }
        #expect(!hasty.hasTime && start.duration(to: .now) < .milliseconds(1400))
        let quick = HTTPClient.Call(method: "GET", url: server.url + "/echo")
        #expect(try HTTPClient().within(.seconds(10)).send(quick).status == 200)
    }

    @Test(arguments: ["/large", "/large-unsaid", "/large-head"]) func tooMuchIsDropped(path: String) {
        #expect(throws: HTTPClientError.tooLarge) { try get(path) }
    }

    @Test func theLimitItselfIsAllowed() throws { #expect(try get("/exact").body.count == 200_000) }

    @Test(arguments: [
        "http://127.0.0.1:1/refused", "https://127.0.0.1:1/", "http://no-such-host.invalid/", "file:///etc/passwd",
        "http://", "/path", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/ a",
    ])
    func whatReachesNobodyIsNotSent(url: String) {
        expectNotSent(HTTPClient.Call(method: "GET", url: url))
    }

    @Test func plainTextIsNoTLS() throws {
        expectNotSent(HTTPClient.Call(method: "GET", url: server.url.replacing("http:", with: "https:") + "/echo"))
    }

    @Test(arguments: [
        ("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\0b"), ("X", "\u{7F}"), ("X\r\nY", "b"), ("", "b"), ("X:", "b"),
    ])
    func aHeaderCannotEndItsLine(name: String, value: String) {
        expectNotSent(HTTPClient.Call(method: "GET", url: server.url + "/echo", headers: [(name, value)]))
    }

    @Test(arguments: ["", "get", "GET /x HTTP/1.1\r\nX:"]) func aMethodIsAWord(method: String) {
        expectNotSent(HTTPClient.Call(method: method, url: server.url + "/echo"))
    }

    private func expectNotSent(_ call: HTTPClient.Call) {
        let error = #expect(throws: HTTPClientError.self) { try client.send(call) }
        guard case .notSent = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
