private import JSON

/// The public keys of the issuer that may sign tokens.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7517#section-5
public struct KeySet: Equatable, Sendable {
    public static let maximumBytes = 1 << 18

    public struct Key: Equatable, Sendable {
        public let id: String?
        /// The one algorithm that a key of this type takes part in.
        public let algorithm: TokenAlgorithm
        /// The JWK.
        public let json: [UInt8]
    }

    public let keys: [Key]

    /// Reads a JWK set. Keys for other purposes and of other types are left out.
    public init(_ bytes: [UInt8]) throws(KeySetError) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLarge }
        let json: JSON
        do { json = try JSON(bytes) } catch { throw .notJSON(error.description) }
        guard let elements = json["keys"]?.array else { throw .noSet }
        keys = elements.compactMap(Key.init)
        guard !keys.isEmpty else { throw .noUsableKey }
    }

    /// The key that the header names, or the only one of its type if it names none.
    public func key(for header: TokenHeader) throws(TokenError) -> Key {
        let named = keys.filter { key in
            guard let id = header.keyID else { return true }
            return key.id.map { $0.utf8.elementsEqual(id.utf8) } ?? false
        }
        let fitting = named.filter { $0.algorithm == header.algorithm }
        guard let key = fitting.first else { throw named.isEmpty ? .keyUnknown : .keyOfAnotherType }
        guard fitting.count == 1 else { throw .keyAmbiguous }
        return key
    }

    /// Whether a newer set might hold what this one does not.
    public func mightMiss(_ header: TokenHeader) -> Bool {
        do {
            _ = try key(for: header)
            return false
        } catch {
            return error == .keyUnknown
        }
    }
}

extension KeySet.Key {
    fileprivate init?(_ json: JSON) {
        let algorithm: TokenAlgorithm
        if json["kty"] == "RSA" {
            algorithm = .rs256
        } else if json["kty"] == "EC", json["crv"] == "P-256" {
            algorithm = .es256
        } else {
            return nil
        }
        guard json["use"].map({ $0 == "sig" }) ?? true,
            json["alg"].map({ $0 == .string(algorithm.rawValue) }) ?? true
        else { return nil }
        self.init(id: json["kid"]?.string, algorithm: algorithm, json: json.bytes)
    }
}

/// Why a text is no key set. The text is left out.
public enum KeySetError: Error, Equatable, Sendable, CustomStringConvertible {
    case tooLarge
    case notJSON(String)
    case noSet
    case noUsableKey

    public var description: String {
        switch self {
        case .tooLarge: "larger than \(KeySet.maximumBytes) bytes"
        case .notJSON(let reason): "not JSON: \(reason)"
        case .noSet: "keys is missing"
        case .noUsableKey: "no RSA or P-256 key for signatures"
        }
    }
}
