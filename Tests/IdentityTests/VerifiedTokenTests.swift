import Core
import Crypto
import Identity
import JOSE
import Synchronization
import Testing

/// Which tokens are believed without looking at their signature again.
@Suite struct VerifiedTokenTests {
    private final class Issuer: Sendable {
        let keys = Mutex<KeySet?>(TokenAttempt.set)
        let checks = Mutex(0)

        var verifier: TokenVerifier {
            TokenVerifier(keys: { [self] _ in keys.withLock { $0 } }) { [self] token, key throws(TokenError) in
                checks.withLock { $0 += 1 }
                return try TokenAttempt.checkSignature(of: token, by: key)
            }
        }
    }

    private let issuer = Issuer()
    private let verifier: TokenVerifier
    private let now = TokenAttempt.now

    init() { verifier = issuer.verifier }

    private func verify(_ token: String, after seconds: Int64 = 0) throws(TokenError) -> TokenClaims {
        try verifier.claims(
            of: token, under: TokenAttempt.rules, at: now.advanced(by: .seconds(seconds)))
    }

    private var checks: Int { issuer.checks.withLock { $0 } }

    @Test func aSignatureIsCheckedOnceAMinute() throws {
        let token = try TokenAttempt().token()
        let claims = try verify(token)
        #expect(try verify(token, after: 59) == claims && checks == 1)
        #expect(try verify(token, after: 60) == claims && checks == 2)
        #expect(try verify(token, after: 59) == claims && checks == 3, "a clock that went back proves nothing")
    }

    @Test func anotherTokenIsAnother() throws {
        let token = try TokenAttempt().token()
        _ = try verify(token)
        var other = TokenAttempt()
        other["sub"] = #""eve""#
        #expect(try verify(other.token()).profile.user.text == "eve" && checks == 2)
        let forged = String(token.dropLast(3)) + "AAA"
        #expect(throws: TokenError.signatureMismatch) { try verify(forged) }
        #expect(throws: TokenError.signatureMismatch, "what was refused is refused again") { try verify(forged) }
        #expect(checks == 4)
    }

    @Test func itEndsWhenItEnds() throws {
        var attempt = TokenAttempt()
        attempt["exp"] = String(now.rawValue / 1000 + 10)
        let token = try attempt.token()
        _ = try verify(token)
        _ = try verify(token, after: 59)
        attempt["exp"] = String(now.rawValue / 1000 - 30)
        let old = try attempt.token()
        _ = try verify(old)
        #expect(throws: TokenError.expired) { try verify(old, after: 31) }
        #expect(checks == 2)
    }

    @Test func rulesAreLookedAtEachTime() throws {
        let token = try TokenAttempt().token()
        _ = try verify(token)
        #expect(throws: TokenError.wrongAudience) {
            try verifier.claims(
                of: token, under: TokenRules(issuer: "https://issuer.example", audience: "other"), at: now)
        }
    }

    @Test func keysThatChangeEmptyIt() throws {
        let token = try TokenAttempt().token()
        _ = try verify(token)
        issuer.keys.withLock { $0 = TokenAttempt.keySet([TokenAttempt.curve]) }
        #expect(throws: TokenError.self) { try verify(token) }
        issuer.keys.withLock { $0 = TokenAttempt.keySet([TokenAttempt.stranger]) }
        #expect(throws: TokenError.signatureMismatch) { try verify(token) }
        issuer.keys.withLock { $0 = nil }
        #expect(throws: TokenError.keysUnavailable) { try verify(token) }
    }

    /// Keys may be under way: whoever sends nonsense does not wait for them.
    @Test func whatIsNoTokenAsksForNoKeys() {
        let asked = Mutex(0)
        let verifier = TokenVerifier(
            keys: { _ in
                asked.withLock { $0 += 1 }
                return nil
            }, signed: TokenAttempt.checkSignature)
        #expect(throws: TokenError.notThreeParts) {
            try verifier.claims(of: "nonsense", under: TokenAttempt.rules, at: now)
        }
        #expect(asked.withLock { $0 } == 0)
    }

    @Test func onlySoManyAreKept() throws {
        let token = try TokenAttempt().token()
        _ = try verify(token)
        var attempt = TokenAttempt()
        attempt.key = TokenAttempt.curve
        for number in 1...2048 {
            attempt["sub"] = "\"user-\(number)\""
            _ = try verify(attempt.token())
        }
        let before = checks
        _ = try verify(token)
        #expect(checks == before + 1)
    }
}
