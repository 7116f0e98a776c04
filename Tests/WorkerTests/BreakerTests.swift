import Core
import Testing

@testable import Worker

/// Who may ask a provider that did not answer.
@Suite struct BreakerTests {
    private let job = Generation.ID(random: Array(repeating: 1, count: 16))

    /// Two probes, the first of which is late with what came of it.
    private func withALateProbe() throws -> (Breaker, late: Breaker.Probe, current: Breaker.Probe) {
        var breaker = Breaker()
        _ = breaker.letDown(job, probe: nil, wish: nil, at: .zero)
        let late = breaker.ask(at: .seconds(1)).probe
        _ = breaker.letDown(job, probe: late, wish: nil, at: .seconds(2))
        let current = breaker.ask(at: .seconds(4)).probe
        return (breaker, try #require(late), try #require(current))
    }

    @Test func aLateProbeDoesNotEndTheNext() throws {
        var (breaker, late, current) = try withALateProbe()
        breaker.didNotAsk(late, at: .seconds(4))
        let next = breaker.ask(at: .seconds(4))
        #expect(next == .none)
        breaker.didNotAsk(current, at: .seconds(4))
        let last = breaker.ask(at: .seconds(4)).probe
        #expect(last != nil)
    }

    @Test func aLateProbeDoesNotLengthenThePause() throws {
        var (breaker, late, current) = try withALateProbe()
        let isLonger = breaker.letDown(job, probe: late, wish: nil, at: .seconds(5))
        let isLongerByTheCurrent = breaker.letDown(job, probe: current, wish: nil, at: .seconds(5))
        #expect(!isLonger && isLongerByTheCurrent)
    }
}
