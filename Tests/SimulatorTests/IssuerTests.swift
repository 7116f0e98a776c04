import Crypto
import HTTP
import JOSE
import JSON
import Testing

@testable import polar_simulator

@Suite struct IssuerTests {
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private static let request = [
        "client_id": "credits", "redirect_uri": "\(Playing.site)/auth/callback", "response_type": "code",
        "scope": "openid email", "state": "a state", "nonce": "a nonce", "code_challenge_method": "S256",
        "code_challenge": Base64.urlEncoded(sha256(Array(verifier.utf8))),
    ]

    private let playing: Playing

    init() throws { playing = try Playing() }

    private func post(_ path: String, _ form: [String: String], headers: Headers = [:]) -> Response {
        let body = form.map { "\($0.key)=\(PercentEncoding.encoded($0.value))" }.joined(separator: "&")
        return playing.simulator.respond(
            to: Request(method: .post, path: path, headers: headers, body: Array(body.utf8)))
    }

    private func page(_ changes: [String: String] = [:]) -> Response {
        let query = Self.request.merging(changes) { $1 }.map { "\($0.key)=\(PercentEncoding.encoded($0.value))" }
        return playing.simulator.respond(
            to: Request(method: .get, path: "/authorize", query: query.joined(separator: "&")))
    }

    /// Signs in and answers the code.
    private func code(for name: String = "ada") throws -> String {
        let response = post("/authorize", Self.request.merging(["name": name]) { $1 })
        #expect(response.status == .seeOther)
        let location = try #require(response.headers["location"])
        #expect(location.hasPrefix("\(Playing.site)/auth/callback?"))
        let form = try Form(String(location.drop { $0 != "?" }.dropFirst()))
        #expect(form["state"] == "a state")
        return try #require(form["code"])
    }

    private func exchange(_ code: String, _ changes: [String: String] = [:], headers: Headers = [:]) -> Response {
        let form = [
            "grant_type": "authorization_code", "code": code, "redirect_uri": "\(Playing.site)/auth/callback",
            "code_verifier": Self.verifier, "client_id": "credits", "client_secret": "a secret: with a colon",
        ]
        return post("/token", form.merging(changes) { $1 }, headers: headers)
    }

    @Test func aNameBecomesATokenThatTheKeySetVerifies() throws {
        let answer = exchange(try code())
        #expect(answer.status == .ok)
        let token = try #require(answer.json["id_token"]?.string)
        let keys = playing.simulator.respond(to: Request(method: .get, path: "/.well-known/jwks.json")).json
        let key = try JWK(json: try #require(keys["keys"]?.array?.first).bytes)
        let claims = try JSON(JWS.verified(token, by: key, algorithm: .rs256))
        #expect(claims["iss"] == "http://localhost:8081")
        #expect(claims["sub"] == "ada")
        #expect(claims["aud"] == "credits" && claims["azp"] == "credits")
        #expect(claims["email"] == "ada@example.com")
        #expect(claims["nonce"] == "a nonce")
        let lifetime = (claims["exp"]?.integer ?? 0) - (claims["iat"]?.integer ?? 0)
        #expect(lifetime == 600)
    }

    @Test func aCodeIsGoodForOneTry() throws {
        let code = try code()
        #expect(exchange(code, ["code_verifier": "another"]).json["error"] == "invalid_grant")
        #expect(exchange(code).json["error"] == "invalid_grant")
    }

    @Test func theClientSaysWhoItIsInEitherWay() throws {
        let basic = "Basic " + Base64.encoded(Array("credits:a%20secret%3A+with+a+colon".utf8))
        let form = ["client_id": "", "client_secret": ""]
        #expect(exchange(try code(), form, headers: ["authorization": basic]).status == .ok)
        #expect(exchange(try code(), ["client_secret": "wrong"]).json["error"] == "invalid_client")
        #expect(exchange(try code(), form).status == .unauthorized)
    }

    @Test(arguments: [
        ["client_id": "other"], ["redirect_uri": "http://evil.example/"],
        ["redirect_uri": "http://localhost:8080.evil.example/"], ["response_type": "token"], ["scope": "email"],
        ["code_challenge": "short"], ["code_challenge_method": "plain"],
    ])
    func aRequestThatIsNotTheSitesIsRefused(changes: [String: String]) {
        #expect(page(changes).status == .badRequest)
        let response = post("/authorize", Self.request.merging(changes) { $1 }.merging(["name": "ada"]) { $1 })
        #expect(response.status == .badRequest)
    }

    @Test(arguments: ["", "a b", "a\r\nb", "<b>", String(repeating: "a", count: 65)])
    func aNameIsOneWord(name: String) {
        #expect(post("/authorize", Self.request.merging(["name": name]) { $1 }).status == .unprocessableContent)
    }

    @Test func thePageLetsItsFormLeadBackToTheSiteAlone() {
        let policy = page().headers["content-security-policy"] ?? ""
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("form-action 'self' http://localhost:8080;"))
        #expect(!policy.contains("unsafe"))
    }

    @Test func whatACallerWritesIsEscaped() {
        let page = String(decoding: page(["state": "\"><script>alert(1)</script>"]).body, as: UTF8.self)
        #expect(!page.contains("<script>"))
    }

    @Test func signingOutLeadsBackToTheSiteAlone() {
        func signOut(_ target: String) -> Response {
            let query = "post_logout_redirect_uri=\(PercentEncoding.encoded(target))"
            return playing.simulator.respond(to: Request(method: .get, path: "/end_session", query: query))
        }
        #expect(signOut("\(Playing.site)/").headers["location"] == "\(Playing.site)/")
        #expect(signOut("http://evil.example/").status == .ok)
    }
}

/// Tokens and logouts that are spoilt at will.
@Suite struct IssuerTokenTests {
    private let playing: Playing

    init() throws { playing = try Playing() }

    private func claims(_ query: String) throws -> (header: JSON, claims: JSON) {
        let answer = playing.simulator.respond(to: Request(method: .get, path: "/issuer/token", query: query)).json
        return try read(answer["token"]?.string)
    }

    private func read(_ token: String?) throws -> (header: JSON, claims: JSON) {
        let parts = try #require(token).split(separator: ".").map { Base64.urlDecoded(String($0)) ?? [] }
        return (try JSON(parts[0]), try JSON(parts[1]))
    }

    @Test func aTokenSaysWhatIsAskedFor() throws {
        let usual = try claims("sub=ada")
        #expect(usual.header["typ"] == "JWT" && usual.claims["email_verified"] == true)
        #expect(usual.claims["aud"] == "credits")
        let other = try claims("sub=ada&typ=none&aud=a,b&email_verified=false&email=none&sid=s1")
        #expect(other.header["typ"] == nil && other.claims["aud"] == ["a", "b"] && other.claims["sid"] == "s1")
        #expect(other.claims["email_verified"] == false && other.claims["email"] == nil)
        #expect(try claims("sub=ada&email_verified=none").claims["email_verified"] == nil)
    }

    @Test func everyTokenSaysWhatTheControlWants() throws {
        _ = try playing.control("issuer", ["email_verified": "none", "email": "x@example.com"])
        let silent = try claims("sub=ada").claims
        #expect(silent["email_verified"] == nil && silent["email"] == "x@example.com")
        _ = try playing.control("issuer")
        #expect(try claims("sub=ada").claims["email_verified"] == true)
    }

    @Test func aLogoutTokenIsMadeByTheBook() throws {
        let answer = playing.simulator.respond(
            to: Request(method: .post, path: "/issuer/logout", body: Array("sub=ada&sid=s1&send=false".utf8)))
        let (header, claims) = try read(answer.json["logout_token"]?.string)
        #expect(header["typ"] == "logout+jwt" && claims["sub"] == "ada" && claims["sid"] == "s1")
        #expect(claims["nonce"] == nil && claims["jti"]?.string?.isEmpty == false)
        #expect(claims["events"]?["http://schemas.openid.net/event/backchannel-logout"] == .object([]))
    }
}
