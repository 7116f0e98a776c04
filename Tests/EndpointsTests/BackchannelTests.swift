import Core
import Database
import HTTP
import JOSE
import JSON
import Synchronization
import Testing

/// `/auth/backchannel-logout`.
@Suite struct BackchannelTests {
    private let gate: AuthGate
    init() throws { gate = try AuthGate() }

    private func token(_ changes: [String: JSON?] = [:], type: String? = "logout+jwt") throws -> String {
        let now = gate.state.withLock { $0.now.rawValue / 1000 }
        var claims: [String: JSON?] = [
            "iss": .string(AuthGate.issuer), "aud": "credits-app", "iat": .integer(now), "exp": .integer(now + 120),
            "jti": "t1", "sub": "ada",
            "events": .object([.init("http://schemas.openid.net/event/backchannel-logout", .object([]))]),
        ]
        claims.merge(changes) { $1 }
        let members = claims.compactMap { name, value in value.map { JSON.Member(name, $0) } }
        return try JWS.signed(JSON.object(members).bytes, by: AuthGate.key, type: type)
    }

    private func send(
        _ body: String, type: String = "application/x-www-form-urlencoded", method: Request.Method = .post
    ) throws -> Response {
        try gate.respond(
            Request(
                method: method, path: "/auth/backchannel-logout", headers: ["content-type": type],
                body: Array(body.utf8), id: "r1"))
    }

    private func logOut(_ changes: [String: JSON?] = [:], type: String? = "logout+jwt") throws -> Response {
        try send("logout_token=" + token(changes, type: type))
    }

    @Test func theSessionIsOverWithTheNextRequest() throws {
        let cookie = try gate.session(try gate.signIn())
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
        let response = try logOut()
        #expect(response.status == .ok && response.body.isEmpty && response.headers["cache-control"] == "no-store")
        #expect(try gate.check(.get, ["cookie": cookie]).status == .unauthorized)
        #expect(gate.events.last == "session.closed_by_issuer")
    }

    @Test func theSidOfTheLoginIsWhatTheIssuerMeans() throws {
        gate.state.withLock { $0.claims = ["sid": "s1"] }
        let first = try gate.session(try gate.signIn())
        gate.state.withLock { $0.claims = ["sid": "s2"] }
        let second = try gate.session(try gate.signIn())
        #expect(try logOut(["sub": nil, "sid": "s1"]).status == .ok)
        #expect(try gate.check(.get, ["cookie": first]).status == .unauthorized)
        #expect(try gate.check(.get, ["cookie": second]).status == .noContent)
    }

    @Test func aTokenCountsOnce() throws {
        #expect(try logOut().status == .ok)
        let cookie = try gate.session(try gate.signIn())
        let again = try logOut()
        #expect(again.status == .badRequest && again.headers["cache-control"] == "no-store")
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
    }

    @Test(
        arguments: [
            ["aud": "other"], ["aud": nil], ["iss": "https://evil.example"], ["events": nil], ["nonce": "n"],
            ["jti": nil], ["iat": nil], ["exp": nil], ["exp": 1], ["sub": nil],
        ] as [[String: JSON?]])
    func whatIsNotOursEndsNothing(_ changes: [String: JSON?]) throws {
        let cookie = try gate.session(try gate.signIn())
        let response = try logOut(changes)
        #expect(response.status == .badRequest && response.headers["cache-control"] == "no-store")
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
        #expect(gate.events.last == "logout.refused")
    }

    @Test func neitherKindOfTokenPassesForTheOther() throws {
        let cookie = try gate.session(try gate.signIn())
        #expect(try logOut(type: "JWT").status == .badRequest)
        #expect(try send("logout_token=" + gate.token(["jti": "x"])).status == .badRequest)
        for type in ["logout+jwt", "JWT", nil] {
            let bearer = "Bearer " + (try token(type: type))
            #expect(try gate.check(.get, ["authorization": bearer]).status == .unauthorized)
        }
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
    }

    @Test(arguments: ["", "logout_token=", "logout_token=a&logout_token=b", "token=x", "logout_token=%"])
    func aBodyWithoutATokenIsRefused(_ body: String) throws {
        #expect(try send(body).status == .badRequest)
        #expect(try send("logout_token=" + token(), type: "application/json").status == .badRequest)
    }

    @Test func onlyAPostIsTaken() throws {
        let response = try send("", method: .get)
        #expect(response.status == .methodNotAllowed && response.headers["allow"] == "POST")
    }

    @Test func aFaultOfOursIsSeenAsOne() throws {
        gate.place.failure = .unreachable
        #expect(try logOut().status == .serviceUnavailable)
        gate.place.failure = nil
        gate.state.withLock { $0.areKeysUnavailable = true }
        #expect(try logOut().status == .serviceUnavailable)
        gate.state.withLock { $0.areKeysUnavailable = false }
        #expect(try logOut().status == .ok)
    }

    @Test func withoutALoginThereIsNothingToEnd() throws {
        let gate = try AuthGate(hasLogin: false)
        let response = try gate.respond(Request(method: .post, path: "/auth/backchannel-logout", id: "r1"))
        #expect(response.status == .notFound)
    }
}

/// How long a session lasts, and what is told of it.
@Suite struct SessionAgeTests {
    private let gate: AuthGate
    init() throws { gate = try AuthGate() }

    private func check(_ cookie: String, admin: Bool, after seconds: Int64 = 0) throws -> Status {
        gate.state.withLock { $0.now = $0.now.advanced(by: .seconds(seconds)) }
        let path = admin ? "/auth/check/admin" : "/auth/check"
        let response = try gate.respond(Request(method: .get, path: path, headers: ["cookie": cookie], id: "r1"))
        try gate.keepUses()
        return response.status
    }

    @Test func anAdminWhoDidNothingForAnHourSignsInAgain() throws {
        let cookie = try gate.session(try gate.signIn())
        #expect(try check(cookie, admin: true, after: 3599) == .noContent)
        #expect(try check(cookie, admin: false, after: 3000) == .noContent)
        #expect(try check(cookie, admin: true, after: 599) == .noContent)
        #expect(try check(cookie, admin: true, after: 3600) == .unauthorized)
        // Asking does not make it younger.
        #expect(try check(cookie, admin: true) == .unauthorized)
        #expect(try check(cookie, admin: false) == .noContent)
    }

    @Test func anAdminSignsInAgainAfterTwelveHours() throws {
        let cookie = try gate.session(try gate.signIn())
        for _ in 0..<23 { #expect(try check(cookie, admin: true, after: 1800) == .noContent) }
        #expect(try check(cookie, admin: true, after: 1799) == .noContent)
        #expect(try check(cookie, admin: true, after: 1) == .unauthorized)
        #expect(try check(cookie, admin: false) == .noContent)
    }

    @Test func aTokenOfTheIssuersHasItsOwnAge() throws {
        let cookie = "__session=" + gate.token(["iat": 1_600_000_000])
        #expect(try check(cookie, admin: true) == .noContent)
    }

    @Test func aUseIsNotedOnceAMinuteAndNeverByTheRequest() throws {
        let cookie = try gate.session(try gate.signIn())
        for _ in 0..<5 { #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent) }
        #expect(gate.state.withLock { $0.uses.isEmpty })
        gate.state.withLock { $0.now = $0.now.advanced(by: .seconds(60)) }
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
        #expect(gate.state.withLock { $0.uses.count } == 1)
    }

    @Test func nginxIsToldTheSessionsNameAndWhetherTheAddressIsVerified() throws {
        gate.state.withLock { $0.claims = ["email_verified": true] }
        let cookie = try gate.session(try gate.signIn())
        let own = try gate.check(.get, ["cookie": cookie])
        #expect(own.headers["x-email-verified"] == "true" && own.headers["x-session"]?.utf8.count == 16)
        let user = try #require(UserID("ada"))
        let now = gate.state.withLock { $0.now }
        #expect(try gate.store.sessions.list(of: user, at: now).map(\.name) == [own.headers["x-session"]])
        let bearer = try gate.check(.get, ["authorization": "Bearer " + gate.token(["email_verified": false])])
        #expect(bearer.headers["x-email-verified"] == "false" && bearer.headers["x-session"] == nil)
        // The issuer says it of others: a token without it was asked for without it.
        let silent = try gate.check(.get, ["authorization": "Bearer " + gate.token()])
        #expect(silent.headers["x-email-verified"] == "false")
        #expect(gate.state.withLock { $0.claimNotes.count } == 1)
    }

    @Test func anIssuerThatNeverSaysIsNotHeldAgainstAnybody() throws {
        let response = try gate.check(.get, ["authorization": "Bearer " + gate.token()])
        #expect(response.status == .noContent && response.headers["x-email-verified"] == nil)
    }

    @Test func forAdminsTheIssuerAsksAnew() throws {
        let request = Request(
            method: .get, path: "/auth/required/admin", headers: ["accept": "text/html"], id: "r1",
            originalTarget: "/admin/users?q=a")
        let location = try #require(try gate.respond(request).headers["location"])
        #expect(location == "/auth/login?return_to=%2Fadmin%2Fusers%3Fq%3Da&prompt=login")
        let asked = try gate.get("/auth/login", "return_to=%2Fadmin&prompt=login").headers["location"]
        #expect(asked?.contains("&prompt=login") == true)
        let usual = try gate.get("/auth/login", "return_to=%2Fadmin&prompt=none").headers["location"]
        #expect(usual?.contains("prompt") == false)
    }

    @Test func theLoginKeepsWhatAndRoughlyFromWhere() throws {
        let (login, state) = try gate.begin()
        let request = Request(
            method: .get, path: "/auth/callback", query: "code=c1&state=\(state)",
            headers: ["cookie": login, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"], id: "r1",
            remoteAddress: "203.0.113.7")
        #expect(try gate.respond(request).status == .seeOther)
        let now = gate.state.withLock { $0.now }
        let list = try gate.store.sessions.list(of: #require(UserID("ada")), at: now)
        #expect(list.map(\.agent) == ["Firefox on Linux"] && list.map(\.network) == ["203.0.113.*"])
    }
}
