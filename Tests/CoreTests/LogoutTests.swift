import Crypto
import TestSupport
import Testing

@testable import Core

/// Which sessions the issuer's word ends.
@Suite struct LogoutTests {
    private let test: TestStore
    private let now = TestStore.now

    init() throws { test = try TestStore() }

    private func signIn(_ name: String, _ session: String?) throws -> SessionToken {
        let token = SessionToken(random: randomBytes(32))
        try test.store.openSession(
            token, NewSession(Profile(user: test.user(name)), issuerSession: session), at: now)
        return token
    }

    private func logOut(
        _ sub: String?, _ sid: String?, id: String = "t1", at moment: Instant = TestStore.now
    ) throws -> LogoutOutcome {
        var attempt = LogoutTokenTests.good()
        attempt["sub"] = sub.map { "\"\($0)\"" }
        attempt["sid"] = sid.map { "\"\($0)\"" }
        attempt["jti"] = "\"\(id)\""
        attempt["exp"] = String(now.rawValue / 1000 + 120)
        return try test.store.logOut(LogoutToken(Array(attempt.payload.utf8)), at: moment)
    }

    private func isOpen(_ token: SessionToken) throws -> Bool { try test.store.session(token, at: now) != nil }

    @Test func aSessionOfTheIssuersEndsWhatBeganWithIt() throws {
        let (one, two, other) = (try signIn("ada", "s1"), try signIn("ada", "s2"), try signIn("eve", nil))
        #expect(try logOut(nil, "s1") == .ended(1))
        #expect(try !isOpen(one) && isOpen(two) && isOpen(other))
        #expect(try logOut(nil, "unknown", id: "t2") == .ended(0))
    }

    @Test func aUserEndsAllOfTheirs() throws {
        let (one, two, other) = (try signIn("ada", "s1"), try signIn("ada", nil), try signIn("eve", "s1"))
        #expect(try logOut("ada", nil) == .ended(2))
        #expect(try !isOpen(one) && !isOpen(two) && isOpen(other))
    }

    /// The name of one whose `sid` was never told cannot be excluded.
    @Test func bothEndTheUsersSessionOfThatName() throws {
        let (one, two) = (try signIn("ada", "s1"), try signIn("ada", "s2"))
        let (unnamed, other) = (try signIn("ada", nil), try signIn("eve", "s1"))
        #expect(try logOut("ada", "s1") == .ended(2))
        #expect(try !isOpen(one) && isOpen(two) && !isOpen(unnamed) && isOpen(other))
    }

    @Test func aTokenCountsOnceForAsLongAsItIsGood() throws {
        #expect(try logOut("ada", nil) == .ended(0))
        let session = try signIn("ada", nil)
        #expect(try logOut("ada", nil) == .repeated)
        #expect(try logOut("ada", nil, at: now.advanced(by: .seconds(179))) == .repeated)
        #expect(try isOpen(session))
        // Over by then, it would be refused before.
        #expect(try logOut("eve", nil, id: "t2", at: now.advanced(by: .seconds(180))) == .ended(0))
        #expect(try test.integers("SELECT count(*) FROM logout_tokens") == [1])
    }

    @Test func aSidThatCannotBeKeptIsNone() throws {
        let session = try signIn("ada", String(repeating: "s", count: 256))
        #expect(try test.texts("SELECT issuer_session FROM sessions") == [nil])
        #expect(try logOut("ada", "s1") == .ended(1))
        #expect(try !isOpen(session))
    }
}

@Suite struct ClientWordsTests {
    @Test(arguments: [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142 Safari/537.36",
            "Chrome on Windows"
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142 Safari/537.36 Edg/142", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26 Mobile Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/142 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.14.1", nil), ("", nil), ("<script>Firefox/\u{600}<b>", "Firefox"),
        (String(repeating: "x", count: 505) + "Firefox/1", nil),
    ])
    func aBrowserIsSaidInWordsOfOurs(_ header: String, _ words: String?) {
        #expect(ClientWords.agent(header) == words)
    }

    @Test(arguments: [
        ("203.0.113.7", "203.0.113.*"), ("127.0.0.1", "127.0.0.*"), ("2001:db8:12:34::1", "2001:db8:12:*"),
        ("2001:db8::1", "2001:db8:0:*"), ("::1", "0:0:0:*"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:*"),
        ("", nil), ("unix:", nil), ("1.2.3", nil), ("1.2.3.4.5", nil), ("1..3.4", nil), ("1:2", nil),
        ("<b>.2.3.4", nil), ("1:2:3:4:5:6:7:8:9:a", nil),
    ])
    func anAddressIsSaidRoughly(_ address: String, _ words: String?) {
        #expect(ClientWords.network(address) == words)
    }
}
