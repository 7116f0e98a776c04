import Core
import Crypto
import Identity
import JOSE
import JSON
import Testing

@Suite struct TokenTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let error: TokenError?
        let spoil: @Sendable (inout TokenAttempt) -> Void

        init(_ description: String, _ error: TokenError?, _ spoil: @escaping @Sendable (inout TokenAttempt) -> Void) {
            (testDescription, self.error, self.spoil) = (description, error, spoil)
        }
    }

    static func header(_ text: String, _ error: TokenError) -> Case { Case(text, error) { $0.header = text } }

    @Test(arguments: [
        header(#"{"alg":"none"}"#, .algorithmNotAllowed), header(#"{"alg":"None"}"#, .algorithmNotAllowed),
        header(#"{"alg":"nOnE"}"#, .algorithmNotAllowed),
        header(#"{"alg":"HS256","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"HS512","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"RS384","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"RS512","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"PS256","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"ES384","kid":"ec-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"EdDSA","kid":"ec-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"rs256","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":"RS256 ","kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":["RS256"],"kid":"rsa-1"}"#, .algorithmNotAllowed),
        header(#"{"alg":null,"kid":"rsa-1"}"#, .algorithmNotAllowed), header(#"{"kid":"rsa-1"}"#, .algorithmNotAllowed),
        // The algorithm is looked at before anything else.
        header(#"{"alg":"none","crit":["x"],"kid":7}"#, .algorithmNotAllowed),
        header(#"{"alg":"RS256","alg":"none","kid":"rsa-1"}"#, .headerNotAnObject),
        header(#"{"alg":"RS256","kid":"rsa-1","kid":"ec-1"}"#, .headerNotAnObject),
        header(#"["RS256"]"#, .headerNotAnObject), header("{}garbage", .headerNotAnObject),
        header(#"{"alg":"RS256","kid":"rsa-1","crit":["exp"]}"#, .headerNotAllowed("crit")),
        header(#"{"alg":"RS256","kid":"rsa-1","crit":null}"#, .headerNotAllowed("crit")),
        header(#"{"alg":"RS256","kid":"rsa-1","jku":"https://evil.example/keys"}"#, .headerNotAllowed("jku")),
        header(#"{"alg":"RS256","kid":"rsa-1","x5u":"https://evil.example/c"}"#, .headerNotAllowed("x5u")),
        header(#"{"alg":"RS256","kid":"rsa-1","x5c":["MIIB"]}"#, .headerNotAllowed("x5c")),
        header(#"{"alg":"RS256","kid":"rsa-1","b64":false}"#, .headerNotAllowed("b64")),
        header(#"{"alg":"RS256","kid":"rsa-1","jwk":{"kty":"RSA"}}"#, .headerNotAllowed("jwk")),
        header(#"{"alg":"RS256","kid":7}"#, .keyIDNotAString), header(#"{"alg":"RS256","kid":null}"#, .keyIDNotAString),
        header(#"{"alg":"RS256","kid":"../../../dev/null"}"#, .keyUnknown),
        header(#"{"alg":"RS256","kid":"x' OR '1'='1"}"#, .keyUnknown),
        header(#"{"alg":"RS256","kid":"https://evil.example/key"}"#, .keyUnknown),
        header(#"{"alg":"RS256","kid":""}"#, .keyUnknown), header(#"{"alg":"RS256","kid":"RSA-1"}"#, .keyUnknown),
        header(#"{"alg":"RS256","kid":"ec-1"}"#, .keyOfAnotherType),
        header(#"{"alg":"ES256","kid":"rsa-1"}"#, .keyOfAnotherType),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"logout+jwt"}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"Application/Logout+JWT"}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"secevent+jwt"}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"dpop+jwt"}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"JWT "}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"\u212AJWT"}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":""}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":null}"#, .typeNotAllowed),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":["JWT"]}"#, .typeNotAllowed),
        // The types that are taken are looked at no further than the signature.
        header(#"{"alg":"RS256","kid":"rsa-1"}"#, .signatureMismatch),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"jwt"}"#, .signatureMismatch),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"at+jwt"}"#, .signatureMismatch),
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"application/AT+JWT"}"#, .signatureMismatch),
        // Whatever is added to a header that was signed shows.
        header(#"{"alg":"RS256","kid":"rsa-1","typ":"JWT","x":1}"#, .signatureMismatch),
    ])
    func aHeaderIsRefused(_ refusal: Case) { refuses(refusal) }

    @Test(arguments: [
        Case("empty", .notThreeParts) { $0.edit = { _ in "" } },
        Case("two parts", .notThreeParts) { $0.edit = { String($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)]) } },
        Case("empty signature", .notThreeParts) {
            $0.edit = { String($0[...($0.lastIndex(of: ".") ?? $0.startIndex)]) }
        },
        Case("four parts", .notThreeParts) { $0.edit = { $0 + ".x" } },
        Case("five parts, as encrypted ones have", .notThreeParts) { $0.edit = { $0 + ".AAAA.AAAA" } },
        Case("a dot at the end", .notThreeParts) { $0.edit = { $0 + "." } },
        Case("padding", .notBase64URL) { $0.edit = { $0 + "=" } },
        Case("the other alphabet", .notBase64URL) { $0.edit = { $0.dropLast(4) + "+/+/" } },
        Case("a space at the end", .notBase64URL) { $0.edit = { $0 + " " } },
        Case("a line feed inside", .notBase64URL) { $0.edit = { "e\n" + $0.dropFirst() } },
        Case("one character more", .notBase64URL) { $0.edit = { $0 + "AAA" } },
        Case("bits behind the last byte", .notBase64URL) { $0.edit = { $0.dropLast() + "h" } },
        Case("not ASCII", .notBase64URL) { $0.edit = { $0.dropLast(2) + "éé" } },
        Case("8193 bytes", .tooLong) { $0.edit = { $0 + String(repeating: "A", count: 8193 - $0.utf8.count) } },
        Case("a megabyte", .tooLong) { $0.edit = { $0 + String(repeating: "A", count: 1 << 20) } },
        Case("four bytes behind the signature", .signatureMismatch) { $0.edit = { $0 + "AAAA" } },
        Case("another key of the same name", .signatureMismatch) { $0.key = TokenAttempt.stranger },
        Case("claims changed after signing", .signatureMismatch) {
            $0.edit = { token in
                let parts = token.split(separator: ".")
                let claims = Base64.urlEncoded(Array(#"{"iss":"https://issuer.example","sub":"admin"}"#.utf8))
                return "\(parts[0]).\(claims).\(parts[2])"
            }
        },
        Case("HS256 keyed with the public JWK", .algorithmNotAllowed) {
            $0.edit = { TokenAttempt.hmac($0, key: TokenAttempt.rsa.publicJSON) }
        },
        Case("the same under a name that is allowed", .signatureMismatch) {
            $0.edit = { TokenAttempt.hmac($0, key: TokenAttempt.rsa.publicJSON, algorithm: "RS256") }
        },
    ])
    func aFormOrSignatureIsRefused(_ refusal: Case) { refuses(refusal) }

    @Test(arguments: [
        Case("no iss", .claimMissing(.iss)) { $0["iss"] = nil },
        Case("another iss", .wrongIssuer) { $0["iss"] = #""https://evil.example""# },
        Case("iss with a slash more", .wrongIssuer) { $0["iss"] = #""https://issuer.example/""# },
        Case("iss in capitals", .wrongIssuer) { $0["iss"] = #""https://ISSUER.example""# },
        Case("iss is a list", .claimMalformed(.iss)) { $0["iss"] = #"["https://issuer.example"]"# },
        Case("no sub", .claimMissing(.sub)) { $0["sub"] = nil },
        Case("sub is null", .claimMissing(.sub)) { $0["sub"] = "null" },
        Case("empty sub", .claimMalformed(.sub)) { $0["sub"] = #""""# },
        Case("sub is a number", .claimMalformed(.sub)) { $0["sub"] = "1" },
        Case("sub with a line feed", .claimMalformed(.sub)) { $0["sub"] = #""ada\nx-user: root""# },
        Case("sub with a space that nginx would cut off", .claimMalformed(.sub)) { $0["sub"] = #""ada ""# },
        Case("sub of 256 bytes", .claimMalformed(.sub)) {
            $0["sub"] = "\"" + String(repeating: "a", count: 256) + "\""
        },
        Case("two subs", .claimsNotAnObject) { $0.claims.append(("sub", #""root""#)) },
        Case("two subs, one written otherwise", .claimsNotAnObject) { $0.claims.append((#"\u0073ub"#, #""root""#)) },
        Case("more after the end", .claimsNotAnObject) { $0.claims.append(("x", "1}{")) },
        Case("no exp", .claimMissing(.exp)) { $0["exp"] = nil },
        Case("exp is a string", .claimMalformed(.exp)) { $0["exp"] = #""1700000300""# },
        Case("exp is true", .claimMalformed(.exp)) { $0["exp"] = "true" },
        Case("exp is below zero", .claimMalformed(.exp)) { $0["exp"] = "-1" },
        Case("exp is the greatest Int64", .claimMalformed(.exp)) { $0["exp"] = "9223372036854775807" },
        Case("exp is beyond Int64", .claimMalformed(.exp)) { $0["exp"] = "9223372036854775808" },
        Case("exp is beyond Double", .claimMalformed(.exp)) { $0["exp"] = "1e999" },
        Case("expired 60 s ago", .expired) { $0["exp"] = "1699999940" },
        Case("expired 61 s ago", .expired) { $0["exp"] = "1699999939" },
        Case("expired in 1970", .expired) { $0["exp"] = "0" },
        Case("valid in 61 s", .notYetValid) { $0["nbf"] = "1700000061" },
        Case("nbf is a string", .claimMalformed(.nbf)) { $0["nbf"] = #""now""# },
        Case("issued in 61 s", .issuedInTheFuture) { $0["iat"] = "1700000061" },
        Case("no aud", .wrongAudience) { $0["aud"] = nil },
        Case("another aud", .wrongAudience) { $0["aud"] = #""other""# },
        Case("aud is an empty list", .wrongAudience) { $0["aud"] = "[]" },
        Case("aud lists others", .wrongAudience) { $0["aud"] = #"["other","API"]"# },
        Case("aud lists a number", .claimMalformed(.aud)) { $0["aud"] = #"["api",1]"# },
        Case("aud is an object", .claimMalformed(.aud)) { $0["aud"] = "{}" },
        Case("no azp", .claimMissing(.azp)) { $0["azp"] = nil },
        Case("another azp", .wrongAuthorizedParty) { $0["azp"] = #""https://evil.example""# },
        Case("azp is a list", .claimMalformed(.azp)) { $0["azp"] = #"["app"]"# },
        Case("it tells of an event", .claimNotAllowed(.events)) { $0["events"] = "{}" },
        Case("it ends a session", .claimNotAllowed(.events)) {
            $0["events"] = #"{"http://schemas.openid.net/event/backchannel-logout":{}}"#
        },
        Case("events is null", .claimNotAllowed(.events)) { $0["events"] = "null" },
    ])
    func aClaimIsRefused(_ refusal: Case) { refuses(refusal) }

    @Test(arguments: [
        Case("as it is", nil) { _ in },
        Case("ES256", nil) { $0.key = TokenAttempt.curve },
        Case("expired 59 s ago", nil) { $0["exp"] = "1699999941" },
        Case("valid in 60 s", nil) { $0["nbf"] = "1700000060" },
        Case("issued in 60 s", nil) { $0["iat"] = "1700000060" },
        Case("decimal times", nil) { ($0["exp"], $0["iat"]) = ("1700000300.25", "1.7e9") },
        Case("no nbf and no iat", nil) { ($0["nbf"], $0["iat"]) = (nil, nil) },
        Case("aud among others", nil) { $0["aud"] = #"["other","api"]"# },
        Case("the second authorized party", nil) { $0["azp"] = #""cli""# },
        Case("nothing configured, nothing asked for", nil) {
            $0.rules = TokenRules(issuer: "https://issuer.example")
            ($0["aud"], $0["azp"]) = (nil, nil)
        },
        Case("no kid, one key of the type", nil) {
            $0.key = TokenAttempt.nameless
            $0.set = TokenAttempt.keySet([TokenAttempt.rsa, TokenAttempt.nameless])
        },
        Case("exactly 8192 bytes", nil) { attempt in
            // Three bytes of claims are four of the token.
            attempt["pad"] = "\"\""
            let length = (try? attempt.token().utf8.count) ?? 0
            attempt["pad"] = "\"" + String(repeating: "x", count: (8192 - length) / 4 * 3) + "\""
        },
    ])
    func aGoodOneIsAccepted(_ acceptance: Case) throws {
        var attempt = TokenAttempt()
        acceptance.spoil(&attempt)
        let claims = try attempt.verify()
        #expect(
            claims.profile == Profile(user: try #require(UserID("ada")), email: "ada@example.com", name: "Ada Lovelace")
        )
        #expect(claims.sessionID == "session-1")
    }

    @Test(arguments: [
        #""Ada\u0000""#, #""Ada\r\nx-user: root""#, #""Ada\u0085""#, #""\u007f""#, #""""#, "7", "null", "[]",
        "\"" + String(repeating: "a", count: 256) + "\"",
    ])
    func aNameThatIsNoPlainTextIsLeftOut(_ name: String) throws {
        var attempt = TokenAttempt()
        attempt["name"] = name
        attempt["email"] = name
        let profile = try attempt.verify().profile
        #expect(profile.name == nil && profile.email == nil)
    }

    @Test(arguments: [
        ("true", EmailProof.verified), (#""true""#, .verified), ("false", .unverified), (#""false""#, .unverified),
        ("1", .unverified), (#""TRUE""#, .unverified), ("[true]", .unverified),
    ])
    func anAddressIsVerifiedIfTheIssuerSaysSo(_ claim: String, _ proof: EmailProof) throws {
        var attempt = TokenAttempt()
        attempt["email_verified"] = claim
        #expect(try attempt.verify().profile.proof == proof)
        attempt["email"] = nil
        #expect(try attempt.verify().profile.proof == .unverified)
        attempt["email"] = #""ada\u0000@example.com""#
        #expect(try attempt.verify().profile.proof == .unverified)
        attempt["email_verified"] = nil
        #expect(try attempt.verify().profile.proof == .unclaimed)
    }

    @Test func withoutAKeyIDTwoKeysOfATypeAreTooMany() {
        var attempt = TokenAttempt()
        attempt.key = TokenAttempt.nameless
        attempt.set = TokenAttempt.keySet([TokenAttempt.curve, TokenAttempt.nameless])
        #expect(throws: TokenError.keyAmbiguous) { try attempt.verify() }
    }

    @Test func twoKeysOfOneNameAreTooMany() {
        var attempt = TokenAttempt()
        attempt.set = TokenAttempt.keySet([TokenAttempt.rsa, TokenAttempt.stranger])
        #expect(throws: TokenError.keyAmbiguous) { try attempt.verify() }
    }

    private func refuses(_ refusal: Case) {
        var attempt = TokenAttempt()
        refusal.spoil(&attempt)
        #expect(performing: { try attempt.verify() }, throws: { $0 as? TokenError == refusal.error })
    }
}
