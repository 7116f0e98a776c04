import Crypto
import JOSE
import Testing

@Suite struct JWSTests {
    private static let payload = Array(#"{"sub":"ada"}"#.utf8)

    @Test(arguments: [JWSAlgorithm.rs256, .es256]) func whatAKeySignsItVerifies(algorithm: JWSAlgorithm) throws {
        let key = try JWK.generate(algorithm, keyID: "k1")
        let token = try JWS.signed(Self.payload, by: key)
        let published = try JWK(json: key.publicJSON)
        #expect(published.keyID == "k1")
        #expect(published.algorithm == algorithm)
        #expect(try JWS.verified(token, by: published, algorithm: algorithm) == Self.payload)
        let header = try #require(Base64.urlDecoded(String(token.prefix { $0 != "." })))
        let text = String(decoding: header, as: UTF8.self)
        #expect(text.contains(#""alg":"\#(algorithm.rawValue)""#))
        #expect(text.contains(#""kid":"k1""#) && text.contains(#""typ":"JWT""#))
    }

    @Test(arguments: [JWSAlgorithm.rs256, .es256]) func thePublicPartHoldsNoPrivateOne(algorithm: JWSAlgorithm) throws {
        let text = String(decoding: try JWK.generate(algorithm, keyID: "k").publicJSON, as: UTF8.self)
        for name in ["d", "p", "q", "dp", "dq", "qi"] { #expect(!text.contains(#""\#(name)":"#)) }
    }

    @Test(arguments: [JWSAlgorithm.rs256, .es256]) func anotherKeySignedNothing(algorithm: JWSAlgorithm) throws {
        let token = try JWS.signed(Self.payload, by: .generate(algorithm, keyID: "k"))
        let other = try JWK.generate(algorithm, keyID: "k")
        #expect(throws: JOSEError.signatureMismatch) { try JWS.verified(token, by: other, algorithm: algorithm) }
    }

    @Test(arguments: [JWSAlgorithm.rs256, .es256]) func everyFlippedCharacterShows(algorithm: JWSAlgorithm) throws {
        let key = try JWK.generate(algorithm, keyID: "k")
        let token = Array(try JWS.signed(Self.payload, by: key).utf8)
        // Steps of 5: each part is met, and RSA is slow. The last character of a part may hold bits that count for nothing.
        for index in stride(from: 0, to: token.count - 1, by: 5) where !isLastOfItsPart(index, in: token) {
            var flipped = token
            flipped[index] = flipped[index] == UInt8(ascii: "A") ? UInt8(ascii: "Q") : UInt8(ascii: "A")
            if flipped == token { continue }
            let text = String(decoding: flipped, as: UTF8.self)
            #expect(throws: JOSEError.self, "at \(index)") {
                try JWS.verified(text, by: key, algorithm: algorithm)
            }
        }
    }

    private func isLastOfItsPart(_ index: Int, in token: [UInt8]) -> Bool {
        index == token.count - 1 || token[index + 1] == UInt8(ascii: ".") || token[index] == UInt8(ascii: ".")
    }

    @Test func aKeyTakesPartInItsOwnAlgorithmAlone() throws {
        let rsa = try JWK.generate(.rs256, keyID: "k")
        let curve = try JWK.generate(.es256, keyID: "k")
        let token = try JWS.signed(Self.payload, by: rsa)
        #expect(throws: JOSEError.wrongKeyType) { try JWS.verified(token, by: rsa, algorithm: .es256) }
        #expect(throws: JOSEError.wrongKeyType) { try JWS.verified(token, by: curve, algorithm: .rs256) }
        #expect(throws: JOSEError.wrongKeyType) { try JWS.verified(token, by: curve, algorithm: .es256) }
    }

    @Test(arguments: ["HS256", "HS512", "PS256", "RS512", "ES256"])
    func theHeaderCannotChooseAnotherAlgorithm(name: String) throws {
        let key = try JWK.generate(.rs256, keyID: "k")
        let head = Base64.urlEncoded(Array(#"{"alg":"\#(name)"}"#.utf8)) + "." + Base64.urlEncoded(Self.payload)
        let signature = hmacSHA256(key: key.publicJSON, message: Array(head.utf8))
        #expect(throws: JOSEError.wrongKeyType) {
            try JWS.verified(head + "." + Base64.urlEncoded(signature), by: key, algorithm: .rs256)
        }
    }

    @Test(arguments: ["none", "None", "nOnE", ""]) func anUnsignedTokenIsNone(name: String) throws {
        let key = try JWK.generate(.rs256, keyID: "k")
        let head = Base64.urlEncoded(Array(#"{"alg":"\#(name)"}"#.utf8)) + "." + Base64.urlEncoded(Self.payload)
        for token in [head, head + ".", head + ".AAAA"] {
            #expect(throws: JOSEError.self) { try JWS.verified(token, by: key, algorithm: .rs256) }
        }
    }

    @Test func aTokenIsThreePartsOfBase64URL() throws {
        let key = try JWK.generate(.es256, keyID: "k")
        let token = try JWS.signed(Self.payload, by: key)
        let parts = token.split(separator: ".").map(String.init)
        let spoiled = [
            "", ".", "..", "...", parts[0], parts[0] + "." + parts[1], token + ".", token + "." + parts[2], "." + token,
            token + "=", token + " ", token + "\n", token + "+", " " + token, parts[0] + ".." + parts[2],
            "AAAA." + parts[1] + "." + parts[2], token.replacing("_", with: "/") + "!", token + "é",
        ]
        for text in spoiled {
            #expect(throws: JOSEError.malformed, "\(text)") { try JWS.verified(text, by: key, algorithm: .es256) }
        }
    }

    @Test func aShorterTokenIsNotTheToken() throws {
        let key = try JWK.generate(.es256, keyID: "k")
        let token = try JWS.signed(Self.payload, by: key)
        for count in 0..<token.utf8.count {
            #expect(throws: JOSEError.self) {
                try JWS.verified(String(token.prefix(count)), by: key, algorithm: .es256)
            }
        }
    }
}
