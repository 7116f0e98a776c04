internal import CJose

/// Verifies, and for the simulator signs, a compact JWS. What the header may hold besides is checked by the caller.
///
/// Source: https://www.rfc-editor.org/rfc/rfc7515
public enum JWS {
    /// The payload, if the token was signed under `algorithm` by `key`, whose type must be that algorithm's own.
    public static func verified(
        _ compact: String, by key: JWK, algorithm: JWSAlgorithm
    ) throws(JOSEError) -> [UInt8] {
        guard key.algorithm == algorithm else { throw .wrongKeyType }
        guard isThreeParts(compact) else { throw .malformed }
        let token = try TokenHandle(compact: compact)
        guard token.algorithm == algorithm.rawValue else { throw .wrongKeyType }
        guard token.isSigned(by: try key.handle()) else { throw .signatureMismatch }
        return try token.payload
    }

    /// The header holds `alg` by the key's type, the key's `kid` and `typ`.
    ///
    /// - Parameter type: `nil` leaves it out.
    public static func signed(
        _ payload: [UInt8], by key: JWK, type: String? = "JWT"
    ) throws(JOSEError) -> String {
        let header = try HeaderHandle()
        try header.set("alg", key.algorithm.rawValue)
        if let keyID = key.keyID { try header.set("kid", keyID) }
        if let type { try header.set("typ", type) }
        return try TokenHandle(signing: payload, by: try key.handle(), header: header).compact
    }

    /// libcjose's own decoder lets bytes outside the alphabet pass.
    private static func isThreeParts(_ compact: String) -> Bool {
        let parts = compact.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 3
            && parts.allSatisfy { part in
                !part.isEmpty && part.count % 4 != 1 && part.allSatisfy(isURLAlphabet)
            }
    }

    private static func isURLAlphabet(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        case _: false
        }
    }
}

/// A libcjose header; released with its last reference.
@safe private final class HeaderHandle {
    let pointer: OpaquePointer

    init() throws(JOSEError) {
        guard let pointer = unsafe cjose_header_new(nil) else { throw .failed }
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe cjose_header_release(pointer) }

    func set(_ name: String, _ value: String) throws(JOSEError) {
        guard unsafe cjose_header_set(pointer, name, value, nil) else { throw .failed }
    }
}

/// A libcjose token; released with it.
@safe private final class TokenHandle {
    private let pointer: OpaquePointer

    init(compact: String) throws(JOSEError) {
        guard let pointer = unsafe cjose_jws_import(compact, compact.utf8.count, nil) else { throw .malformed }
        unsafe self.pointer = unsafe pointer
    }

    init(signing payload: [UInt8], by key: KeyHandle, header: HeaderHandle) throws(JOSEError) {
        guard
            let pointer = unsafe withExtendedLifetime(
                (key, header),
                { unsafe cjose_jws_sign(key.pointer, header.pointer, payload, payload.count, nil) })
        else { throw .failed }
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe cjose_jws_release(pointer) }

    /// As the protected header names it; the header belongs to the token.
    var algorithm: String? {
        guard let header = unsafe cjose_jws_get_protected(pointer),
            let text = unsafe cjose_header_get(header, "alg", nil)
        else { return nil }
        return unsafe String(cString: text)
    }

    func isSigned(by key: KeyHandle) -> Bool {
        withExtendedLifetime(key) { unsafe cjose_jws_verify(pointer, key.pointer, nil) }
    }

    /// The bytes belong to the token: copied.
    var payload: [UInt8] {
        get throws(JOSEError) {
            var bytes: UnsafeMutablePointer<UInt8>?
            var count = 0
            guard unsafe cjose_jws_get_plaintext(pointer, &bytes, &count, nil) else { throw .failed }
            return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
        }
    }

    var compact: String {
        get throws(JOSEError) {
            var text: UnsafePointer<CChar>?
            guard unsafe cjose_jws_export(pointer, &text, nil), let text = unsafe text else { throw .failed }
            return unsafe String(cString: text)
        }
    }
}
