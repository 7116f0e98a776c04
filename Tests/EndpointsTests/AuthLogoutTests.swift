import Core
import Database
import HTTP
import JSON
import Synchronization
import Testing

@Suite struct AuthLogoutTests {
    private let gate: AuthGate
    init() throws { gate = try AuthGate() }

    private func logOut(_ headers: Headers, form: String = "") throws -> Response {
        try gate.respond(
            Request(method: .post, path: "/auth/logout", headers: headers, body: Array(form.utf8), id: "r1"))
    }

    @Test func aLogoutEndsTheSessionAndGoesOnToTheIssuer() throws {
        let cookie = try gate.session(try gate.signIn())
        let response = try logOut(["cookie": cookie, "origin": "https://credits.example"])
        #expect(response.status == .seeOther)
        #expect(
            response.headers["location"]
                == "https://issuer.example/out?client_id=credits-app&post_logout_redirect_uri=https%3A%2F%2Fcredits.example%2F"
        )
        #expect(response.headers["clear-site-data"] == "\"cache\"")
        for name in ["__Host-credits", "__Host-credits-login", "__session"] {
            #expect(response.cookies.contains("\(name)=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"))
        }
        #expect(try gate.check(.get, ["cookie": cookie]).status == .unauthorized)
        #expect(gate.events == ["session.opened", "session.closed"])
    }

    @Test func onLocalhostTheBrowsersOtherDataStays() throws {
        let local = try AuthGate(publicURL: "http://localhost:8080")
        let response = try local.respond(
            Request(method: .post, path: "/auth/logout", headers: ["origin": "http://localhost:8080"]))
        #expect(response.status == .seeOther && response.headers["clear-site-data"] == nil)
        #expect(response.cookies.allSatisfy { !$0.contains("Secure") })
    }

    @Test(arguments: AuthCheckTests.senders.filter { $0.status == .forbidden })
    func anotherSiteCannotSignAnyoneOut(_ sender: AuthCheckTests.Sender) throws {
        let cookie = try gate.session(try gate.signIn())
        var headers: Headers = ["cookie": cookie, "accept": "text/html"]
        headers["origin"] = sender.origin
        headers["sec-fetch-site"] = sender.site
        let response = try logOut(headers)
        #expect(response.status == .forbidden && response.cookies.isEmpty)
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
    }

    @Test func aBrowserThatSaysNothingMustBringTheFormsToken() throws {
        let cookie = try gate.session(try gate.signIn())
        let token = try #require(try gate.check(.get, ["cookie": cookie]).headers["x-form-token"])
        for wrong in ["", "form_token=", "form_token=x", "form_token=\(token)x", "token=\(token)", "form_token=%zz"] {
            #expect(try logOut(["cookie": cookie], form: wrong).status == .forbidden)
        }
        #expect(
            try logOut(["cookie": cookie, "origin": "https://evil.example"], form: "form_token=\(token)").status
                == .forbidden)
        #expect(try logOut(["cookie": cookie], form: "form_token=\(token)").status == .seeOther)
        #expect(try gate.check(.get, ["cookie": cookie]).status == .unauthorized)
    }

    @Test func aGetEndsNothingAndShowsTheButton() throws {
        let cookie = try gate.session(try gate.signIn())
        let response = try gate.get("/auth/logout", cookie: cookie)
        let token = try #require(try gate.check(.get, ["cookie": cookie]).headers["x-form-token"])
        let page = String(decoding: response.body, as: UTF8.self)
        #expect(response.status == .ok)
        #expect(page.contains("<form method=\"post\" action=\"/auth/logout\">") && page.contains("value=\"\(token)\""))
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
    }

    @Test func whoIsSignedOutSeesNoButton() throws {
        let page = String(decoding: try gate.get("/auth/logout").body, as: UTF8.self)
        #expect(page.contains("You are signed out") && !page.contains("<form"))
    }

    @Test func anIssuerWithoutAWayOutLeadsToTheStart() throws {
        gate.state.withLock { $0.configuration = nil }
        #expect(try logOut(["origin": "https://credits.example"]).headers["location"] == "/")
    }

    @Test func aLogoutThatFailedIsNotSaidToHaveWorked() throws {
        let cookie = try gate.session(try gate.signIn())
        gate.place.failure = .unreachable
        let headers: Headers = ["cookie": cookie, "origin": "https://credits.example", "accept": "text/html"]
        let response = try logOut(headers)
        #expect(response.status == .serviceUnavailable && response.cookies.isEmpty)
        #expect(try gate.get("/auth/logout", cookie: cookie).status == .serviceUnavailable)
    }

    @Test(arguments: [Request.Method.put, .delete]) func anotherMethodIsRefused(_ method: Request.Method) throws {
        let response = try gate.respond(Request(method: method, path: "/auth/logout"))
        #expect(response.status == .methodNotAllowed && response.headers["allow"] == "GET, HEAD, POST")
    }
}

@Suite struct AuthDeniedTests {
    private let gate: AuthGate
    init() throws { gate = try AuthGate() }

    private func ask(
        _ path: String, for target: String, _ method: Request.Method = .get, accept: String = "text/html,*/*"
    ) throws -> Response {
        try gate.respond(
            Request(method: method, path: path, headers: ["accept": accept], id: "r1", originalTarget: target))
    }

    @Test(arguments: [
        ("/buy", "/auth/login?return_to=%2Fbuy"),
        ("/account?cursor=1&x=%20", "/auth/login?return_to=%2Faccount%3Fcursor%3D1%26x%3D%2520"),
        ("//evil.example", "/auth/login"), ("/\\evil.example", "/auth/login"), ("/caf\u{e9}", "/auth/login"),
        ("", "/auth/login"), ("https://evil.example/", "/auth/login"),
    ])
    func aPersonIsSentToTheLoginAndBack(_ target: String, _ location: String) throws {
        let response = try ask("/auth/required", for: target)
        #expect(response.status == .found && response.headers["location"] == location)
        #expect(response.headers["cache-control"] == "no-store")
    }

    @Test(arguments: ["*/*", "", "image/avif,image/webp,*/*", "text/html, application/json"])
    func aPageLeadsToTheLoginUnlessJSONIsAskedFor(_ accept: String) throws {
        let response = try ask("/auth/required", for: "/buy", accept: accept)
        #expect(response.status == .found && response.headers["location"] == "/auth/login?return_to=%2Fbuy")
    }

    @Test func aFormIsNotTakenAlong() throws {
        let response = try ask("/auth/required", for: "/buy", .post)
        #expect(response.status == .seeOther && response.headers["location"] == "/auth/login")
    }

    @Test(arguments: [
        ("/api/v1/credits", "text/html"), ("/api/v1/checkouts", "application/json"), ("/buy", "application/json"),
        ("/buy", "application/problem+json, text/html"), ("/api/v1/credits", "*/*"),
    ])
    func aProgramGetsTheProblem(_ target: String, _ accept: String) throws {
        let required = try ask("/auth/required", for: target, accept: accept)
        #expect(required.status == .unauthorized && required.headers["www-authenticate"] == "Bearer")
        #expect(required.headers["content-type"] == "application/problem+json")
        let problem = try JSON(required.body)
        #expect(problem["code"] == "unauthenticated" && problem["request_id"] == "r1" && problem["status"] == 401)
        let refused = try ask("/auth/refused", for: target, .post, accept: accept)
        #expect(refused.status == .forbidden)
        #expect(try JSON(refused.body)["code"] == "cross_site")
    }

    @Test func aPersonWhoWasRefusedSeesAPage() throws {
        let response = try ask("/auth/refused", for: "/buy", .post)
        #expect(response.status == .forbidden && response.headers["content-type"] == "text/html; charset=utf-8")
    }

    @Test func whatIsNotThereIsNotThere() throws {
        #expect(try gate.get("/auth/nothing").status == .notFound)
    }
}
