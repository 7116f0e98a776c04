private import Crypto
private import JSON

/// The two signatures that are accepted.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
public enum TokenAlgorithm: String, Sendable {
    case rs256 = "RS256", es256 = "ES256"
}

/// What a token says about its own signature, read before any of it is believed.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7515#section-4
public struct TokenHeader: Equatable, Sendable {
    public static let maximumTokenBytes = 8192

    public let algorithm: TokenAlgorithm
    /// Compared with the ids of known keys and used for nothing else.
    public let keyID: String?

    /// The members by which others have been made to take the sender's key, or to read something else than was signed.
    private static let refused = ["crit", "jku", "x5u", "jwk", "x5c", "b64"]

    public init(algorithm: TokenAlgorithm, keyID: String?) {
        self.algorithm = algorithm
        self.keyID = keyID
    }

    /// - Parameter token: in the compact form: header, claims and signature.
    public init(of token: String) throws(TokenError) {
        guard token.utf8.count <= Self.maximumTokenBytes else { throw .tooLong }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { throw .notThreeParts }
        let decoded = parts.compactMap { Base64.urlDecoded(String($0)) }
        guard decoded.count == 3 else { throw .notBase64URL }
        guard let header = try? JSON(decoded[0]), let members = header.members else { throw .headerNotAnObject }

        guard let algorithm = header["alg"]?.string.flatMap(TokenAlgorithm.init) else { throw .algorithmNotAllowed }
        if let name = Self.refused.first(where: { name in members.contains { $0.name == name } }) {
            throw .headerNotAllowed(name)
        }
        let keyID = members.first { $0.name == "kid" }?.value
        guard keyID == nil || keyID?.string != nil else { throw .keyIDNotAString }
        self.init(algorithm: algorithm, keyID: keyID?.string)
    }
}
