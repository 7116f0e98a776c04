import Core
import Crypto
import Identity
import Testing

/// The cookie of a login: only ours, only for a while.
@Suite struct LoginAttemptTests {
    private static let key = FormTokenKey(bytes: [UInt8](repeating: 7, count: 32))
    private static let begun = Instant(unixSeconds: 1_700_000_000)
    private let attempt = LoginAttempt(returnTo: .start, at: begun, random: randomBytes)

    private func read(_ cookie: String, after seconds: Int64 = 0) -> LoginAttempt? {
        LoginAttempt(
            cookie: cookie, key: Self.key.loginKey, at: Self.begun.advanced(by: .seconds(seconds)))
    }

    @Test(arguments: [(0, true), (1, true), (600, true), (601, false), (86_400, false), (-1, false)])
    func itIsGoodForTenMinutes(_ seconds: Int64, _ isGood: Bool) {
        #expect((read(attempt.cookie(key: Self.key.loginKey), after: seconds) == attempt) == isGood)
    }

    @Test func aSingleBitMakesItForeign() {
        let cookie = Array(attempt.cookie(key: Self.key.loginKey).utf8)
        for index in cookie.indices {
            var changed = cookie
            changed[index] ^= 1
            #expect(read(String(decoding: changed, as: UTF8.self)) == nil, "byte \(index)")
        }
    }

    @Test func anotherKeySignsForNobody() {
        let other = FormTokenKey(bytes: [UInt8](repeating: 8, count: 32))
        #expect(read(attempt.cookie(key: other.loginKey)) == nil)
        let cookie = attempt.cookie(key: Self.key.loginKey)
        let text = cookie.prefix { $0 != "." }
        for signature in [
            "", Base64.urlEncoded(sha256(Array(text.utf8))),
            Base64.urlEncoded(hmacSHA256(key: [UInt8](repeating: 7, count: 32), message: Array(text.utf8))),
        ] {
            #expect(read("\(text).\(signature)") == nil)
        }
    }

    @Test(arguments: ["", ".", "..", "a.b.c", "{}", "e30", "e30.", ".e30"])
    func whatIsNoneIsRefused(_ cookie: String) { #expect(read(cookie) == nil) }

    @Test func whatNobodyCouldKeepIsRefused() {
        #expect(read(String(repeating: "A", count: 1 << 20) + ".A") == nil)
    }
}
