import Core
import Identity
import Testing

@Suite struct TokenKeySetTests {
    @Test(arguments: [
        ("", KeySetError.notJSON("ends early at byte 0")), ("[]", .noSet), (#"{"keys":{}}"#, .noSet),
        (#"{"keys":[]}"#, .noUsableKey), (#"{"keys":[1,null,{}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"EC","crv":"P-384","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","use":"enc","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","alg":"RS512","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","kid":"a"}],"keys":[]}"#, .notJSON("a name stands twice at byte 40")),
    ])
    func aSetWithoutAUsableKeyIsRefused(_ text: String, _ error: KeySetError) {
        #expect(throws: error) { try KeySet(Array(text.utf8)) }
    }

    @Test func aSetThatIsTooLargeIsRefused() {
        #expect(throws: KeySetError.tooLarge) { try KeySet([UInt8](repeating: 0x20, count: KeySet.maximumBytes + 1)) }
    }

    @Test func whatIsNotForSignaturesIsLeftOut() throws {
        let text = #"{"keys":[{"kty":"OKP","kid":"a"},{"kty":"RSA","use":"sig","alg":"RS256","kid":"b"}],"x":1}"#
        #expect(try KeySet(Array(text.utf8)).keys.map(\.id) == ["b"])
    }
}
