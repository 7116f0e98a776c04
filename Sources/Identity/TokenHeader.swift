private import Core
private import Crypto
internal import JSON

/// The two signatures that are accepted.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
public enum TokenAlgorithm: String, CaseIterable, Sendable {
    case rs256 = "RS256", es256 = "ES256"

    fileprivate init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else { return nil }
        self = found
    }
}

/// What a token says that it is. A media type has no case, and its `application/` may be left out.
///
/// Sources:
/// - https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9
/// - https://www.rfc-editor.org/rfc/rfc9068#section-2.1
/// - https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken
public enum TokenType: Equatable, Sendable {
    case unsaid, jwt, accessToken, logoutToken

    /// `nil` for every other type: a token that is something else is never taken for one of these.
    fileprivate init?(_ text: String) {
        // A longer one is none of these: nothing else is done with it.
        guard text.utf8.count <= 64 else { return nil }
        let bytes = text.utf8.lowercasedASCII
        let prefix = Array("application/".utf8)
        let name = bytes.starts(with: prefix) ? bytes.dropFirst(prefix.count) : bytes[...]
        if name.elementsEqual("jwt".utf8) {
            self = .jwt
        } else if name.elementsEqual("at+jwt".utf8) {
            self = .accessToken
        } else if name.elementsEqual("logout+jwt".utf8) {
            self = .logoutToken
        } else {
            return nil
        }
    }
}

/// What a token says about its own signature, read before any of it is believed.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7515#section-4
public struct TokenHeader: Equatable, Sendable {
    public static let maximumTokenBytes = 8192

    public let algorithm: TokenAlgorithm
    /// Compared with the ids of known keys and used for nothing else.
    public let keyID: String?
    public let type: TokenType

    /// The members by which others have been made to take the sender's key, or to read something else than was signed.
    private static let refused = ["crit", "jku", "x5u", "jwk", "x5c", "b64"]

    public init(algorithm: TokenAlgorithm, keyID: String?, type: TokenType = .unsaid) {
        self.algorithm = algorithm
        self.keyID = keyID
        self.type = type
    }

    /// - Parameter token: in the compact form: header, claims and signature.
    public init(of token: String) throws(TokenError) {
        guard token.utf8.count <= Self.maximumTokenBytes else { throw .tooLong }
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { throw .notThreeParts }
        let decoded = parts.compactMap { Base64.urlDecoded(String(Substring($0))) }
        guard decoded.count == 3 else { throw .notBase64URL }
        guard let header = try? JSON(decoded[0]), header.members != nil else { throw .headerNotAnObject }

        guard let algorithm = header["alg"]?.string.flatMap(TokenAlgorithm.init(name:)) else {
            throw .algorithmNotAllowed
        }
        if let name = Self.refused.first(where: { header.member(named: $0) != nil }) {
            throw .headerNotAllowed(name)
        }
        let keyID = header.member(named: "kid")
        guard keyID == nil || keyID?.string != nil else { throw .keyIDNotAString }
        self.init(algorithm: algorithm, keyID: keyID?.string, type: try Self.type(header.member(named: "typ")))
    }

    private static func type(_ value: JSON?) throws(TokenError) -> TokenType {
        guard let value else { return .unsaid }
        guard let type = value.string.flatMap(TokenType.init) else { throw .typeNotAllowed }
        return type
    }
}
