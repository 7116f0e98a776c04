import Core
import Identity
import JOSE
import JSON
import Testing

/// What the issuer may send to end a session: each rule of OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6.
@Suite struct LogoutTokenTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: TokenError
        let spoil: @Sendable (inout TokenAttempt) -> Void

        init(_ description: String, _ error: TokenError, _ spoil: @escaping @Sendable (inout TokenAttempt) -> Void) {
            (testDescription, self.error, self.spoil) = (description, error, spoil)
        }
    }

    static let event = #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#

    static func good() -> TokenAttempt {
        var attempt = TokenAttempt()
        attempt.type = "logout+jwt"
        attempt.claims = [
            ("iss", #""https://issuer.example""#), ("sub", #""ada""#), ("aud", #""client""#), ("iat", "1700000000"),
            ("exp", "1700000120"), ("jti", #""t1""#), ("sid", #""s1""#), ("events", event),
        ]
        return attempt
    }

    @Test(arguments: ["logout+jwt", "Logout+JWT", "application/logout+jwt", nil])
    func aGoodOneIsTaken(_ type: String?) throws {
        var attempt = Self.good()
        attempt.type = type
        let token = try attempt.logout()
        #expect(token.id == "t1")
        #expect(token.logout.goodUntil == token.expires.advanced(by: .seconds(60)))
        #expect(token.whose == .both(try #require(UserID("ada")), session: "s1"))
        attempt["sub"] = nil
        #expect(try attempt.logout().whose == .session("s1"))
        attempt["sub"] = #""ada""#
        attempt["sid"] = nil
        #expect(try attempt.logout().whose == .user(try #require(UserID("ada"))))
        attempt["aud"] = #"["other","client"]"#
        attempt["exp"] = "1699999941"
        attempt["iat"] = "1700000060"
        _ = try attempt.logout()
    }

    @Test(arguments: [
        Case("typ of an ID token", .typeNotAllowed) { $0.type = "JWT" },
        Case("typ of an access token", .typeNotAllowed) { $0.type = "at+jwt" },
        Case("alg none", .algorithmNotAllowed) { $0.header = #"{"alg":"none","typ":"logout+jwt"}"# },
        Case("another key", .signatureMismatch) { $0.key = TokenAttempt.stranger },
        Case("no iss", .claimMissing(.iss)) { $0["iss"] = nil },
        Case("another iss", .wrongIssuer) { $0["iss"] = #""https://evil.example""# },
        Case("no aud", .wrongAudience) { $0["aud"] = nil },
        Case("aud of the API alone", .wrongAudience) { $0["aud"] = #""api""# },
        Case("no iat", .claimMissing(.iat)) { $0["iat"] = nil },
        Case("issued in 61 s", .issuedInTheFuture) { $0["iat"] = "1700000061" },
        Case("no exp", .claimMissing(.exp)) { $0["exp"] = nil },
        Case("expired 60 s ago", .expired) { $0["exp"] = "1699999940" },
        Case("no jti", .claimMissing(.jti)) { $0["jti"] = nil },
        Case("empty jti", .claimMalformed(.jti)) { $0["jti"] = #""""# },
        Case("jti is a number", .claimMalformed(.jti)) { $0["jti"] = "1" },
        Case("neither sub nor sid", .claimMissing(.sub)) { ($0["sub"], $0["sid"]) = (nil, nil) },
        Case("empty sub beside a sid", .claimMalformed(.sub)) { $0["sub"] = #""""# },
        Case("sid is a number", .claimMalformed(.sid)) { $0["sid"] = "7" },
        Case("empty sid", .claimMalformed(.sid)) { $0["sid"] = #""""# },
        Case("no events", .claimMissing(.events)) { $0["events"] = nil },
        Case("events is a list", .claimMalformed(.events)) { $0["events"] = #"["x"]"# },
        Case("another event", .claimMalformed(.events)) { $0["events"] = #"{"http://x":{}}"# },
        Case("the event is true", .claimMalformed(.events)) {
            $0["events"] = #"{"http://schemas.openid.net/event/backchannel-logout":true}"#
        },
        Case("a nonce", .claimNotAllowed(.nonce)) { $0["nonce"] = #""n""# },
        Case("a nonce that is null", .claimNotAllowed(.nonce)) { $0["nonce"] = "null" },
        Case("claims twice", .claimsNotAnObject) { $0.claims.append(("jti", #""t2""#)) },
    ])
    func anotherIsRefused(_ refusal: Case) {
        var attempt = Self.good()
        refusal.spoil(&attempt)
        #expect(performing: { try attempt.logout() }, throws: { $0 as? TokenError == refusal.error })
    }

    @Test func itLetsNobodyIn() {
        for type in ["logout+jwt", "JWT", nil] {
            var attempt = Self.good()
            attempt.type = type
            attempt["aud"] = #""api""#
            attempt["azp"] = #""app""#
            let expected: TokenError = type == "logout+jwt" ? .typeNotAllowed : .claimNotAllowed(.events)
            #expect(throws: expected) { try attempt.verify() }
        }
    }
}
