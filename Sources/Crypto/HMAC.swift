private import COpenSSL

/// The HMAC-SHA256 of `message` under `key`: always 32 bytes.
///
/// Source: https://docs.openssl.org/3.0/man3/HMAC/
public func hmacSHA256(key: [UInt8], message: [UInt8]) -> [UInt8] {
    precondition(!key.isEmpty, "Anyone can sign with an empty key")
    precondition(key.count <= Int32.max)

    var digest = [UInt8](repeating: 0, count: 32)
    var written: UInt32 = 0
    let result = unsafe HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &digest, &written)
    precondition(unsafe result != nil, "HMAC-SHA256 fails on no valid argument")
    precondition(written == 32)
    return digest
}

/// The SHA-256 of `message`: always 32 bytes.
public func sha256(_ message: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var written: UInt32 = 0
    let result = unsafe EVP_Digest(message, message.count, &digest, &written, EVP_sha256(), nil)
    precondition(result == 1 && written == 32, "SHA-256 fails on no valid argument")
    return digest
}

/// The SHA-256 of a message that comes piece by piece.
///
/// Source: https://docs.openssl.org/3.0/man3/EVP_DigestInit/
@safe public final class SHA256 {
    private let context: OpaquePointer

    public init() {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("SHA-256 does not start")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    public func update(_ piece: ArraySlice<UInt8>) {
        let result = unsafe piece.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        precondition(result == 1, "SHA-256 fails on no valid argument")
    }

    /// Of all so far, always 32 bytes. Only once.
    public func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        var written: UInt32 = 0
        let result = unsafe EVP_DigestFinal_ex(context, &digest, &written)
        precondition(result == 1 && written == 32, "SHA-256 is finished once")
        return digest
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
///
/// Source: https://docs.openssl.org/3.0/man3/CRYPTO_memcmp/
public func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}

/// Bytes that nobody can guess.
///
/// Source: https://docs.openssl.org/3.0/man3/RAND_bytes/
public func randomBytes(_ count: Int) -> [UInt8] {
    precondition((1...4096).contains(count))
    var bytes = [UInt8](repeating: 0, count: count)
    precondition(unsafe RAND_bytes(&bytes, Int32(count)) == 1, "The system gives no random bytes")
    return bytes
}
