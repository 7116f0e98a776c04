import Core
import Crypto
import Identity
import JOSE
import JSON

/// A token that is accepted; each case spoils it in one way.
struct TokenAttempt {
    static let now = Instant(unixSeconds: 1_700_000_000)
    static let rules = TokenRules(issuer: "https://issuer.example", audience: "api", authorizedParties: ["app", "cli"])

    /// Made once: a key of RSA takes a tenth of a second.
    static let rsa = generated(.rs256, "rsa-1")
    static let curve = generated(.es256, "ec-1")
    static let stranger = generated(.rs256, "rsa-1")
    /// Without a `kid`: the key of RFC 7515, A.3.
    static let nameless = read(
        """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmC-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}
        """)
    static let set = keySet([rsa, curve])

    var key = rsa
    /// Names and values as JSON writes them, in their order.
    var claims = [
        ("iss", #""https://issuer.example""#), ("sub", #""ada""#), ("aud", #""api""#), ("azp", #""app""#),
        ("exp", "1700000300"), ("nbf", "1699999990"), ("iat", "1699999990"), ("sid", #""session-1""#),
        ("email", #""ada@example.com""#), ("name", #""Ada Lovelace""#),
    ]
    /// Instead of the header that was signed.
    var header: String?
    /// Done to the finished text.
    var edit: (String) -> String = { $0 }
    var rules = Self.rules
    var set = Self.set

    subscript(claim: String) -> String? {
        get { claims.first { $0.0 == claim }?.1 }
        set {
            claims.removeAll { $0.0 == claim }
            if let newValue { claims.append((claim, newValue)) }
        }
    }

    var payload: String { "{" + claims.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}" }

    /// In the header that was signed.
    var type: String? = "JWT"

    func token() throws -> String {
        let signed = try JWS.signed(Array(payload.utf8), by: key, type: type)
        guard let header else { return edit(signed) }
        let rest = signed.drop { $0 != "." }
        return edit(Base64.urlEncoded(Array(header.utf8)) + rest)
    }

    func verify() throws(TokenError) -> TokenClaims {
        let token: String
        do { token = try self.token() } catch { preconditionFailure("\(error)") }
        let set = set
        let verifier = TokenVerifier(
            keys: { _ in set }, signed: Self.checkSignature)
        return try verifier.claims(of: token, under: rules, at: Self.now)
    }

    func logout() throws(TokenError) -> LogoutToken {
        let token: String
        do { token = try self.token() } catch { preconditionFailure("\(error)") }
        let set = set
        let verifier = TokenVerifier(
            keys: { _ in set }, signed: Self.checkSignature)
        return try verifier.logout(token, under: rules, for: "client", at: Self.now)
    }

    static func checkSignature(of token: String, by key: KeySet.Key) throws(TokenError) -> [UInt8] {
        do throws(JOSEError) {
            let algorithm: JWSAlgorithm = key.algorithm == .rs256 ? .rs256 : .es256
            return try JWS.verified(token, by: JWK(json: key.json), algorithm: algorithm)
        } catch {
            throw error == .badKey ? .keyUnusable : .signatureMismatch
        }
    }

    static func keySet(_ keys: [JWK]) -> KeySet {
        let json = "{\"keys\":[" + keys.map { String(decoding: $0.publicJSON, as: UTF8.self) }.joined(separator: ",")
        do { return try KeySet(Array((json + "]}").utf8)) } catch { preconditionFailure("\(error)") }
    }

    static func generated(_ algorithm: JWSAlgorithm, _ keyID: String) -> JWK {
        do { return try JWK.generate(algorithm, keyID: keyID) } catch { preconditionFailure("\(error)") }
    }

    private static func read(_ json: String) -> JWK {
        do { return try JWK(json: Array(json.utf8)) } catch { preconditionFailure("\(error)") }
    }

    /// Signed with an HMAC whose key is the public key, which everybody knows.
    static func hmac(_ token: String, key: [UInt8], algorithm: String = "HS256") -> String {
        let payload = token.split(separator: ".")[1]
        let message = Base64.urlEncoded(Array(#"{"alg":"\#(algorithm)","kid":"rsa-1"}"#.utf8)) + "." + payload
        return message + "." + Base64.urlEncoded(hmacSHA256(key: key, message: Array(message.utf8)))
    }
}
