public import Core
private import Crypto

/// Which claims are ours: of access tokens and the issuer's cookie, or of the one ID token that ends a login.
///
/// Source: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
public struct TokenRules: Sendable {
    /// How far the issuer's clock may be from ours.
    static let leeway = Duration.seconds(60)

    private let issuer: String
    private let audience: String?
    private let mayNameNobody: Bool
    private let authorizedParties: [String]?
    private var nonce: String?

    /// - Parameters:
    ///   - issuer: compared with `iss` byte for byte; a slash at the end counts.
    ///   - audience: if given, one of `aud`.
    ///   - mayNameNobody: a token without any `aud` counts as well: only where `azp` says whose it is.
    ///   - authorizedParties: if given, `azp` is one of them.
    public init(
        issuer: String, audience: String? = nil, mayNameNobody: Bool = false, authorizedParties: [String]? = nil
    ) {
        precondition(!mayNameNobody || authorizedParties != nil)
        self.issuer = issuer
        self.audience = audience
        self.mayNameNobody = mayNameNobody
        self.authorizedParties = authorizedParties
    }

    /// The same issuer's ID token, made for this client and this login alone.
    public func idToken(client: String, nonce: String) -> TokenRules {
        var rules = TokenRules(issuer: issuer, audience: client)
        rules.nonce = nonce
        return rules
    }

    public func check(_ claims: TokenClaims, at now: Instant) throws(TokenError) {
        guard Self.same(claims.issuer, issuer) else { throw .wrongIssuer }
        if let audience, !(mayNameNobody && claims.audiences.isEmpty) {
            try Self.check(claims.audiences, name: audience)
        }
        try checkAuthorizedParty(claims)
        if let nonce {
            guard let given = claims.nonce else { throw .claimMissing(.nonce) }
            guard constantTimeEqual(Array(given.utf8), Array(nonce.utf8)) else { throw .wrongNonce }
        }
        try Self.check(claims.expires, claims.issuedAt, at: now)
        if let notBefore = claims.notBefore, notBefore > now.advanced(by: Self.leeway) { throw .notYetValid }
    }

    /// The same issuer's word that a session of this client is over.
    ///
    /// Source: https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
    public func check(_ logout: LogoutToken, for client: String, at now: Instant) throws(TokenError) {
        guard Self.same(logout.issuer, issuer) else { throw .wrongIssuer }
        try Self.check(logout.audiences, name: client)
        try Self.check(logout.expires, logout.issuedAt, at: now)
    }

    private static func check(_ audiences: [String], name audience: String) throws(TokenError) {
        guard audiences.contains(where: { same($0, audience) }) else { throw .wrongAudience }
    }

    private static func check(_ expires: Instant, _ issuedAt: Instant?, at now: Instant) throws(TokenError) {
        guard now < expires.advanced(by: leeway) else { throw .expired }
        if let issuedAt, issuedAt > now.advanced(by: leeway) { throw .issuedInTheFuture }
    }

    private func checkAuthorizedParty(_ claims: TokenClaims) throws(TokenError) {
        if let authorizedParties {
            guard let party = claims.authorizedParty else { throw .claimMissing(.azp) }
            guard authorizedParties.contains(where: { Self.same($0, party) }) else { throw .wrongAuthorizedParty }
        }
        // An ID token for several clients says which of them asked for it.
        if nonce != nil, let audience {
            guard claims.authorizedParty != nil || claims.audiences.count == 1 else { throw .claimMissing(.azp) }
            guard claims.authorizedParty.map({ Self.same($0, audience) }) ?? true else { throw .wrongAuthorizedParty }
        }
    }

    /// By bytes: Swift's strings are equal when they merely look the same.
    private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}
