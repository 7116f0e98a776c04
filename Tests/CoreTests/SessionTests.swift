import Core
import Crypto
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
        try store.openSession(token, for: profile("ada"), at: now)
        let again = try #require(SessionToken(cookie: token.cookie))
        #expect(try store.session(again, at: now)?.profile == profile("ada"))
        #expect(try store.session(SessionToken(random: randomBytes(32)), at: now) == nil)
    }

    @Test func aSessionIsOverAfterFourteenDays() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.openSession(token, for: profile("ada"), at: now)
        let end = now.advanced(by: .seconds(14 * 86_400))
        #expect(try store.session(token, at: end.advanced(by: .milliseconds(-1))) != nil)
        #expect(try store.session(token, at: end) == nil)
    }

    @Test func aSessionThatWasClosedIsGoneAtOnce() throws {
        let store = try database.store()
        let token = SessionToken(random: randomBytes(32))
        try store.openSession(token, for: profile("ada"), at: now)
        #expect(try store.closeSession(token))
        #expect(try store.session(token, at: now) == nil)
        #expect(try !store.closeSession(token))
    }

    @Test func aLoginEndsTheSessionThatTheBrowserHad() throws {
        let store = try database.store()
        let (old, new) = (SessionToken(random: randomBytes(32)), SessionToken(random: randomBytes(32)))
        try store.openSession(old, for: profile("ada"), at: now)
        try store.openSession(new, for: profile("eve"), replacing: old, at: now)
        #expect(try store.session(old, at: now) == nil)
        #expect(try store.session(new, at: now)?.profile == profile("eve"))
    }

    @Test func aLoginSweepsAHundredSessionsThatAreOver() throws {
        let store = try database.store()
        for _ in 0..<150 {
            try store.openSession(SessionToken(random: randomBytes(32)), for: profile("ada"), at: now)
        }
        let later = now.advanced(by: .seconds(15 * 86_400))
        try store.openSession(SessionToken(random: randomBytes(32)), for: profile("ada"), at: later)
        #expect(try database.count("SELECT count(*) FROM sessions") == 51)
        try store.openSession(SessionToken(random: randomBytes(32)), for: profile("ada"), at: later)
        #expect(try database.count("SELECT count(*) FROM sessions") == 2)
    }

    @Test func theFirstSignInGivesTheTrialOnce() throws {
        let store = try database.store()
        for _ in 0..<2 { try store.openSession(SessionToken(random: randomBytes(32)), for: profile("ada"), at: now) }
        #expect(try store.account(of: profile("ada").user, at: now)?.balance == 10)
    }

    @Test func theDatabaseHoldsNoTokenThatSomebodyCouldUse() throws {
        let store = try database.store()
        let bytes = randomBytes(32)
        try store.openSession(SessionToken(random: bytes), for: profile("ada"), at: now)
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
        let key = try database.store().formTokenKey()
        #expect(try database.store().formTokenKey().token(for: .own(hash(1))) == key.token(for: .own(hash(1))))
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
        _ = try Store.migrate(path: path)
        return try Store(path: path) { Issue.record("\($0)") }
    }

    func connection() throws -> Connection { try Connection(path: path, mode: .read) }

    func count(_ sql: String) throws -> Int64 { try connection().query(sql) { $0.integer(0) }[0] }

    deinit { try? FileManager.default.removeItem(at: directory) }
}
