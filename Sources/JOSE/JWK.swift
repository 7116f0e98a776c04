private import CJose

/// The two signatures that the product accepts.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
public enum JWSAlgorithm: String, Sendable {
    case rs256 = "RS256", es256 = "ES256"
}

/// An RSA key of at least 2048 bit, or one on P-256; public or with its private part.
///
/// It keeps the text: libcjose's handle counts its references without a lock, so each operation makes one of its own.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7517
public struct JWK: Sendable {
    /// As given, with the private part if there is one: to be kept, never to be shown.
    public let json: [UInt8]
    public let keyID: String?
    /// The one algorithm that a key of this type takes part in.
    public let algorithm: JWSAlgorithm
    /// Without the private part.
    public let publicJSON: [UInt8]

    /// The lower bound of NIST SP 800-57 and of RFC 7518, 3.3.
    private static let minimumRSABits = 2048

    public init(json: [UInt8]) throws(JOSEError) {
        let handle = try KeyHandle(json: json)
        self.json = json
        keyID = handle.keyID
        algorithm = try Self.algorithm(of: handle)
        publicJSON = try handle.exported(withPrivatePart: false)
    }

    public static func generate(_ algorithm: JWSAlgorithm, keyID: String) throws(JOSEError) -> JWK {
        let handle = try KeyHandle(random: algorithm, bits: minimumRSABits)
        try handle.setKeyID(keyID)
        return try JWK(json: handle.exported(withPrivatePart: true))
    }

    func handle() throws(JOSEError) -> KeyHandle { try KeyHandle(json: json) }

    private static func algorithm(of handle: KeyHandle) throws(JOSEError) -> JWSAlgorithm {
        switch handle.type {
        case CJOSE_JWK_KTY_RSA where handle.bits >= minimumRSABits: .rs256
        case CJOSE_JWK_KTY_EC where handle.isP256: .es256
        case _: throw .badKey
        }
    }
}
