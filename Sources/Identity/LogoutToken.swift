public import Core
internal import JSON

/// The issuer's word that somebody is signed out there, out of a token whose signature was checked.
///
/// Source: https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken
public struct LogoutToken: Equatable, Sendable {
    public let issuer: String
    public let audiences: [String]
    public let issuedAt: Instant
    public let expires: Instant
    /// `jti`: each counts once.
    public let id: String
    public let whose: Logout.Whose

    private static let event = "http://schemas.openid.net/event/backchannel-logout"

    /// With a `nonce` it is none: no token that ends a login can be sent here instead.
    public init(_ payload: [UInt8]) throws(TokenError) {
        guard let json = try? JSON(payload), json.members != nil else { throw .claimsNotAnObject }
        guard json.member(named: TokenError.Claim.nonce.rawValue) == nil else { throw .claimNotAllowed(.nonce) }
        guard let events = json["events"] else { throw .claimMissing(.events) }
        guard events[Self.event]?.members != nil else { throw .claimMalformed(.events) }
        guard let issuer = try TokenClaims.text(.iss, in: json) else { throw .claimMissing(.iss) }
        guard let issuedAt = try TokenClaims.time(.iat, in: json) else { throw .claimMissing(.iat) }
        guard let expires = try TokenClaims.time(.exp, in: json) else { throw .claimMissing(.exp) }
        guard let id = try TokenClaims.text(.jti, in: json) else { throw .claimMissing(.jti) }
        guard !id.isEmpty else { throw .claimMalformed(.jti) }
        self.issuer = issuer
        self.issuedAt = issuedAt
        self.expires = expires
        self.id = id
        audiences = try TokenClaims.audiences(in: json)
        whose = try Self.whose(json)
    }

    private static func whose(_ json: JSON) throws(TokenError) -> Logout.Whose {
        let user = try TokenClaims.text(.sub, in: json).map { subject throws(TokenError) in
            guard let user = TokenClaims.user(subject) else { throw .claimMalformed(.sub) }
            return user
        }
        let session = try TokenClaims.text(.sid, in: json)
        if let session, session.isEmpty { throw .claimMalformed(.sid) }
        switch (user, session) {
        case (let user?, let session?): return .both(user, session: session)
        case (let user?, nil): return .user(user)
        case (nil, let session?): return .session(session)
        case (nil, nil): throw .claimMissing(.sub)
        }
    }

    /// What it says. It is good for as long as the issuer's clock may be behind ours.
    public var logout: Logout {
        Logout(id: id, whose: whose, goodUntil: expires.advanced(by: TokenRules.leeway))
    }
}
