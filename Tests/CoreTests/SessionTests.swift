import Core
import Crypto
import Database
import Foundation
import SQLite
import Testing

@Suite struct SessionTests {
    private let now = Instant(unixSeconds: 1_700_000_000)
    private let database = TemporaryDatabase()

    private func profile(_ name: String) throws -> Profile {
        Profile(user: try #require(UserID(name)), email: "\(name)@example.com", name: nil)
    }

    @Test func aSessionIsFoundByItsTokenAlone() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.sessions.open(token, NewSession(profile("ada")), at: now)
        let again = try #require(SessionToken(cookie: token.cookie))
        #expect(try store.sessions.find(again, at: now)?.profile == profile("ada"))
        #expect(try store.sessions.find(SessionToken(random: randomBytes(32)), at: now) == nil)
    }

    @Test func aSessionIsOverAfterFourteenDays() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.sessions.open(token, NewSession(profile("ada")), at: now)
        let end = now.advanced(by: .seconds(14 * 86_400))
        #expect(try store.sessions.find(token, at: end.advanced(by: .milliseconds(-1))) != nil)
        #expect(try store.sessions.find(token, at: end) == nil)
    }

    /// A clock that was wrong at a sign-in signs nobody in for longer.
    @Test func aSessionFromAheadIsOver() throws {
        let store = try database.store()
        let (near, far) = (SessionToken(random: randomBytes(32)), SessionToken(random: randomBytes(32)))
        try store.sessions.open(near, NewSession(profile("ada")), at: now.advanced(by: .seconds(3600)))
        try store.sessions.open(far, NewSession(profile("ada")), at: now.advanced(by: .seconds(3601)))
        #expect(try store.sessions.find(near, at: now)?.isGood(for: .admin, at: now) == true)
        #expect(try store.sessions.find(far, at: now) == nil)
        #expect(try store.sessions.list(of: profile("ada").user, at: now).count == 1)
    }

    /// The issuer signs in whom it knows without a question.
    @Test(arguments: [(3599, true), (3600, false)])
    func forAdminsItCountsWhenThePersonWasAsked(_ seconds: Int, _ isGood: Bool) throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        let asked = now.advanced(by: .seconds(-seconds))
        try store.sessions.open(token, NewSession(profile("ada"), authenticatedAt: asked), at: now)
        let session = try #require(try store.sessions.find(token, at: now))
        #expect(session.isGood(for: .admin, at: now) == isGood)
        #expect(session.isGood(for: .site, at: now))
    }

    @Test func aSessionThatWasClosedIsGoneAtOnce() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.sessions.open(token, NewSession(profile("ada")), at: now)
        #expect(try store.sessions.close(token))
        #expect(try store.sessions.find(token, at: now) == nil)
        #expect(try !store.sessions.close(token))
    }

    @Test func aLoginEndsTheSessionThatTheBrowserHad() throws {
        let store = try database.store()
        let (old, new) = (SessionToken(random: randomBytes(32)), SessionToken(random: randomBytes(32)))
        try store.sessions.open(old, NewSession(profile("ada")), at: now)
        try store.sessions.open(new, NewSession(profile("eve")), replacing: old, at: now)
        #expect(try store.sessions.find(old, at: now) == nil)
        #expect(try store.sessions.find(new, at: now)?.profile == profile("eve"))
    }

    @Test func aLoginSweepsAHundredSessionsThatAreOver() throws {
        let store = try database.store()
        for number in 0..<150 {
            try store.sessions.open(
                SessionToken(random: randomBytes(32)), NewSession(profile("ada\(number)")), at: now)
        }
        let later = now.advanced(by: .seconds(15 * 86_400))
        try store.sessions.open(SessionToken(random: randomBytes(32)), NewSession(profile("ada")), at: later)
        #expect(try database.count("SELECT count(*) FROM sessions") == 51)
        try store.sessions.open(SessionToken(random: randomBytes(32)), NewSession(profile("ada")), at: later)
        #expect(try database.count("SELECT count(*) FROM sessions") == 2)
    }

    @Test func theFirstSignInGivesTheTrialOnce() throws {
        let store = try database.store()
        for _ in 0..<2 {
            try store.sessions.open(SessionToken(random: randomBytes(32)), NewSession(profile("ada")), at: now)
        }
        #expect(try store.people.account(of: profile("ada").user, at: now)?.balance == 10)
    }

    @Test func aUserHasFiftySessionsAndThenTheOldestGo() throws {
        let store = try database.store()
        let first = SessionToken(random: randomBytes(32))
        try store.sessions.open(first, NewSession(profile("ada")), at: now)
        for number: Int64 in 1...50 {
            try store.sessions.open(
                SessionToken(random: randomBytes(32)), NewSession(profile("ada")),
                at: now.advanced(by: .seconds(number)))
            #expect(try store.sessions.find(first, at: now) != nil || number == 50)
        }
        #expect(try store.sessions.find(first, at: now) == nil)
        #expect(try store.sessions.list(of: profile("ada").user, at: now).count == 50)
    }

    @Test func aListSaysWhatFromWhereAndWhen() throws {
        let store = try database.store()
        let (old, new) = (SessionToken(random: randomBytes(32)), SessionToken(random: randomBytes(32)))
        try store.sessions.open(
            old, NewSession(profile("ada"), agent: "Firefox on Linux", network: "203.0.113.*"), at: now)
        let later = now.advanced(by: .seconds(90))
        try store.sessions.open(new, NewSession(profile("ada")), at: later)
        try store.sessions.open(SessionToken(random: randomBytes(32)), NewSession(profile("eve")), at: now)
        try store.sessions.note([SessionUse(old.hash, in: .site, at: later)])
        let list = try store.sessions.list(of: profile("ada").user, at: later)
        #expect(list.map(\.name) == [new.hash.name, old.hash.name])
        #expect(list.map(\.agent) == [nil, "Firefox on Linux"] && list.map(\.network) == [nil, "203.0.113.*"])
        #expect(list.map(\.createdAt) == [later, now] && list.map(\.usedAt) == [later, later])
        #expect(try store.sessions.list(of: profile("ada").user, at: list[1].expiresAt).map(\.name) == [new.hash.name])
    }

    @Test func oneIsEndedByItsNameAndOnlyByItsUser() throws {
        let store = try database.store()
        let tokens = (0..<3).map { _ in SessionToken(random: randomBytes(32)) }
        for token in tokens { try store.sessions.open(token, NewSession(profile("ada")), at: now) }
        let (ada, eve) = (try profile("ada").user, try profile("eve").user)
        #expect(try !store.sessions.end(named: tokens[0].hash.name, of: eve, at: now))
        #expect(try !store.sessions.end(named: "", of: ada, at: now))
        #expect(try store.sessions.end(named: tokens[0].hash.name, of: ada, at: now))
        #expect(try !store.sessions.end(named: tokens[0].hash.name, of: ada, at: now))
        #expect(try store.sessions.find(tokens[0], at: now) == nil && store.sessions.find(tokens[1], at: now) != nil)
        #expect(try store.sessions.endAll(of: ada, by: "root", at: now) == 2)
        #expect(try store.sessions.endAll(of: ada, by: "root", at: now) == 0)
        #expect(try store.sessions.find(tokens[1], at: now) == nil)
        #expect(try store.admins.auditLog(limit: 9).items.map(\.action) == ["session.end"])
    }

    @Test func aSessionThatEndedIsNotBroughtBackByItsUse() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.sessions.open(token, NewSession(profile("ada")), at: now)
        _ = try store.sessions.close(token)
        try store.sessions.note([SessionUse(token.hash, in: .admin, at: now)])
        #expect(try store.sessions.find(token, at: now) == nil)
    }

    @Test func withTheRightsOfAnAdminGoTheSessions() throws {
        let store = try database.store()
        let (ada, eve) = (SessionToken(random: randomBytes(32)), SessionToken(random: randomBytes(32)))
        for (token, name) in [(ada, "ada"), (eve, "eve")] {
            try store.sessions.open(token, NewSession(profile(name)), at: now)
            _ = try store.admins.grant(to: profile(name).user, by: "test", at: now)
        }
        #expect(try store.admins.revoke(from: profile("ada").user, by: "test", at: now) == .revoked)
        #expect(try store.sessions.find(ada, at: now) == nil && store.sessions.find(eve, at: now) != nil)
        // The last admin stays one, signed in.
        #expect(try store.admins.revoke(from: profile("eve").user, by: "test", at: now) == .lastAdmin)
        #expect(try store.sessions.find(eve, at: now) != nil)
    }

    @Test func forAdminsASessionIsOverAfterAnHourWithoutUseAndAfterTwelve() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.sessions.open(token, NewSession(profile("ada")), at: now)
        func isGood(_ area: Session.Area, after seconds: Int64) throws -> Bool {
            let later = now.advanced(by: .seconds(seconds))
            return try store.sessions.find(token, at: later)?.isGood(for: area, at: later) ?? false
        }
        #expect(try isGood(.admin, after: 3599) && !isGood(.admin, after: 3600) && isGood(.site, after: 3600))
        // What others do is no use by an admin.
        try store.sessions.note([SessionUse(token.hash, in: .site, at: now.advanced(by: .seconds(3000)))])
        #expect(try !isGood(.admin, after: 3600))
        for hours: Int64 in 1...12 {
            try store.sessions.note([SessionUse(token.hash, in: .admin, at: now.advanced(by: .seconds(hours * 3590)))])
        }
        #expect(try isGood(.admin, after: 12 * 3600 - 1) && !isGood(.admin, after: 12 * 3600))
        #expect(try isGood(.site, after: 14 * 86_400 - 1) && !isGood(.site, after: 14 * 86_400))
    }

    @Test func aUseIsWorthANoteOnceAMinute() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.sessions.open(token, NewSession(profile("ada")), at: now)
        func isWorth(_ area: Session.Area, after seconds: Int64) throws -> Bool? {
            let session = try store.sessions.find(token, at: now)
            return session?.isWorthNoting(in: area, at: now.advanced(by: .seconds(seconds)))
        }
        #expect(try isWorth(.site, after: 59) == false && isWorth(.site, after: 60) == true)
        try store.sessions.note([SessionUse(token.hash, in: .site, at: now.advanced(by: .seconds(60)))])
        #expect(try isWorth(.site, after: 119) == false && isWorth(.admin, after: 60) == true)
        // A clock that went back makes no session look used for ever.
        #expect(try isWorth(.site, after: -1) == true)
    }

    @Test func whatTheIssuerSaidOfTheAddressStaysWithTheSession() throws {
        let store = try database.store()
        for proof in [EmailProof.verified, .unverified, .unclaimed] {
            let token = SessionToken(random: randomBytes(32))
            let profile = Profile(user: try profile("ada").user, email: "ada@x", name: nil, proof: proof)
            try store.sessions.open(token, NewSession(profile), at: now)
            #expect(try store.sessions.find(token, at: now)?.profile == profile)
        }
    }

    @Test func theDatabaseHoldsNoTokenThatSomebodyCouldUse() throws {
        let store = try database.store()
        let bytes = randomBytes(32)
        try store.sessions.open(SessionToken(random: bytes), NewSession(profile("ada")), at: now)
        let rows = try database.connection().query("SELECT token_hash FROM sessions") { $0.blob(0) }
        #expect(rows == [sha256(bytes)])
    }

    @Test func aTokenPrintsAsNothing() {
        let token = SessionToken(random: randomBytes(32))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token)\(dumped)".contains(token.cookie.prefix(6)))
    }

    @Test(arguments: [
        "", "A", String(repeating: "A", count: 42), String(repeating: "A", count: 44),
        String(repeating: "A", count: 42) + "B", String(repeating: "A", count: 42) + "=",
        String(repeating: "A", count: 42) + "+",
    ])
    func aCookieThatIsNoTokenIsNone(_ cookie: String) { #expect(SessionToken(cookie: cookie) == nil) }

    @Test func aFormTokenIsBoundToItsSession() throws {
        let key = try database.store().sessions.formTokenKey()
        #expect(try database.store().sessions.formTokenKey().token(for: .own(hash(1))) == key.token(for: .own(hash(1))))
        let (ada, eve) = (try #require(UserID("ada")), try #require(UserID("eve")))
        let identities: [SessionIdentity] = [
            .own(hash(1)), .own(hash(2)), .issuer(sessionID: nil, user: ada), .issuer(sessionID: nil, user: eve),
            .issuer(sessionID: "ada", user: ada), .issuer(sessionID: "ada", user: eve),
            .issuer(sessionID: "", user: ada),
        ]
        let tokens = identities.map(key.token)
        #expect(Set(tokens).count == tokens.count)
        for (identity, token) in zip(identities, tokens) {
            #expect(key.isToken(token, for: identity))
            #expect(!key.isToken(token + "A", for: identity) && !key.isToken("", for: identity))
        }
        #expect(FormTokenKey(bytes: randomBytes(32)).token(for: identities[0]) != tokens[0])
    }

    private func hash(_ byte: UInt8) -> SessionHash {
        SessionToken(random: [UInt8](repeating: byte, count: 32)).hash
    }
}

/// A file of its own for each test, gone with it.
private final class TemporaryDatabase: Sendable {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "credits-\(UUID().uuidString)")
    private var path: String { directory.appending(path: "credits.db").path(percentEncoded: false) }

    func store() throws -> Store {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        _ = try Store.migrate(SQLiteFile(path))
        return try Store(at: SQLiteFile(path)) { Issue.record("\($0)") }
    }

    func connection() throws -> Connection { try SQLiteConnection(path: path, mode: .read) }

    func count(_ sql: String) throws -> Int64 { try connection().query(sql) { $0.integer(0) }[0] }

    deinit { try? FileManager.default.removeItem(at: directory) }
}
