import HTTP
import JSON
import Testing

@Suite struct ProblemTests {
    @Test func carriesEveryMemberAndTheRequestsID() throws {
        let problem = Problem(
            .paymentRequired, code: "insufficient_credits", title: "Not enough credits", detail: "One is needed.",
            members: [.init("balance", 0)], headers: ["x-a": "1"])
        let response = problem.response(to: Request(method: .get, path: "/", id: "r1"))
        #expect(response.status == .paymentRequired)
        #expect(response.headers["Content-Type"] == "application/problem+json")
        #expect(response.headers["cache-control"] == "no-store")
        #expect(response.headers["X-A"] == "1")
        #expect(
            String(decoding: response.body, as: UTF8.self) == """
                {"type":"/problems/insufficient-credits","title":"Not enough credits","status":402,\
                "detail":"One is needed.","code":"insufficient_credits","request_id":"r1","balance":0}
                """)
    }

    @Test func withoutADetailTheTitleStandsForIt() throws {
        let body = try JSON(Problem.notFound.response(requestID: "").body)
        #expect(body["detail"] == body["title"])
        #expect(body["status"] == 404)
    }

    @Test func aWrongMethodNamesTheRightOnes() {
        let response = Problem.methodNotAllowed([.get, .post]).response(requestID: "")
        #expect(response.status == .methodNotAllowed)
        #expect(response.headers["allow"] == "GET, POST")
    }

    @Test func headersAreFoundWhateverTheirCase() {
        var headers: Headers = ["Content-Type": "a"]
        headers["CONTENT-TYPE"] = "b"
        #expect(headers["content-type"] == "b")
        #expect(headers.sorted.map(\.name) == ["content-type"])
    }

    @Test(arguments: [("GET", true), ("HEAD", true), ("OPTIONS", true), ("POST", false), ("get", false), ("X", false)])
    func safeMethodsOnlyRead(_ method: String, _ isSafe: Bool) {
        #expect(Request.Method(rawValue: method).isSafe == isSafe)
    }

    @Test func anAnswerIsNotKeptByCaches() {
        for response in [Response.json(.ok, [:]), .html(.ok, ""), .seeOther("/")] {
            #expect(response.headers["cache-control"] == "no-store")
        }
    }
}
