private import Core
private import JSON

/// Where the issuer's login is, as the issuer itself says.
///
/// Source: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
public struct IssuerConfiguration: Equatable, Sendable {
    public let authorizationEndpoint: String
    public let tokenEndpoint: String
    public let endSessionEndpoint: String?

    /// Reads the document. Its `issuer` must be the one that was asked for, its addresses `https` or of this machine.
    public init(_ bytes: [UInt8], of issuer: String) throws(IssuerConfigurationError) {
        guard let json = try? JSON(bytes), json.members != nil else { throw .notAnObject }
        guard let named = json["issuer"]?.string, named.utf8.elementsEqual(issuer.utf8) else { throw .otherIssuer }
        guard let authorization = json["authorization_endpoint"]?.string.flatMap(Self.address) else {
            throw .badAddress("authorization_endpoint")
        }
        guard let token = json["token_endpoint"]?.string.flatMap(Self.address) else {
            throw .badAddress("token_endpoint")
        }
        authorizationEndpoint = authorization
        tokenEndpoint = token
        endSessionEndpoint = json["end_session_endpoint"]?.string.flatMap(Self.address)
    }

    /// Without the slash at the issuer's end, if it has one.
    public static func address(ofIssuer issuer: String) -> String {
        (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/.well-known/openid-configuration"
    }

    private static func address(_ text: String) -> String? {
        EnvironmentReader.isAddress(text) && !text.contains("#") ? text : nil
    }
}

public enum IssuerConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    case notAnObject
    case otherIssuer
    case badAddress(String)

    public var description: String {
        switch self {
        case .notAnObject: "not a JSON object"
        case .otherIssuer: "issuer is not AUTH_ISSUER"
        case .badAddress(let name): "\(name) is not an https address"
        }
    }
}
