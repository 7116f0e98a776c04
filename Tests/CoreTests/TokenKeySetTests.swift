import Core
import Dispatch
import Foundation
import Glibc
import Synchronization
import Testing

@Suite struct TokenKeySetTests {
    @Test(arguments: [
        ("", KeySetError.notJSON("ends early at byte 0")), ("[]", .noSet), (#"{"keys":{}}"#, .noSet),
        (#"{"keys":[]}"#, .noUsableKey), (#"{"keys":[1,null,{}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"EC","crv":"P-384","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","use":"enc","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","alg":"RS512","kid":"a"}]}"#, .noUsableKey),
        (#"{"keys":[{"kty":"RSA","kid":"a"}],"keys":[]}"#, .notJSON("a name stands twice at byte 40")),
    ])
    func aSetWithoutAUsableKeyIsRefused(_ text: String, _ error: KeySetError) {
        #expect(throws: error) { try KeySet(Array(text.utf8)) }
    }

    @Test func aSetThatIsTooLargeIsRefused() {
        #expect(throws: KeySetError.tooLarge) { try KeySet([UInt8](repeating: 0x20, count: KeySet.maximumBytes + 1)) }
    }

    @Test func whatIsNotForSignaturesIsLeftOut() throws {
        let text = #"{"keys":[{"kty":"OKP","kid":"a"},{"kty":"RSA","use":"sig","alg":"RS256","kid":"b"}],"x":1}"#
        #expect(try KeySet(Array(text.utf8)).keys.map(\.id) == ["b"])
    }
}

/// The rule by which the issuer is asked again.
@Suite struct TokenKeyRefetchTests {
    /// An issuer that counts, and a clock that stands still until it is told.
    private final class World: Sendable {
        struct State {
            var seconds: Int64 = 1_700_000_000
            var fetches = 0
            var answer: Int? = 1
        }
        let state = Mutex(State())

        func refetched() -> Refetched<Int> {
            Refetched(pause: .seconds(60), now: { Instant(unixSeconds: self.state.withLock { $0.seconds }) }) {
                self.state.withLock { state in
                    state.fetches += 1
                    return state.answer
                }
            }
        }

        func pass(_ seconds: Int64) { state.withLock { $0.seconds += seconds } }
        func answer(_ value: Int?) { state.withLock { $0.answer = value } }
        var fetches: Int { state.withLock { $0.fetches } }
    }

    @Test func nothingIsFetchedBeforeItIsNeeded() {
        let world = World()
        let value = world.refetched()
        #expect(world.fetches == 0)
        #expect(value.value() == 1)
        #expect(value.value() == 1)
        #expect(world.fetches == 1)
    }

    @Test func anUnknownKeyBringsOneFetchAMinute() {
        let world = World()
        let value = world.refetched()
        #expect(value.value() == 1)
        for _ in 0..<1000 { #expect(value.value(unless: { $0 < 2 }) == 1) }
        #expect(world.fetches == 1)
        world.answer(2)
        world.pass(59)
        #expect(value.value(unless: { $0 < 2 }) == 1)
        world.pass(1)
        #expect(value.value(unless: { $0 < 2 }) == 2)
        #expect(world.fetches == 2)
        world.pass(60)
        #expect(value.value(unless: { $0 < 2 }) == 2)
        #expect(world.fetches == 2)
    }

    @Test func aFailureIsTriedAgainAfterAMinuteAndTheOldValueStays() {
        let world = World()
        let value = world.refetched()
        world.answer(nil)
        #expect(value.value() == nil)
        #expect(value.value() == nil)
        #expect(world.fetches == 1)
        world.answer(1)
        world.pass(60)
        #expect(value.value() == 1)
        world.answer(nil)
        world.pass(60)
        #expect(value.value(unless: { _ in true }) == 1)
        #expect(value.value(unless: { _ in true }) == 1)
        #expect(world.fetches == 3)
    }

    @Test func anHourLaterItIsReadAnewForWhatWasWithdrawn() {
        let world = World()
        let value = world.refetched()
        #expect(value.value() == 1)
        world.answer(2)
        world.pass(3599)
        #expect(value.value() == 1)
        world.pass(1)
        #expect(value.value() == 2)
    }

    @Test func aClockThatWasSetBackStretchesNothing() {
        let world = World()
        let value = world.refetched()
        #expect(value.value() == 1)
        world.answer(2)
        world.pass(-86_400)
        #expect(value.value() == 2)
    }

    @Test func theMinuteBeginsWhenAFetchHasEnded() {
        let world = World()
        let value = Refetched(pause: .seconds(5), now: { Instant(unixSeconds: world.state.withLock { $0.seconds }) }) {
            () -> Int? in
            world.state.withLock { state in
                state.fetches += 1
                state.seconds += 10
            }
            return nil
        }
        for _ in 0..<10 { #expect(value.value() == nil) }
        #expect(world.fetches == 1)
    }

    @Test func oneFetchIsUnderWayAtATimeAndFewWaitForIt() {
        let world = World()
        let (begun, answer) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let value = Refetched(pause: .seconds(60), maximumWaiting: 1, now: { Instant(unixSeconds: 0) }) { () -> Int? in
            world.state.withLock { $0.fetches += 1 }
            begun.signal()
            answer.wait()
            return 1
        }
        Thread.detachNewThread { _ = value.value() }
        begun.wait()
        // One is asking already: whoever comes now is told so at once.
        for _ in 0..<100 { #expect(value.value() == nil) }
        answer.signal()
        waitFor { value.value() == 1 }
        #expect(world.fetches == 1)
    }

    @Test func whoHasAnOldValueDoesNotWaitForANewOne() {
        let world = World()
        let (begun, answer) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let value = Refetched(
            pause: .seconds(60), now: { Instant(unixSeconds: world.state.withLock { $0.seconds }) }
        ) { () -> Int? in
            let fetches = world.state.withLock { state in
                state.fetches += 1
                return state.fetches
            }
            guard fetches > 1 else { return 1 }
            begun.signal()
            answer.wait()
            return 2
        }
        #expect(value.value() == 1)
        world.pass(60)
        Thread.detachNewThread { _ = value.value(unless: { $0 < 2 }) }
        begun.wait()
        for _ in 0..<100 { #expect(value.value(unless: { $0 < 2 }) == 1) }
        answer.signal()
        waitFor { value.value(unless: { $0 < 2 }) == 2 }
        #expect(world.fetches == 2)
    }

    private func waitFor(_ condition: () -> Bool) {
        let start = ContinuousClock.now
        while !condition() {
            guard ContinuousClock.now - start < .seconds(30) else {
                Issue.record("It did not come about")
                return
            }
            sched_yield()
        }
    }
}
