public import Core

/// Turns the text of a token into claims that can be trusted: form, key, signature, claims, in this order.
public struct TokenVerifier: Sendable {
    /// Gives the issuer's keys: newer ones, if those at hand will not do. `nil` if they cannot be read.
    public typealias Keys = @Sendable (_ isStale: (KeySet) -> Bool) -> KeySet?
    /// Gives the payload back if the key signed the token.
    public typealias SignatureCheck = @Sendable (_ token: String, KeySet.Key) throws(TokenError) -> [UInt8]

    private let keys: Keys
    private let signed: SignatureCheck
    private let verified = VerifiedTokens()

    public init(keys: @escaping Keys, signed: @escaping SignatureCheck) {
        self.keys = keys
        self.signed = signed
    }

    public func claims(
        of token: String, under rules: TokenRules, at now: Instant
    ) throws(TokenError) -> TokenClaims {
        // The keys second: whoever was never seen here must not wait for them before its form is looked at.
        if let (claims, known) = verified.find(token, at: now), keys({ _ in false }) == known {
            try rules.check(claims, at: now)
            return claims
        }
        let (payload, keys) = try payload(of: token, made: [.unsaid, .jwt, .accessToken])
        let claims = try TokenClaims(payload)
        try rules.check(claims, at: now)
        verified.keep(claims, of: token, under: keys, at: now)
        return claims
    }

    /// The issuer's word that somebody is signed out there.
    ///
    /// - Parameter client: this site at the issuer.
    public func logout(
        _ token: String, under rules: TokenRules, for client: String, at now: Instant
    ) throws(TokenError) -> LogoutToken {
        let logout = try LogoutToken(payload(of: token, made: [.unsaid, .logoutToken]).payload)
        try rules.check(logout, for: client, at: now)
        return logout
    }

    private func payload(
        of token: String, made types: [TokenType]
    ) throws(TokenError) -> (payload: [UInt8], keys: KeySet) {
        let header = try TokenHeader(of: token)
        guard types.contains(header.type) else { throw .typeNotAllowed }
        guard let keys = keys({ $0.mightMiss(header) }) else { throw .keysUnavailable }
        let key = try keys.key(for: header)
        guard key.algorithm == header.algorithm else { throw .keyOfAnotherType }
        return (try signed(token, key), keys)
    }
}
