import Core
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

    @Test func oneFetchIsUnderWayAtATime() async {
        let world = World()
        let underWay = Atomic(0)
        let value = Refetched(pause: .milliseconds(1), now: { Instant(unixSeconds: 0) }) { () -> Int? in
            let (_, count) = underWay.add(1, ordering: .sequentiallyConsistent)
            #expect(count == 1)
            underWay.subtract(1, ordering: .sequentiallyConsistent)
            return world.state.withLock { $0.answer }
        }
        await withTaskGroup { group in
            for _ in 0..<200 { group.addTask { #expect(value.value() == 1) } }
        }
    }
}
