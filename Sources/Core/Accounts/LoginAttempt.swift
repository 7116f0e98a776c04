private import Crypto
private import JSON

/// What is remembered between the way to the issuer and the way back, in the browser's own cookie: a request by nobody
/// in particular writes no row.
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

    public init(returnTo: LocalPath, random: (Int) -> [UInt8]) {
        state = Base64.urlEncoded(random(32))
        nonce = Base64.urlEncoded(random(32))
        verifier = Base64.urlEncoded(random(32))
        self.returnTo = returnTo
    }

    public init?(cookie: String) {
        guard let bytes = Base64.urlDecoded(cookie), let json = try? JSON(bytes),
            let state = json["state"]?.string, let nonce = json["nonce"]?.string,
            let verifier = json["verifier"]?.string, let returnTo = json["return_to"]?.string.flatMap(LocalPath.init),
            // An empty one would match what somebody else left empty.
            [state, nonce, verifier].allSatisfy({ Base64.urlDecoded($0)?.count == 32 })
        else { return nil }
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
        self.returnTo = returnTo
    }

    public var cookie: String {
        let json: JSON = [
            "state": .string(state), "nonce": .string(nonce), "verifier": .string(verifier),
            "return_to": .string(returnTo.text),
        ]
        return Base64.urlEncoded(json.bytes)
    }

    /// The S256 challenge of the verifier.
    public var challenge: String { Base64.urlEncoded(sha256(Array(verifier.utf8))) }

    public func isAnswered(by state: String) -> Bool {
        constantTimeEqual(Array(state.utf8), Array(self.state.utf8))
    }
}
