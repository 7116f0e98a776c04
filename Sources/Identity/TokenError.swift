/// Why a token was refused. The log says which; a client learns that it is not signed in.
public enum TokenError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The claims that are looked at.
    public enum Claim: String, Sendable {
        case iss, sub, aud, azp, exp, nbf, iat, nonce, sid, jti, events
        case authTime = "auth_time"
    }

    case tooLong
    case notThreeParts
    case notBase64URL
    case headerNotAnObject
    case algorithmNotAllowed
    /// A member that would have us take the key from the token, or read the token in another way.
    case headerNotAllowed(String)
    case keyIDNotAString
    /// `typ` says that it is made for something else.
    case typeNotAllowed
    case keyUnknown
    /// Several keys fit: nobody may choose among them.
    case keyAmbiguous
    case keyOfAnotherType
    /// The issuer's keys were never read: nothing is known about the token.
    case keysUnavailable
    case keyUnusable
    case signatureMismatch
    case claimsNotAnObject
    case claimMissing(Claim)
    case claimMalformed(Claim)
    /// It stands in tokens that are made for something else.
    case claimNotAllowed(Claim)
    case wrongIssuer
    case wrongAudience
    case wrongAuthorizedParty
    case wrongNonce
    case expired
    case notYetValid
    case issuedInTheFuture

    public var description: String {
        switch self {
        case .tooLong: "the token is too long"
        case .notThreeParts: "not three parts"
        case .notBase64URL: "a part is not base64url"
        case .headerNotAnObject: "the header is not a JSON object"
        case .algorithmNotAllowed: "alg is not allowed"
        case .headerNotAllowed(let name): "\(name) is not allowed in the header"
        case .keyIDNotAString: "kid is not a string"
        case .typeNotAllowed: "typ is another kind of token's"
        case .keyUnknown: "the key is not in the issuer's set"
        case .keyAmbiguous: "more than one key fits"
        case .keyOfAnotherType: "the key is of another type"
        case .keysUnavailable: "the issuer's keys could not be read"
        case .keyUnusable: "the issuer's key is not usable"
        case .signatureMismatch: "the signature does not match"
        case .claimsNotAnObject: "the claims are not a JSON object"
        case .claimMissing(let claim): "\(claim.rawValue) is missing"
        case .claimMalformed(let claim): "\(claim.rawValue) is malformed"
        case .claimNotAllowed(let claim): "\(claim.rawValue) is not allowed"
        case .wrongIssuer: "iss is another issuer"
        case .wrongAudience: "aud is not ours"
        case .wrongAuthorizedParty: "azp is not ours"
        case .wrongNonce: "nonce is another login's"
        case .expired: "expired"
        case .notYetValid: "not valid yet"
        case .issuedInTheFuture: "issued in the future"
        }
    }
}
