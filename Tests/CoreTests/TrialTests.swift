import Database
import SQLite
import TestSupport
import Testing

@testable import Core

/// Who gets the trial credits, and who begins at 0.
@Suite struct TrialTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    /// Sees somebody; the credits that they have then.
    private func sees(
        _ name: String, _ email: String? = nil, _ proof: EmailProof = .verified, in store: Store? = nil,
        at now: Instant = TestStore.now
    ) throws -> Int64 {
        let profile = Profile(user: try test.user(name), email: email, name: nil, proof: proof)
        return try (store ?? test.store).people.account(of: profile, at: now).balance.rawValue
    }

    private func store(trialsADay: Int64) throws -> Store {
        try Store(at: SQLiteFile(test.path), trialsADay: trialsADay) { Issue.record("the store broke: \($0)") }
    }

    @Test func aVerifiedAddressGetsOneTrialWhateverIdsItComesUnder() throws {
        #expect(try sees("ada", "Ada@Example.com") == 10)
        #expect(try sees("ada2", "ada@example.com") == 0)
        #expect(try sees("ada3", "ADA@EXAMPLE.COM", .unclaimed) == 0)
        #expect(try sees("bob", "bob@example.com") == 10)
        #expect(try sees("ada", "ada@example.com") == 10)
        #expect(try test.store.people.account(of: test.user("ada2"), at: TestStore.now)?.hasFreeTrial == false)
        try test.verify()
    }

    /// By bytes: one letter with its mark in one code point or in two are two addresses, as they are for a mail server.
    @Test func addressesAreComparedAsBytes() throws {
        #expect(try sees("a", "\u{E9}@example.com") == 10)
        #expect(try sees("b", "e\u{301}@example.com") == 10)
        #expect(try sees("c", "\u{C9}@example.com") == 10)
    }

    @Test(arguments: [EmailProof.unverified])
    func withoutAVerifiedAddressAUserBeginsAtZero(_ proof: EmailProof) throws {
        #expect(try sees("ada", "ada@example.com", proof) == 0)
        #expect(try sees("ada", "ada@example.com", proof) == 0)
        #expect(try test.kinds() == [])
        // The address is still free for whom it belongs to.
        #expect(try sees("eve", "ada@example.com") == 10)
    }

    @Test func anAddressThatIsVerifiedAtLastBringsTheTrialOnce() throws {
        #expect(try sees("ada", "ada@example.com", .unverified) == 0)
        #expect(try sees("ada", nil, .unclaimed) == 0)
        for _ in 0..<3 { #expect(try sees("ada", "ada@example.com") == 10) }
        #expect(try sees("ada2", "ada@example.com") == 0)
        #expect(try test.kinds() == ["trial 10"])
        try test.verify()
    }

    @Test func anIssuerThatSaysNothingOfAddressesGivesEachIdATrial() throws {
        #expect(try sees("ada", nil, .unclaimed) == 10)
        #expect(try sees("bob", nil, .unclaimed) == 10)
        // The address counts from when it is known.
        #expect(try sees("ada", "ada@example.com") == 10)
        #expect(try sees("ada2", "ada@example.com") == 0)
    }

    @Test func aDayHasRoomForSoManyTrials() throws {
        let store = try store(trialsADay: 2)
        #expect(try sees("a", "a@x", in: store) == 10)
        #expect(try sees("b", nil, .unclaimed, in: store) == 10)
        #expect(try sees("c", "c@x", in: store) == 0)
        #expect(try sees("d", nil, .unclaimed, in: store) == 0)
        let midnight = Instant(rawValue: (TestStore.now.rawValue / 86_400_000 + 1) * 86_400_000)
        #expect(try sees("e", "e@x", in: store, at: midnight.advanced(by: .milliseconds(-1))) == 0)
        #expect(try sees("f", "f@x", in: store, at: midnight) == 10)
        let counted = try test.store.operations.counters().filter { $0.key.name == "credits_trials_total" }
        #expect(counted[Counter("credits_trials_total", labels: #"standing="limited""#)] == 3)
        #expect(counted[Counter("credits_trials_total", labels: #"standing="given""#)] == 2)
        // Whoever began at 0 stays there; the address may come again.
        #expect(try sees("c", "c@x", in: store, at: midnight) == 0)
        #expect(try sees("c2", "c@x", in: store, at: midnight) == 10)
        try test.verify()
    }

    @Test func aLimitOfNothingGivesNothing() throws {
        let store = try store(trialsADay: 0)
        #expect(try sees("a", "a@x", in: store) == 0)
    }

    @Test func sixteenAtOnceGetWhatTheDayHasLeft() throws {
        let store = try store(trialsADay: 5)
        atOnce(16) { number in
            do { _ = try sees("u\(number)", "u\(number)@x", in: store) } catch { Issue.record("\(error)") }
        }
        #expect(try test.integers("SELECT sum(balance) FROM users") == [50])
        #expect(try test.integers("SELECT trials FROM trial_days") == [5])
    }

    /// Whoever pays is worth a trial on any day; it is counted, and leaves less for those who do not.
    @Test func anOrderBringsTheTrialAndCounts() throws {
        let store = try store(trialsADay: 1)
        #expect(try sees("bob", "bob@x", in: store) == 10)
        _ = try store.orders.apply(TestOrder().snapshot, in: TestStore.scope, at: TestStore.now)
        #expect(try test.balance() == 430)
        #expect(try test.integers("SELECT trials FROM trial_days") == [2])
        // The address of the buyer has had it as soon as it is known.
        #expect(try sees("ada", "ada@x", in: store) == 430)
        let tomorrow = TestStore.now.advanced(by: .seconds(86_400))
        #expect(try sees("ada2", "ada@x", in: store, at: tomorrow) == 0)
        try test.verify()
    }

    @Test func noTrialToBeHadUsesNothingUp() throws {
        try test.set(["free_trial_credits": 0])
        #expect(try sees("ada", "ada@x") == 0)
        #expect(try test.integers("SELECT count(*) FROM trial_emails") == [0])
        #expect(try test.integers("SELECT count(*) FROM trial_days") == [0])
    }

    @Test func whoIsForgottenHasNoAddressHereAndNoSecondTrial() throws {
        #expect(try sees("ada", "Ada@Example.com") == 10)
        #expect(try sees("bob", nil, .unclaimed) == 10)
        // Seen before addresses were noted.
        try test.connection().execute("UPDATE users SET trial = NULL, email = 'bob@example.com' WHERE id = 'bob'")
        for name in ["ada", "bob"] { _ = try test.store.people.forget(test.user(name), by: "root", at: TestStore.now) }
        #expect(try sees("ada2", "ada@example.com") == 0)
        #expect(try sees("bob2", "bob@example.com") == 0)
        #expect(try sees("ada", "ada@example.com") == 10)
        _ = try test.store.people.forget(test.user("ada"), by: "root", at: TestStore.now)
        _ = try test.store.people.forget(test.user("ada2"), by: "root", at: TestStore.now)
        #expect(try test.texts("SELECT email FROM users WHERE id LIKE 'ada%'") == [nil, nil])
        let hashes = try test.connection().query("SELECT email_hash FROM trial_emails") { $0.blob(0) }
        #expect(hashes.count == 2 && hashes.allSatisfy { $0.count == 32 })
    }

    @Test func aUserOfBeforeHasHadTheTrial() throws {
        #expect(try sees("ada", "ada@x", .unclaimed) == 10)
        try test.connection().execute("UPDATE users SET trial = NULL")
        try test.connection().execute("DELETE FROM trial_emails")
        #expect(try sees("ada2", "ADA@x") == 0)
        #expect(try sees("ada", "ada@x") == 10)
        #expect(try test.integers("SELECT count(*) FROM trial_emails") == [1])
    }

    @Test func whatIsAskedForEachRequestReadsAnIndexAlone() throws {
        let connection = try test.connection()
        for sql in [
            "SELECT 1 FROM users WHERE lower(email) = lower('x') AND email IS NOT NULL AND trial IS NULL AND id <> 'y'",
            "SELECT token_hash FROM sessions WHERE user_id = 'x' ORDER BY created_ms DESC LIMIT -1 OFFSET 50",
            "DELETE FROM sessions WHERE issuer_session = 'x'",
            "DELETE FROM sessions WHERE user_id = 'x' AND (issuer_session = 'y' OR issuer_session IS NULL)",
            "SELECT id_hash FROM logout_tokens WHERE expires_ms <= 5 ORDER BY expires_ms LIMIT 100",
        ] {
            let plan = try connection.query("EXPLAIN QUERY PLAN " + sql) { $0.text(3) }
            #expect(plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(sql): \(plan)")
        }
    }
}

/// Whether a token without a word on the address proves anything.
@Suite struct EmailClaimHabitTests {
    private let now = TestStore.now

    private func profile(_ proof: EmailProof) throws -> Profile {
        Profile(user: try #require(UserID("ada")), email: "ada@x", name: "Ada", proof: proof)
    }

    @Test func whereOthersCarryTheClaimLeavingItOutIsNoProof() throws {
        let habit = EmailClaimHabit(seenAt: nil) { _ in }
        #expect(try habit.judged(profile(.unclaimed), at: now).proof == .unclaimed)
        #expect(try habit.judged(profile(.unverified), at: now) == profile(.unverified))
        #expect(try habit.judged(profile(.unclaimed), at: now) == profile(.unverified))
        #expect(try habit.judged(profile(.verified), at: now) == profile(.verified))
    }

    @Test func itIsNotedOnceADayAndForgottenAfterThirty() throws {
        let test = try TestStore()
        let note: @Sendable (Instant) -> Void = { now in
            do { try test.store.sessions.noteEmailClaim(from: "https://issuer", at: now) } catch {
                Issue.record("\(error)")
            }
        }
        let habit = EmailClaimHabit(seenAt: nil, note: note)
        for seconds: Int64 in [0, 1, 86_399, 86_400, 86_401] {
            _ = try habit.judged(profile(.verified), at: now.advanced(by: .seconds(seconds)))
        }
        let noted = try #require(try test.store.sessions.emailClaimSeen(from: "https://issuer"))
        #expect(noted == now.advanced(by: .seconds(86_400)))
        #expect(try test.store.sessions.emailClaimSeen(from: "https://issuer/") == nil)
        let next = EmailClaimHabit(seenAt: noted) { _ in Issue.record("nothing is new") }
        let end = noted.advanced(by: .seconds(30 * 86_400))
        #expect(try next.judged(profile(.unclaimed), at: end.advanced(by: .milliseconds(-1))).proof == .unverified)
        #expect(try next.judged(profile(.unclaimed), at: end).proof == .unclaimed)
    }
}
