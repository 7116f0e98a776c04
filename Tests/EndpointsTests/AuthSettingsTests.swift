import Core
import Identity
import JSON
import Testing

@Suite struct AuthSettingsTests {
    static let good = [
        "CREDITS_DATABASE": "/tmp/credits.db", "CREDITS_PUBLIC_URL": "https://credits.example",
        "AUTH_ISSUER": "https://issuer.example/", "AUTH_JWKS_URL": "https://issuer.example/keys/",
        "OIDC_CLIENT_ID": "credits-app", "OIDC_CLIENT_SECRET": "hush",
    ]

    private func settings(_ changes: [String: String] = [:]) throws(SettingsError) -> AuthSettings {
        var environment = Self.good
        for (name, value) in changes { environment[name] = value }
        return try AuthSettings(EnvironmentReader(environment) { $0 == "/secret" ? "hush\n" : nil })
    }

    @Test func addressesOfTheIssuerAreKeptAsGiven() throws {
        let settings = try settings()
        #expect(settings.issuer == "https://issuer.example/")
        #expect(settings.keySource == .address("https://issuer.example/keys/"))
        #expect(settings.issuerCookie == "__session" && settings.client?.id == "credits-app")
        let local = try self.settings(["AUTH_ISSUER": "http://localhost:8081"])
        #expect(local.issuer == "http://localhost:8081")
    }

    @Test func aFileOfKeysWinsOverAnAddress() throws {
        #expect(try settings(["AUTH_JWKS_FILE": "/keys.json"]).keySource == .file("/keys.json"))
    }

    @Test func aSecretMayComeFromAFile() throws {
        let settings = try settings(["OIDC_CLIENT_SECRET": "", "OIDC_CLIENT_SECRET_FILE": "/secret"])
        #expect(settings.client?.secret.revealed == "hush")
    }

    @Test func withoutAClientTheLoginIsOff() throws {
        let settings = try settings(["OIDC_CLIENT_ID": "", "OIDC_CLIENT_SECRET": "", "AUTH_AUDIENCE": "api"])
        #expect(settings.client == nil)
    }

    private static let nobody = ["OIDC_CLIENT_ID": "", "OIDC_CLIENT_SECRET": ""]

    /// What is accepted of tokens for these audiences and this party.
    private func accepts(_ changes: [String: String], aud: JSON?, azp: JSON? = nil) throws -> Bool {
        let members: [(String, JSON?)] = [
            ("iss", "https://issuer.example/"), ("sub", "ada"), ("exp", 1_700_000_300), ("aud", aud), ("azp", azp),
        ]
        let json = JSON.object(members.compactMap { name, value in value.map { JSON.Member(name, $0) } })
        let claims = try TokenClaims(json.bytes)
        let rules = try settings(changes).rules
        return (try? rules.check(claims, at: Instant(unixSeconds: 1_700_000_000))) != nil
    }

    @Test func aTokenIsForTheClientUnlessAnAudienceIsGiven() throws {
        #expect(try accepts([:], aud: "credits-app"))
        #expect(try accepts([:], aud: ["other", "credits-app"]))
        #expect(try !accepts([:], aud: "other"))
        #expect(try !accepts([:], aud: nil))
        #expect(try !accepts([:], aud: nil, azp: "credits-app"))
        #expect(try accepts(["AUTH_AUDIENCE": "api"], aud: "api"))
        #expect(try !accepts(["AUTH_AUDIENCE": "api"], aud: "credits-app"))
    }

    @Test func aTokenThatNamesNoAudienceCountsByItsPartyAlone() throws {
        let parties = ["AUTH_AUTHORIZED_PARTIES": "https://credits.example"]
        #expect(try accepts(parties, aud: nil, azp: "https://credits.example"))
        #expect(try !accepts(parties, aud: nil, azp: "https://other.example"))
        #expect(try !accepts(parties, aud: nil))
        #expect(try !accepts(parties, aud: "other", azp: "https://credits.example"))
        #expect(try accepts(parties, aud: "credits-app", azp: "https://credits.example"))
        #expect(try !accepts(parties, aud: "credits-app", azp: "https://other.example"))
        // Who names an audience wants it in every token.
        let both = parties.merging(["AUTH_AUDIENCE": "api"]) { $1 }
        #expect(try !accepts(both, aud: nil, azp: "https://credits.example"))
        let alone = parties.merging(Self.nobody) { $1 }
        #expect(try accepts(alone, aud: "whatever", azp: "https://credits.example"))
    }

    @Test func withNeitherAudienceNorPartiesNothingStarts() {
        let fault =
            "AUTH_AUDIENCE is missing, and so are OIDC_CLIENT_ID and AUTH_AUTHORIZED_PARTIES: "
            + "tokens for anybody would count"
        #expect(
            performing: { try settings(Self.nobody) }, throws: { ($0 as? SettingsError)?.description == fault })
    }

    @Test(arguments: [
        (["AUTH_ISSUER": ""], "AUTH_ISSUER is missing"),
        (["AUTH_ISSUER": "http://issuer.example"], "AUTH_ISSUER is not an https address"),
        (["AUTH_ISSUER": "http://localhost.evil.example"], "AUTH_ISSUER is not an https address"),
        (["AUTH_ISSUER": "https://user@issuer.example"], "AUTH_ISSUER is not an https address"),
        (["AUTH_JWKS_URL": ""], "AUTH_JWKS_URL is missing, and so is AUTH_JWKS_FILE"),
        (["AUTH_JWKS_URL": "http://issuer.example/keys"], "AUTH_JWKS_URL is not an https address"),
        (["AUTH_AUTHORIZED_PARTIES": " , "], "AUTH_AUTHORIZED_PARTIES names nobody"),
        (["AUTH_COOKIE": "a b"], "AUTH_COOKIE is not the name of a cookie"),
        (["AUTH_COOKIE": "a=b;c"], "AUTH_COOKIE is not the name of a cookie"),
        (["OIDC_CLIENT_SECRET": ""], "OIDC_CLIENT_SECRET is missing beside OIDC_CLIENT_ID"),
        (
            ["OIDC_CLIENT_ID": "", "AUTH_AUDIENCE": "api"], "OIDC_CLIENT_ID is missing beside OIDC_CLIENT_SECRET"
        ),
        (["CREDITS_PUBLIC_URL": "https:///x"], "CREDITS_PUBLIC_URL names no host"),
        (
            ["CREDITS_PUBLIC_URL": "", "AUTH_ISSUER": "x"],
            "CREDITS_PUBLIC_URL is missing\nAUTH_ISSUER is not an https address"
        ),
    ])
    func everyFaultIsNamedWithoutItsValue(_ changes: [String: String], _ message: String) {
        #expect(performing: { try settings(changes) }, throws: { ($0 as? SettingsError)?.description == message })
    }

    static let document: [String: JSON?] = [
        "issuer": "https://issuer.example/", "authorization_endpoint": "https://issuer.example/authorize",
        "token_endpoint": "https://issuer.example/token", "end_session_endpoint": "https://issuer.example/out",
    ]

    private func configuration(_ changes: [String: JSON?]) throws -> IssuerConfiguration {
        let members = Self.document.merging(changes) { $1 }.compactMap { name, value in
            value.map { JSON.Member(name, $0) }
        }
        return try IssuerConfiguration(JSON.object(members).bytes, of: "https://issuer.example/")
    }

    @Test func theIssuersConfigurationIsRead() throws {
        #expect(try configuration([:]).endSessionEndpoint == "https://issuer.example/out")
        #expect(try configuration(["end_session_endpoint": nil]).endSessionEndpoint == nil)
        #expect(try configuration(["end_session_endpoint": "http://evil.example"]).endSessionEndpoint == nil)
        for issuer in ["https://issuer.example/", "https://issuer.example"] {
            #expect(
                IssuerConfiguration.address(ofIssuer: issuer)
                    == "https://issuer.example/.well-known/openid-configuration")
        }
    }

    @Test(
        arguments: [
            (["issuer": "https://issuer.example"], .otherIssuer), (["issuer": nil], .otherIssuer),
            (["issuer": "https://evil.example/"], .otherIssuer),
            (["authorization_endpoint": nil], .badAddress("authorization_endpoint")),
            (["authorization_endpoint": "http://issuer.example/a"], .badAddress("authorization_endpoint")),
            (["authorization_endpoint": "https://issuer.example/a b"], .badAddress("authorization_endpoint")),
            (["authorization_endpoint": "https://issuer.example/a#b"], .badAddress("authorization_endpoint")),
            (["token_endpoint": "file:///etc/passwd"], .badAddress("token_endpoint")),
            (["token_endpoint": "http://169.254.169.254/"], .badAddress("token_endpoint")),
            (["token_endpoint": 7], .badAddress("token_endpoint")),
        ] as [([String: JSON?], IssuerConfigurationError)])
    func aConfigurationThatLeadsElsewhereIsRefused(_ changes: [String: JSON?], _ error: IssuerConfigurationError) {
        #expect(throws: error) { try configuration(changes) }
    }

    @Test func anAnswerToACodeHoldsAnIDToken() throws {
        #expect(try CodeExchange.idToken(status: 200, body: Array(#"{"id_token":"a.b.c"}"#.utf8)) == "a.b.c")
        #expect(throws: CodeExchangeError.noIDToken) { try CodeExchange.idToken(status: 200, body: Array("{}".utf8)) }
        #expect(throws: CodeExchangeError.noIDToken) { try CodeExchange.idToken(status: 200, body: Array("<p>".utf8)) }
        #expect(throws: CodeExchangeError.refused(status: 400, code: "invalid_grant")) {
            try CodeExchange.idToken(status: 400, body: Array(#"{"error":"invalid_grant"}"#.utf8))
        }
        #expect(throws: CodeExchangeError.refused(status: 302, code: nil)) {
            try CodeExchange.idToken(status: 302, body: Array(#"{"error":"token=secret"}"#.utf8))
        }
    }
}
