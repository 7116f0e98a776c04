public import Core
internal import JSON

/// What the issuer says of a person, out of a token whose signature was checked.
///
/// Sources:
/// - https://www.rfc-editor.org/rfc/rfc7519#section-4.1
/// - https://openid.net/specs/openid-connect-core-1_0.html#IDToken
public struct TokenClaims: Equatable, Sendable {
    public let issuer: String
    public let profile: Profile
    public let audiences: [String]
    public let authorizedParty: String?
    public let expires: Instant
    public let notBefore: Instant?
    public let issuedAt: Instant?
    public let nonce: String?
    /// The issuer's own session, where it names one: its logout names it too.
    public let sessionID: String?
    /// When the person last proved who it is, where the issuer says so.
    public let authenticatedAt: Instant?

    public init(_ payload: [UInt8]) throws(TokenError) {
        guard let json = try? JSON(payload), json.members != nil else { throw .claimsNotAnObject }
        // A logout token, or another that tells of an event (RFC 8417), lets nobody in.
        guard json.member(named: TokenError.Claim.events.rawValue) == nil else { throw .claimNotAllowed(.events) }
        guard let issuer = try Self.text(.iss, in: json) else { throw .claimMissing(.iss) }
        guard let subject = try Self.text(.sub, in: json) else { throw .claimMissing(.sub) }
        guard let user = Self.user(subject) else { throw .claimMalformed(.sub) }
        guard let expires = try Self.time(.exp, in: json) else { throw .claimMissing(.exp) }
        self.issuer = issuer
        self.expires = expires
        profile = Profile(
            user: user, email: json["email"]?.string, name: json["name"]?.string,
            proof: EmailProof(claim: json["email_verified"]))
        audiences = try Self.audiences(in: json)
        authorizedParty = try Self.text(.azp, in: json)
        notBefore = try Self.time(.nbf, in: json)
        issuedAt = try Self.time(.iat, in: json)
        nonce = try Self.text(.nonce, in: json)
        sessionID = json["sid"]?.string
        authenticatedAt = try Self.time(.authTime, in: json)
    }

    static func text(_ claim: TokenError.Claim, in json: JSON) throws(TokenError) -> String? {
        guard let value = json[claim.rawValue] else { return nil }
        guard let text = value.string else { throw .claimMalformed(claim) }
        return text
    }

    /// nginx takes spaces off the ends of a header: ` ada` and `ada` would become one person.
    static func user(_ subject: String) -> UserID? {
        let space = UInt8(ascii: " ")
        let isTrimmed = subject.utf8.first != space && subject.utf8.last != space
        return isTrimmed && PlainText.isPlain(subject) ? UserID(subject) : nil
    }

    /// Whole or decimal seconds since 1970, up to the year 9999.
    static func time(_ claim: TokenError.Claim, in json: JSON) throws(TokenError) -> Instant? {
        guard let value = json[claim.rawValue] else { return nil }
        let seconds: Double? =
            switch value {
            case .integer(let whole): Double(whole)
            case .decimal(let written): Double(written)
            case .null, .bool, .string, .array, .object: nil
            }
        guard let seconds, (0...253_402_300_799).contains(seconds) else { throw .claimMalformed(claim) }
        return Instant(rawValue: Int64(seconds * 1000))
    }

    static func audiences(in json: JSON) throws(TokenError) -> [String] {
        guard let value = json["aud"] else { return [] }
        if let one = value.string { return [one] }
        let several = value.array?.compactMap(\.string)
        guard let several, several.count == value.array?.count else { throw .claimMalformed(.aud) }
        return several
    }
}

extension EmailProof {
    init(claim: JSON?) {
        guard let claim else {
            self = .unclaimed
            return
        }
        // As a string in the tokens of some issuers, such as Cognito.
        self = claim == true || claim == "true" ? .verified : .unverified
    }
}
