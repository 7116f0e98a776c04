internal import Core

/// Whether the provider is called. One that does not answer is left alone, by every job, and after a while asked by one.
///
/// Times are durations since some start, by a clock that nobody sets.
struct Breaker {
    /// The provider's wish is respected up to here: a day's quota must not silence the worker for a day.
    static let longestWish = Duration.seconds(300)
    static let longestPause = Duration.seconds(15)

    private enum State: Equatable {
        case closed
        case open(until: Duration)
        /// One job is on its way.
        case probing(Probe)
    }

    /// Who asks first after a pause. Numbered, for one that is late must not end the next.
    struct Probe: Equatable {
        fileprivate let number: Int
    }

    private var state = State.closed
    /// In a row, without an answer between them.
    private var pauses = 0
    private var probes = 0
    /// Whether the provider ever answered.
    private var isProven = false
    /// The one that was let down last: if others wait, one of them asks next.
    private(set) var suspect: Generation.ID?

    enum Permission: Equatable {
        case work
        case probe(Probe)
        case none

        var probe: Probe? {
            switch self {
            case .probe(let probe): probe
            case .work, .none: nil
            }
        }
    }

    mutating func ask(at now: Duration) -> Permission {
        switch state {
        case .closed: return .work
        case .probing: return .none
        case .open(let end):
            guard end <= now else { return .none }
            probes += 1
            let probe = Probe(number: probes)
            state = .probing(probe)
            return .probe(probe)
        }
    }

    /// The provider said something, even if it was no.
    ///
    /// - Returns: whether that ends a pause.
    mutating func answered() -> Bool {
        defer { (state, pauses, isProven, suspect) = (.closed, 0, true, nil) }
        return state != .closed
    }

    /// Whoever was to ask had no occasion to.
    mutating func didNotAsk(_ probe: Probe, at now: Duration) {
        if state == .probing(probe) { state = .open(until: now) }
    }

    /// Whether the provider stops answering with this job, having answered others.
    var wouldBeSuspect: Bool { state == .closed && isProven }

    /// - Returns: whether this begins or lengthens a pause.
    mutating func letDown(
        _ job: Generation.ID, probe: Probe?, wish: Duration?, at now: Duration
    ) -> Bool {
        let wish = min(wish ?? .zero, Self.longestWish)
        switch state {
        case .open(let end):
            state = .open(until: max(end, now + wish))
            return false
        // Of a call that began before the pause.
        case .probing(let current) where current != probe: return false
        case .probing, .closed:
            // 1 s, then twice as long each time.
            let pause = min(Self.longestPause, .seconds(1 << min(pauses, 4)))
            state = .open(until: now + max(pause, wish))
            pauses += 1
            suspect = job
            return true
        }
    }
}
