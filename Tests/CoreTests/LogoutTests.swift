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
        try test.store.sessions.open(
            token, NewSession(Profile(user: test.user(name)), issuerSession: session), at: now)
        return token
    }

    private func logOut(
        _ sub: String?, _ sid: String?, id: String = "t1", at moment: Instant = TestStore.now
    ) throws -> LogoutOutcome {
        let user = try sub.map(test.user)
        let whose: Logout.Whose =
            switch (user, sid) {
            case (let user?, let sid?): .both(user, session: sid)
            case (let user?, nil): .user(user)
            case (nil, let sid): .session(sid ?? "")
            }
        return try test.store.sessions.logOut(
            Logout(id: id, whose: whose, goodUntil: now.advanced(by: .seconds(180))), at: moment)
    }

    private func isOpen(_ token: SessionToken) throws -> Bool { try test.store.sessions.find(token, at: now) != nil }

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
