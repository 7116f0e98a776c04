import JOSE
import Testing

@Suite struct JWKTests {
    /// RFC 7515, A.3: a public key on P-256.
    private static let curve = """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """

    @Test func theRFCsKeyIsRead() throws {
        let key = try JWK(json: Array(Self.curve.utf8))
        #expect(key.algorithm == .es256)
        #expect(key.keyID == nil)
    }

    /// RFC 7515, A.3.
    @Test func theRFCsTokenIsVerified() throws {
        let token = """
            eyJhbGciOiJFUzI1NiJ9.\
            eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
            DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
            """
        let payload = try JWS.verified(token, by: JWK(json: Array(Self.curve.utf8)), algorithm: .es256)
        #expect(String(decoding: payload, as: UTF8.self).hasPrefix(#"{"iss":"joe","#))
    }

    @Test(arguments: [
        ("nothing", ""), ("no JSON", "{"), ("no object", "[]"), ("no type", "{}"),
        ("a secret", #"{"kty":"oct","k":"AAAA"}"#),
        ("another curve", curve.replacing("P-256", with: "P-384")),
        ("a point beside the curve", curve.replacing("x_FE", with: "x_FF")),
        ("another type", curve.replacing("\"EC\"", with: "\"RSA\"")),
        ("a short modulus", #"{"kty":"RSA","e":"AQAB","n":"\#(String(repeating: "q", count: 171))"}"#),
        ("no modulus", #"{"kty":"RSA","e":"AQAB"}"#),
    ])
    func refuses(_ name: String, _ json: String) {
        #expect(throws: JOSEError.badKey, "\(name)") { try JWK(json: Array(json.utf8)) }
    }
}
