/// Why a key or a token was refused. Nothing of either is repeated.
public enum JOSEError: Error, Equatable, Sendable {
    /// Not a JWK, not RSA or P-256, or too short.
    case badKey
    /// The key is of another type than the algorithm, or the token names another algorithm.
    case wrongKeyType
    /// Not three parts of base64url with a header that libcjose knows.
    case malformed
    case signatureMismatch
    /// The library refused: out of memory, no randomness.
    case failed
}
