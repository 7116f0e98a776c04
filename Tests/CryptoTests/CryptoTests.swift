import Crypto
import Testing

@Suite struct HMACTests {
    struct Vector: Sendable {
        let key: [UInt8]
        let message: [UInt8]
        let digest: String

        init(_ key: [UInt8], _ message: [UInt8], _ digest: String) {
            (self.key, self.message, self.digest) = (key, message, digest)
        }
    }

    /// Source: https://www.rfc-editor.org/rfc/rfc4231#section-4 (case 5 is cut to 128 bits there)
    @Test(arguments: [
        Vector(
            [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            Array(1...25), [UInt8](repeating: 0xCD, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            [UInt8](repeating: 0xAA, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        Vector(
            [UInt8](repeating: 0xAA, count: 131),
            Array(
                """
                This is a test using a larger than block-size key and a larger than block-size data. The key needs \
                to be hashed before being used by the HMAC algorithm.
                """.utf8), "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
    ])
    func agreesWithTheStandard(_ vector: Vector) {
        #expect(hexadecimal(hmacSHA256(key: vector.key, message: vector.message)) == vector.digest)
    }

    /// Source: https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func hashesAsTheStandardSays(_ text: String, _ digest: String) {
        #expect(hexadecimal(sha256(Array(text.utf8))) == digest)
    }

    @Test(arguments: [0, 1, 63, 64, 65, 1000])
    func thePiecesOfAMessageHashAsTheWhole(_ count: Int) {
        let message = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        for pieceBytes in [1, 3, 64, 1000] {
            let hash = SHA256()
            for start in stride(from: 0, to: count, by: pieceBytes) {
                hash.update(message[start..<min(start + pieceBytes, count)])
            }
            hash.update([])
            #expect(hash.finish() == sha256(message))
        }
    }

    @Test(arguments: [
        ([], [], true), ([1], [1], true), ([1], [2], false), ([1], [1, 1], false), ([1, 2, 3], [1, 2, 4], false),
        ([0, 2, 3], [1, 2, 3], false), ([], [0], false),
    ])
    func comparesWholeByteStrings(_ left: [UInt8], _ right: [UInt8], _ areEqual: Bool) {
        #expect(constantTimeEqual(left, right) == areEqual)
    }

    @Test func randomBytesDoNotComeTwice() {
        let drawn = Set((0..<1000).map { _ in randomBytes(16) })
        #expect(drawn.count == 1000)
        #expect(drawn.allSatisfy { $0.count == 16 })
    }
}

@Suite struct Base64Tests {
    @Test(
        arguments: [
            ("", []), ("Zg==", Array("f".utf8)), ("Zm8=", Array("fo".utf8)), ("Zm9v", Array("foo".utf8)),
            ("Zm9vYg==", Array("foob".utf8)), ("+/+/", [0xFB, 0xFF, 0xBF]), ("AAA=", [0, 0]),
        ] as [(String, [UInt8])])
    func readsAndWrites(_ text: String, _ bytes: [UInt8]) {
        #expect(Base64.decoded(text) == bytes)
        #expect(Base64.encoded(bytes) == text)
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "=", "====", "Z", "Zm9vY", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9v\r\n", "-_-_", "Zm9!",
        "Zg==Zg==",
        "Zh==", "Zm9=", "\u{FF21}AAA", "AAA=A", "Zm9v\0",
    ])
    func refuses(_ text: String) { #expect(Base64.decoded(text) == nil) }

    @Test(
        arguments: [
            ("", []), ("Zg", Array("f".utf8)), ("Zm8", Array("fo".utf8)), ("-_-_", [0xFB, 0xFF, 0xBF]),
        ] as [(String, [UInt8])])
    func readsAndWritesForURLs(_ text: String, _ bytes: [UInt8]) {
        #expect(Base64.urlDecoded(text) == bytes)
        #expect(Base64.urlEncoded(bytes) == text)
    }

    @Test(arguments: ["Zg==", "+/+/", "Z", "Zh", "Zg=", "Zm9v\n", "a b"])
    func refusesForURLs(_ text: String) { #expect(Base64.urlDecoded(text) == nil) }

    @Test func strayBitsPassOnlyWhereTheyMay() {
        #expect(Base64.decodedWithStrayBits("Zh==") == Array("f".utf8))
        #expect(Base64.decodedWithStrayBits("Zg==\n") == nil)
        #expect(Base64.decodedWithStrayBits("Zg") == nil)
    }

    @Test func everyByteIsTwoDigits() {
        #expect(hexadecimal([0, 9, 10, 255]) == "00090aff")
    }
}
