import TestSupport
import Testing
import Threads

/// The rule by which the issuer is asked again.
@Suite struct RefetchedTests {
    /// An issuer that counts, and that answers when it is let.
    private final class Issuer: Sendable {
        struct State {
            var begun = 0
            /// When each fetch began.
            var moments: [ContinuousClock.Instant] = []
            var mayEnd = true
            var answer: Int? = 1
        }
        let state = Monitor(State())

        func kept(_ rhythm: Refetched<Int>.Rhythm, places: Int = 2) -> Refetched<Int> {
            Refetched(rhythm, places: Bulkhead(places: places)) { [state] in
                state.withLock { state in
                    state.begun += 1
                    state.moments.append(.now)
                }
                return state.wait { state in state.mayEnd ? .some(state.answer) : nil }
            }
        }

        func answer(_ value: Int?) { state.withLock { $0.answer = value } }
        func hold(_ isHeld: Bool) { state.withLock { $0.mayEnd = !isHeld } }
        var begun: Int { state.look(\.begun) }
        func waitUntilBegun(_ count: Int) { state.wait { $0.begun >= count ? () : nil } }
    }

    private let issuer = Issuer()
    /// Nothing is due a second time while a test runs.
    private static let once = Refetched<Int>.Rhythm(pause: .seconds(60), firstRetry: .seconds(60))
    private static let quick = Refetched<Int>.Rhythm(pause: .milliseconds(1), firstRetry: .milliseconds(1))

    @Test func itIsFetchedAtTheStartAndOnce() {
        let kept = issuer.kept(Self.once)
        issuer.waitUntilBegun(1)
        for _ in 0..<1000 { #expect(kept.value() == 1) }
        #expect(issuer.begun == 1)
    }

    @Test func whoComesMeanwhileWaitsAsFarAsThereArePlaces() throws {
        issuer.hold(true)
        let kept = issuer.kept(Self.once, places: 2)
        issuer.waitUntilBegun(1)
        let answers = Monitor<[Int?]>([])
        for _ in 0..<10 {
            startThread {
                let value = kept.value()
                answers.withLock { $0.append(value) }
            }
        }
        answers.wait { $0.count == 8 ? () : nil }
        #expect(answers.look { $0.allSatisfy { $0 == nil } }, "The others are told so at once")
        issuer.hold(false)
        answers.wait { $0.count == 10 ? () : nil }
        #expect(answers.look { $0.compactMap(\.self) } == [1, 1])
    }

    @Test func nobodyWaitsBeyondPatience() {
        issuer.hold(true)
        let kept = issuer.kept(.init(pause: .seconds(60), patience: .milliseconds(30)))
        issuer.waitUntilBegun(1)
        #expect(kept.value() == nil)
        issuer.hold(false)
        kept.waitForValue(atMost: .seconds(10))
        #expect(kept.value() == 1)
    }

    @Test func aFailureIsTriedAgainAfterOneTwoFourUnasked() throws {
        issuer.answer(nil)
        let kept = issuer.kept(.init(pause: .seconds(60), firstRetry: .milliseconds(40)))
        issuer.waitUntilBegun(5)
        let moments = issuer.state.look(\.moments)
        for (number, least) in [40, 80, 160, 320].enumerated() {
            #expect(moments[number].duration(to: moments[number + 1]) >= .milliseconds(least))
        }
        issuer.answer(2)
        try eventually("it is there") { kept.value() == 2 }
    }

    @Test func inThePauseAfterAFailureNobodyWaits() {
        issuer.answer(nil)
        let kept = issuer.kept(Self.once)
        kept.waitForValue(atMost: .milliseconds(50))
        let start = ContinuousClock.now
        for _ in 0..<100 { #expect(kept.value() == nil) }
        #expect(start.duration(to: .now) < .seconds(5))
        #expect(issuer.begun == 1)
    }

    @Test func whatDoesNotServeBringsOneFetchInAPause() {
        let kept = issuer.kept(Self.once)
        kept.waitForValue(atMost: .seconds(10))
        issuer.answer(2)
        for _ in 0..<1000 { #expect(kept.value(unless: { $0 < 2 }) == 1) }
        #expect(issuer.begun == 1)
    }

    @Test func whoIsNotServedWaitsForTheNewerOneAndNobodyElseDoes() throws {
        let kept = issuer.kept(Self.quick)
        kept.waitForValue(atMost: .seconds(10))
        issuer.answer(2)
        issuer.hold(true)
        let newer = Monitor(Int?.none)
        startThread {
            while true {
                let value = kept.value(unless: { $0 < 2 })
                guard value == 2 else { continue }
                return newer.withLock { $0 = value }
            }
        }
        issuer.waitUntilBegun(2)
        for _ in 0..<1000 { #expect(kept.value() == 1) }
        issuer.hold(false)
        #expect(newer.wait { $0 } == 2)
    }

    @Test func whenTheLastFetchFailedNobodyKnowsWhetherThereIsANewerOne() throws {
        let kept = issuer.kept(Self.quick)
        kept.waitForValue(atMost: .seconds(10))
        issuer.answer(nil)
        try eventually("nothing is known") { kept.value(unless: { $0 < 2 }) == nil }
        #expect(kept.value() == 1, "And what is there serves whom it served")
    }

    @Test func aValueThatIsOldIsReadAnewUnasked() throws {
        let kept = issuer.kept(.init(pause: .milliseconds(1), lifetime: .milliseconds(20)))
        kept.waitForValue(atMost: .seconds(10))
        issuer.answer(2)
        try eventually("what was withdrawn is gone") { kept.value() == 2 }
    }

    @Test func itsThreadEndsWithIt() throws {
        var kept: Refetched<Int>? = issuer.kept(.init(pause: .milliseconds(1), lifetime: .milliseconds(1)))
        issuer.waitUntilBegun(3)
        #expect(kept?.value() == 1)
        kept = nil
        var before = -1
        try eventually("it fetches no more") {
            defer { before = issuer.begun }
            return issuer.begun == before
        }
    }
}
