import Core
import Crypto
import HTTP
import JSON
import Testing

/// Where somebody is signed in, on `/account`; and what the page says of a trial that was withheld.
@Suite struct SessionPagesTests {
    private let shop: Shop
    private let cookie = Caller.Credential.cookie(formToken: "t1")

    init() throws { shop = try Shop() }

    private func signIn(_ name: String = "ada") throws -> String {
        let token = SessionToken(random: randomBytes(32))
        let user = try #require(UserID(name))
        try shop.store.sessions.open(token, NewSession(Profile(user: user), agent: "Firefox on Linux"), at: shop.now)
        return token.hash.name
    }

    private func sessions(_ name: String = "ada") throws -> [String] {
        try shop.store.sessions.list(of: #require(UserID(name)), at: shop.now).map(\.name)
    }

    private func end(_ body: String, session: String? = nil) -> Response {
        shop.send(
            .post, "/account/sessions", headers: ["content-type": "application/x-www-form-urlencoded"], body: body,
            credential: cookie, session: session)
    }

    @Test func oneIsEndedOrAllAreAndNobodyElses() throws {
        let (one, two, three, other) = (try signIn(), try signIn(), try signIn(), try signIn("eve"))
        #expect(end("form_token=t1&session=\(one)", session: two).headers["location"] == "/account")
        #expect(Set(try sessions()) == [two, three])
        #expect(end("form_token=t1&session=\(other)", session: two).status == .seeOther)
        #expect(try sessions("eve") == [other])
        #expect(end("form_token=t1&session=\(two)", session: two).headers["location"] == "/auth/logout")
        #expect(end("form_token=t1&session=all", session: three).headers["location"] == "/auth/logout")
        #expect(try sessions().isEmpty && sessions("eve") == [other])
    }

    @Test func aFormWithoutTheSessionsTokenEndsNothing() throws {
        let one = try signIn()
        for body in ["session=\(one)", "form_token=x&session=all", "form_token=&session=all"] {
            #expect(end(body, session: one).status == .forbidden)
        }
        #expect(end("form_token=t1", session: one).status == .unprocessableContent)
        #expect(end("form_token=t1&session=" + String(repeating: "a", count: 65)).status == .unprocessableContent)
        #expect(try sessions() == [one])
        #expect(shop.send(.get, "/account/sessions").headers["allow"] == "POST")
    }

    @Test func thePageMarksTheOneThatAsks() throws {
        let one = try signIn()
        let page = shop.send(.get, "/account", credential: cookie, session: one).text
        #expect(page.contains("Firefox on Linux (this one)") && page.contains("value=\"\(one)\""))
        #expect(!page.contains("Sign out everywhere"))
        _ = try signIn()
        let longer = shop.send(.get, "/account", credential: cookie).text
        #expect(!longer.contains("(this one)") && longer.contains("Sign out everywhere"))
        // Signed in by the issuer's own token alone.
        #expect(!shop.send(.get, "/account", user: "eve").text.contains("Where you are signed in"))
    }

    @Test func whoGetsNoTrialIsToldWhy() {
        let unverified = shop.send(.get, "/account", isEmailVerified: false).text
        #expect(unverified.contains("Verify yours") && !unverified.contains("Your free trial runs"))
        #expect(shop.send(.get, "/api/v1/credits", isEmailVerified: false).json["has_free_trial"] == false)
        let verified = shop.send(.get, "/account", isEmailVerified: true).text
        #expect(verified.contains("Your free trial runs") && verified.contains("10 credits"))
    }
}
