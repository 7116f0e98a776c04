public import Core

/// What `auth` needs to know before it takes a request.
public struct AuthSettings: ServerSettings {
    /// Where the issuer's keys are.
    public enum KeySource: Equatable, Sendable {
        case file(String)
        case address(String)
    }

    /// The login flow: this site as the issuer's client.
    public struct Client: Sendable {
        public let id: String
        public let secret: Secret
    }

    public let store: StoreSettings
    public let serving: ServingSettings
    /// `CREDITS_PUBLIC_URL`: the site's own address, without a slash at its end.
    public let publicURL: String
    public let origin: WebOrigin
    /// `AUTH_ISSUER`, exactly as given: a token's `iss` must be the same bytes.
    public let issuer: String
    /// `AUTH_AUDIENCE` (else `OIDC_CLIENT_ID`) and `AUTH_AUTHORIZED_PARTIES`: what a token's `aud` and `azp` must hold.
    public let rules: TokenRules
    /// `AUTH_JWKS_FILE`, or else `AUTH_JWKS_URL`.
    public let keySource: KeySource
    /// `AUTH_COOKIE`: the issuer's own cookie that holds a token.
    public let issuerCookie: String
    /// `OIDC_CLIENT_ID` and `OIDC_CLIENT_SECRET`: without them nobody signs in here, but tokens count.
    public let client: Client?

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        serving = ServingSettings(&reader)
        (publicURL, origin) = reader.site()
        issuer = reader.exactAddress("AUTH_ISSUER")
        rules = reader.rules(issuer: issuer)
        keySource = reader.keySource()
        issuerCookie = reader.cookieName("AUTH_COOKIE", default: "__session")
        client = reader.client()
        try reader.finish()
    }
}

extension EnvironmentReader {
    /// Checked as an address, and kept as given: a slash at its end is part of it.
    fileprivate mutating func exactAddress(_ name: String) -> String {
        let address = address(name)
        return optional(name) ?? address
    }

    fileprivate mutating func site() -> (publicURL: String, origin: WebOrigin) {
        let name = "CREDITS_PUBLIC_URL"
        let address = address(name)
        if let origin = WebOrigin(address: address) { return (address, origin) }
        return (address, address.isEmpty ? .standIn : refuse(name, "names no host", .standIn))
    }

    /// A token that is made for another client of the issuer's is not for us, so one of the two must be known. Without an
    /// `AUTH_AUDIENCE` a token that names no audience at all counts by its `azp`: some issuers' sessions have no `aud`.
    fileprivate mutating func rules(issuer: String) -> TokenRules {
        let audience = optional("AUTH_AUDIENCE") ?? optional("OIDC_CLIENT_ID")
        let isGiven = optional("AUTH_AUTHORIZED_PARTIES") != nil
        let parties = authorizedParties()
        if audience == nil, !isGiven {
            refuse(
                "AUTH_AUDIENCE",
                "is missing, and so are OIDC_CLIENT_ID and AUTH_AUTHORIZED_PARTIES: tokens for anybody would count", ())
        }
        return TokenRules(
            issuer: issuer, audience: audience, mayNameNobody: optional("AUTH_AUDIENCE") == nil && parties != nil,
            authorizedParties: parties)
    }

    fileprivate mutating func authorizedParties() -> [String]? {
        guard let list = optional("AUTH_AUTHORIZED_PARTIES") else { return nil }
        let parties = list.split(separator: ",").map { $0.filter { $0 != " " } }.filter { !$0.isEmpty }
        return parties.isEmpty ? refuse("AUTH_AUTHORIZED_PARTIES", "names nobody", nil) : parties
    }

    fileprivate mutating func keySource() -> AuthSettings.KeySource {
        if let path = optional("AUTH_JWKS_FILE") { return .file(path) }
        guard optional("AUTH_JWKS_URL") != nil else {
            return refuse("AUTH_JWKS_URL", "is missing, and so is AUTH_JWKS_FILE", .file(""))
        }
        return .address(exactAddress("AUTH_JWKS_URL"))
    }

    fileprivate mutating func cookieName(_ name: String, default standard: String) -> String {
        let value = optional(name) ?? standard
        let isName = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
        return isName ? value : refuse(name, "is not the name of a cookie", standard)
    }

    fileprivate mutating func client() -> AuthSettings.Client? {
        let secret = optionalSecret("OIDC_CLIENT_SECRET")
        switch (optional("OIDC_CLIENT_ID"), secret) {
        case (let id?, let secret?): return AuthSettings.Client(id: id, secret: secret)
        case (nil, nil): return nil
        case (nil, _?): return refuse("OIDC_CLIENT_ID", "is missing beside OIDC_CLIENT_SECRET", nil)
        case (_?, nil): return refuse("OIDC_CLIENT_SECRET", "is missing beside OIDC_CLIENT_ID", nil)
        }
    }
}
