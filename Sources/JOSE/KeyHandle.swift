internal import CJose

/// A libcjose key for one operation; released with it.
@safe final class KeyHandle {
    let pointer: OpaquePointer

    init(json: [UInt8]) throws(JOSEError) {
        let imported = unsafe json.withUnsafeBytes { bytes in
            unsafe cjose_jwk_import(bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count, nil)
        }
        guard let pointer = unsafe imported else { throw .badKey }
        unsafe self.pointer = unsafe pointer
    }

    init(random algorithm: JWSAlgorithm, bits: Int) throws(JOSEError) {
        let exponent: [UInt8] = [1, 0, 1]
        let made: OpaquePointer? =
            switch algorithm {
            case .rs256: unsafe cjose_jwk_create_RSA_random(bits, exponent, exponent.count, nil)
            case .es256: unsafe cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nil)
            }
        guard let pointer = unsafe made else { throw .failed }
        unsafe self.pointer = unsafe pointer
    }

    deinit { _ = unsafe cjose_jwk_release(pointer) }

    var type: cjose_jwk_kty_t { unsafe cjose_jwk_get_kty(pointer, nil) }

    /// Of the modulus, for RSA.
    var bits: Int { unsafe cjose_jwk_get_keysize(pointer, nil) }

    var isP256: Bool { unsafe cjose_jwk_EC_get_curve(pointer, nil) == CJOSE_JWK_EC_P_256 }

    var keyID: String? {
        guard let text = unsafe cjose_jwk_get_kid(pointer, nil) else { return nil }
        return unsafe String(cString: text)
    }

    func setKeyID(_ keyID: String) throws(JOSEError) {
        guard unsafe cjose_jwk_set_kid(pointer, keyID, keyID.utf8.count, nil) else { throw .failed }
    }

    func exported(withPrivatePart: Bool) throws(JOSEError) -> [UInt8] {
        guard let text = unsafe cjose_jwk_to_json(pointer, withPrivatePart, nil) else { throw .failed }
        defer { unsafe credits_jose_free(text) }
        return Array(unsafe String(cString: text).utf8)
    }
}
