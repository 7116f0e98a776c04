public import Core
private import Crypto
private import JSON

/// What is remembered between the way to the issuer and the way back, in the browser's own cookie: a request by nobody
/// in particular writes no row. The cookie is signed: nobody brings one of a login that was not begun here.
///
/// Sources:
/// - https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
/// - https://www.rfc-editor.org/rfc/rfc7636
public struct LoginAttempt: Equatable, Sendable {
    public static let lifetime = Duration.seconds(600)

    /// Comes back with the code: the login was begun in this browser.
    public let state: String
    /// Comes back inside the ID token: it was made for this login.
    public let nonce: String
    /// Whoever steals the code cannot use it without this.
    public let verifier: String
    public let returnTo: LocalPath
    /// The issuer was asked to have the person prove who it is, whatever it knows.
    public let isAnew: Bool
    public let begunAt: Instant

    public init(returnTo: LocalPath, anew: Bool = false, at now: Instant, random: (Int) -> [UInt8]) {
        isAnew = anew
        state = Base64.urlEncoded(random(32))
        nonce = Base64.urlEncoded(random(32))
        verifier = Base64.urlEncoded(random(32))
        self.returnTo = returnTo
        begunAt = now
    }

    /// `nil` unless it was signed with our key within the ``lifetime``. Nothing of it is read before that.
    public init?(cookie: String, key: LoginKey, at now: Instant) {
        let parts = cookie.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard cookie.utf8.count <= Self.longestCookie, parts.count == 2,
            constantTimeEqual(Array(parts[1]), Array(key.signature(of: Array(parts[0])).utf8)),
            let bytes = Base64.urlDecoded(String(decoding: parts[0], as: UTF8.self)), let json = try? JSON(bytes),
            let state = json["state"]?.string, let nonce = json["nonce"]?.string,
            let verifier = json["verifier"]?.string, let returnTo = json["return_to"]?.string.flatMap(LocalPath.init),
            let begun = json["begun_ms"]?.integer.map(Instant.init(rawValue:)),
            // What was begun in the future was begun by another clock.
            (.zero...Self.lifetime).contains(begun.distance(to: now))
        else { return nil }
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
        self.returnTo = returnTo
        isAnew = json["anew"]?.bool ?? false
        begunAt = begun
    }

    /// Browsers keep no longer one.
    private static let longestCookie = 4096

    /// The JSON as base64url, a dot, and the signature over what stands before the dot.
    public func cookie(key: LoginKey) -> String {
        let json: JSON = [
            "state": .string(state), "nonce": .string(nonce), "verifier": .string(verifier),
            "return_to": .string(returnTo.text), "begun_ms": .integer(begunAt.rawValue),
            "anew": .bool(isAnew),
        ]
        let text = Base64.urlEncoded(json.bytes)
        return "\(text).\(key.signature(of: Array(text.utf8)))"
    }

    /// The S256 challenge of the verifier.
    public var challenge: String { Base64.urlEncoded(sha256(Array(verifier.utf8))) }

    public func isAnswered(by state: String) -> Bool {
        constantTimeEqual(Array(state.utf8), Array(self.state.utf8))
    }
}
