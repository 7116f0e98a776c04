import Core
import Database
import HTTP
import Identity
import JOSE
import JSON
import Synchronization
import Testing

@Suite struct AuthCheckTests {
    private let gate: AuthGate
    init() throws { gate = try AuthGate() }

    @Test func nobodyIsUnauthorizedAndNotLogged() throws {
        let response = try gate.check()
        #expect(response.status == .unauthorized)
        #expect(response.headers["www-authenticate"] == "Bearer")
        #expect(gate.events.isEmpty)
    }

    @Test func aBearerTokenTellsWho() throws {
        let response = try gate.check(.post, ["authorization": "Bearer " + gate.token()])
        #expect(response.status == .noContent && response.body.isEmpty)
        #expect(response.headers["x-user"] == "ada")
        #expect(response.headers["x-email"] == "ada@example.com")
        #expect(response.headers["x-name"] == "Ada Lovelace")
        #expect(response.headers["x-credential"] == "bearer")
        #expect(response.headers["x-form-token"] == nil)
    }

    @Test func theIssuersCookieTellsWho() throws {
        let response = try gate.check(.get, ["cookie": "a=b; __session=" + gate.token()])
        #expect(response.status == .noContent)
        #expect(response.headers["x-user"] == "ada")
        #expect(response.headers["x-credential"] == "cookie")
        #expect(response.headers["x-form-token"]?.utf8.count == 43)
    }

    @Test func ourOwnSessionTellsWho() throws {
        let cookie = try gate.session(try gate.signIn())
        let response = try gate.check(.get, ["cookie": cookie])
        #expect(response.status == .noContent)
        #expect(response.headers["x-user"] == "ada")
        #expect(response.headers["x-name"] == "Ada Lovelace")
        #expect(response.headers["x-credential"] == "cookie")
        #expect(response.headers["x-form-token"]?.utf8.count == 43)
    }

    @Test(arguments: [
        "Bearer", "Bearer ", "Bearer  x", "Bearer x y", "Basic YWRhOng=", "x", " ", "Bearer a.b.c", "Bearer\tx",
        "Token x", "Bearer x, Bearer y",
    ])
    func aBadHeaderIsNotMadeGoodByACookie(_ authorization: String) throws {
        let cookie = try gate.session(try gate.signIn())
        let headers: Headers = ["authorization": authorization, "cookie": cookie + "; __session=" + gate.token()]
        #expect(try gate.check(.get, headers).status == .unauthorized)
        #expect(gate.events.last == "token.refused")
    }

    @Test func nothingStandsBehindAToken() throws {
        for rest in [" x", " ", ",", " \(gate.token())"] {
            let authorization = "Bearer " + gate.token() + rest
            #expect(try gate.check(.get, ["authorization": authorization]).status == .unauthorized)
        }
    }

    @Test func theNameOfTheSchemeHasNoCase() throws {
        #expect(try gate.check(.get, ["authorization": "bEARER " + gate.token()]).status == .noContent)
    }

    @Test func ourOwnSessionComesBeforeTheIssuersCookie() throws {
        let cookie = try gate.session(try gate.signIn())
        let other = gate.token(["sub": "eve"])
        #expect(try gate.check(.get, ["cookie": "__session=\(other); \(cookie)"]).headers["x-user"] == "ada")
        // A session that is over does not keep the issuer's from counting.
        gate.state.withLock { $0.now = $0.now.advanced(by: .seconds(15 * 86_400)) }
        let late = gate.token(["sub": "eve"])
        #expect(try gate.check(.get, ["cookie": "__session=\(late); \(cookie)"]).headers["x-user"] == "eve")
    }

    @Test func aSessionEndsAfterFourteenDays() throws {
        let cookie = try gate.session(try gate.signIn())
        gate.state.withLock { $0.now = $0.now.advanced(by: .seconds(14 * 86_400 - 1)) }
        #expect(try gate.check(.get, ["cookie": cookie]).status == .noContent)
        gate.state.withLock { $0.now = $0.now.advanced(by: .seconds(1)) }
        #expect(try gate.check(.get, ["cookie": cookie]).status == .unauthorized)
    }

    @Test func twoCookiesOfOneNameAreNone() throws {
        let cookie = try gate.session(try gate.signIn())
        #expect(try gate.check(.get, ["cookie": "\(cookie); \(cookie)"]).status == .unauthorized)
    }

    @Test func onHTTPSTheNameWithoutItsPrefixIsNoSession() throws {
        let cookie = try gate.session(try gate.signIn()).replacing("__Host-", with: "")
        #expect(try gate.check(.get, ["cookie": cookie]).status == .unauthorized)
    }

    @Test func aTokenOfAStrangerIsRefusedAndTheLogSaysWhy() throws {
        let stranger = try JWK.generate(.es256, keyID: "k1")
        let token = gate.token(key: stranger)
        #expect(try gate.check(.get, ["authorization": "Bearer " + token]).status == .unauthorized)
        #expect(gate.log.contains("the signature does not match"))
        #expect(!gate.log.contains(token.suffix(20)))
    }

    @Test func aNameWithControlCharactersIsLeftOut() throws {
        let token = gate.token(["name": "Ada\r\nx-user: root", "email": "ada\u{0}@example.com"])
        let response = try gate.check(.get, ["authorization": "Bearer " + token])
        #expect(response.headers["x-user"] == "ada")
        #expect(response.headers["x-name"] == nil && response.headers["x-email"] == nil)
    }

    @Test func aNameThatJoinsWhatFollowsIsCleaned() throws {
        let token = gate.token(["name": "X\u{600}<form \u{202E}action=/admin>", "email": "a\u{600}@example.com"])
        let response = try gate.check(.get, ["authorization": "Bearer " + token])
        #expect(response.headers["x-name"] == "X<form action=/admin>" && response.headers["x-email"] == nil)
        let nameless = gate.token(["sub": "ada\u{202E}"])
        #expect(try gate.check(.get, ["authorization": "Bearer " + nameless]).status == .unauthorized)
    }

    @Test func ourOwnFaultsAreNoRefusals() throws {
        let cookie = try gate.session(try gate.signIn())
        gate.place.failure = .unreachable
        gate.state.withLock { $0.areKeysUnavailable = true }
        #expect(try gate.check(.get, ["cookie": cookie]).status == .serviceUnavailable)
        #expect(try gate.check(.get, ["authorization": "Bearer " + gate.token()]).status == .serviceUnavailable)
        #expect(gate.state.withLock { $0.lines.suffix(2).map(\.level) } == [.error, .error])
    }

    struct Sender: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let origin: String?
        let site: String?
        let status: Status

        init(_ origin: String?, _ site: String?, _ status: Status) {
            (self.origin, self.site, self.status) = (origin, site, status)
            testDescription = "\(origin ?? "no origin"), \(site ?? "no site")"
        }
    }

    static let senders = [
        Sender("https://credits.example", nil, .noContent),
        Sender("https://credits.example", "same-origin", .noContent),
        // Origin decides if it is there.
        Sender("https://credits.example", "cross-site", .noContent), Sender(nil, "same-origin", .noContent),
        Sender(nil, nil, .forbidden), Sender(nil, "same-site", .forbidden), Sender(nil, "cross-site", .forbidden),
        Sender(nil, "none", .forbidden), Sender(nil, "Same-Origin", .forbidden), Sender("null", nil, .forbidden),
        Sender("null", "same-origin", .forbidden), Sender("https://evil.example", nil, .forbidden),
        Sender("https://evil.example", "same-origin", .forbidden), Sender("http://credits.example", nil, .forbidden),
        Sender("https://credits.example:8443", nil, .forbidden), Sender("https://credits.example/", nil, .forbidden),
        Sender("https://credits.example.evil.example", nil, .forbidden),
        Sender("https://a.credits.example", nil, .forbidden), Sender("https://CREDITS.example", nil, .forbidden),
        Sender("https://credits.example https://evil.example", nil, .forbidden),
    ]

    @Test(arguments: senders) func aChangeByCookieMustComeFromHere(_ sender: Sender) throws {
        let own = try gate.session(try gate.signIn())
        for cookie in [own, "__session=" + gate.token()] {
            for method in [Request.Method.post, .put, .delete, Request.Method(rawValue: "PATCH")] {
                var headers: Headers = ["cookie": cookie]
                headers["origin"] = sender.origin
                headers["sec-fetch-site"] = sender.site
                #expect(try gate.check(method, headers).status == sender.status)
            }
        }
    }

    @Test(arguments: senders) func readingAndBearerTokensMayComeFromAnywhere(_ sender: Sender) throws {
        var headers: Headers = ["cookie": try gate.session(try gate.signIn())]
        headers["origin"] = sender.origin
        headers["sec-fetch-site"] = sender.site
        for method in [Request.Method.get, .head] { #expect(try gate.check(method, headers).status == .noContent) }
        headers["authorization"] = "Bearer " + gate.token()
        #expect(try gate.check(.post, headers).status == .noContent)
    }

    @Test(arguments: [
        ("https://credits.example", "https://credits.example"),
        ("https://Credits.Example:443/", "https://credits.example"),
        ("http://localhost:8080", "http://localhost:8080"), ("http://localhost:80", "http://localhost"),
        ("https://credits.example/sub/path", "https://credits.example"), ("http://[::1]:8080", "http://[::1]:8080"),
    ])
    func anOriginIsWrittenAsBrowsersDo(_ address: String, _ origin: String) throws {
        #expect(WebOrigin(address: address)?.text == origin)
    }

    @Test func formTokensDifferBySession() throws {
        let first = try gate.check(.get, ["cookie": try gate.session(try gate.signIn())])
        let second = try gate.check(.get, ["cookie": try gate.session(try gate.signIn())])
        let issuers = try gate.check(.get, ["cookie": "__session=" + gate.token(["sid": "s1"])])
        let again = try gate.check(.get, ["cookie": "__session=" + gate.token(["sid": "s1", "jti": "2"])])
        let tokens = [first, second, issuers].compactMap { $0.headers["x-form-token"] }
        #expect(Set(tokens).count == 3)
        // The issuer's token is renewed every minute; a form must outlive that.
        #expect(again.headers["x-form-token"] == issuers.headers["x-form-token"])
    }
}
