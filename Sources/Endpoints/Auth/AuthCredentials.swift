internal import Core
internal import HTTP
internal import Identity

/// Somebody who has shown who they are.
struct Identified: Equatable {
    enum Credential: Equatable {
        /// A token in a header: no browser sends one by itself.
        case bearer
        /// Browsers send cookies by themselves, whichever site asks them to.
        case cookie(SessionIdentity)
    }

    let profile: Profile
    let credential: Credential
    /// Where the credential is one of ours.
    var session: Session?
}

/// Why nobody was found.
enum IdentificationError: Error, Equatable {
    case nobody
    /// An `Authorization` header that is not `Bearer` and a token.
    case notABearer
    case badToken(TokenError)
    case notRead(StoreError)
}

extension Auth {
    /// The header, else our own session, else the issuer's cookie. A header that is bad is not made good by a cookie: a
    /// program that sends one means that one.
    func identify(_ request: Request, at now: Instant) throws(IdentificationError) -> Identified {
        if let authorization = request.headers["authorization"] {
            let claims = try claims(of: Self.bearer(authorization), at: now)
            return Identified(profile: judged(claims, at: now), credential: .bearer)
        }
        let cookies = Cookies(header: request.headers["cookie"])
        if let (token, session) = try session(in: cookies, at: now) {
            return Identified(
                profile: session.profile, credential: .cookie(.own(token.hash)), session: session)
        }
        guard let token = cookies[site.issuerCookie], !token.isEmpty else { throw .nobody }
        let claims = try claims(of: token, at: now)
        return Identified(
            profile: judged(claims, at: now),
            credential: .cookie(.issuer(sessionID: claims.sessionID, user: claims.profile.user)))
    }

    /// A token without a word on the address counts for less where the issuer's others have one.
    func judged(_ claims: TokenClaims, at now: Instant) -> Profile {
        tokens.emailClaims.judged(claims.profile, at: now)
    }

    func sessionToken(in cookies: Cookies) -> SessionToken? {
        cookies[site.sessionCookie].flatMap(SessionToken.init(cookie:))
    }

    private func session(
        in cookies: Cookies, at now: Instant
    ) throws(IdentificationError) -> (SessionToken, Session)? {
        guard let token = sessionToken(in: cookies) else { return nil }
        do {
            return try sessions.kept.find(token, at: now).map { (token, $0) }
        } catch {
            throw .notRead(error)
        }
    }

    private func claims(of token: String, at now: Instant) throws(IdentificationError) -> TokenClaims {
        do { return try tokens.verifier.claims(of: token, under: tokens.rules, at: now) } catch {
            throw .badToken(error)
        }
    }

    /// The scheme's name in any case, one space, and nothing that is no token.
    ///
    /// Source: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
    private static func bearer(_ authorization: String) throws(IdentificationError) -> String {
        let parts = authorization.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].map({ $0 | 0x20 }).elementsEqual("bearer".utf8), !parts[1].isEmpty else {
            throw .notABearer
        }
        return String(Substring(parts[1]))
    }
}
