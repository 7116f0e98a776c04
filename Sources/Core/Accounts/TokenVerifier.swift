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
        let header = try TokenHeader(of: token)
        let key = try key(header)
        guard key.algorithm == header.algorithm else { throw .keyOfAnotherType }
        let claims = try TokenClaims(signed(token, key))
        try rules.check(claims, at: now)
        return claims
    }
}
