public import Core

/// Turns the text of a token into claims that can be trusted: form, key, signature, claims, in this order.
public struct TokenVerifier: Sendable {
    public typealias KeyFinder = @Sendable (TokenHeader) throws(TokenError) -> KeySet.Key
    /// Gives the payload back if the key signed the token.
    public typealias SignatureCheck = @Sendable (_ token: String, KeySet.Key) throws(TokenError) -> [UInt8]

    private let key: KeyFinder
    private let signed: SignatureCheck

    public init(key: @escaping KeyFinder, signed: @escaping SignatureCheck) {
        self.key = key
        self.signed = signed
    }

    public func claims(
        of token: String, under rules: TokenRules, at now: Instant
    ) throws(TokenError) -> TokenClaims {
        let claims = try TokenClaims(payload(of: token, made: [.unsaid, .jwt, .accessToken]))
        try rules.check(claims, at: now)
        return claims
    }

    /// The issuer's word that somebody is signed out there.
    ///
    /// - Parameter client: this site at the issuer.
    public func logout(
        _ token: String, under rules: TokenRules, for client: String, at now: Instant
    ) throws(TokenError) -> LogoutToken {
        let logout = try LogoutToken(payload(of: token, made: [.unsaid, .logoutToken]))
        try rules.check(logout, for: client, at: now)
        return logout
    }

    private func payload(of token: String, made types: [TokenType]) throws(TokenError) -> [UInt8] {
        let header = try TokenHeader(of: token)
        guard types.contains(header.type) else { throw .typeNotAllowed }
        let key = try key(header)
        guard key.algorithm == header.algorithm else { throw .keyOfAnotherType }
        return try signed(token, key)
    }
}
