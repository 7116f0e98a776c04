/// A value from elsewhere that is kept: fetched from the start by a thread of its own, and again when it does not serve any
/// more. Nobody else ever fetches it.
///
/// One fetch is under way at a time. After one that served, the next begins `pause` later at the earliest; after one that
/// failed, 1, 2, 4 … 32 s later, unasked. What is there is kept meanwhile, and whoever is served by it never waits; the others
/// wait for the end of the fetch that is under way, as far as there are places.
public final class Refetched<Value: Sendable>: Sendable {
    /// How often it is fetched.
    public struct Rhythm: Sendable {
        let pause: Duration
        let lifetime: Duration
        let firstRetry: Duration
        /// Longer than a fetch takes.
        let patience: Duration

        /// - Parameters:
        ///   - pause: from the end of a fetch that served to the next.
        ///   - lifetime: after that a value is fetched anew, so that what was withdrawn does not count for ever.
        ///   - firstRetry: after a first failure; the next ones wait twice as long each.
        ///   - patience: how long somebody waits for a fetch that is under way.
        public init(
            pause: Duration, lifetime: Duration = .seconds(3600), firstRetry: Duration = .seconds(1),
            patience: Duration = .seconds(6)
        ) {
            precondition(pause > .zero && lifetime > .zero && firstRetry > .zero && patience > .zero)
            self.pause = pause
            self.lifetime = lifetime
            self.firstRetry = firstRetry
            self.patience = patience
        }

        func retry(after failures: Int) -> Duration { firstRetry * (1 << min(failures - 1, 5)) }
    }

    private struct State {
        var value: Value?
        /// Somebody needs a newer value than there is.
        var isWanted = true
        var isFetching = false
        /// Before that no fetch begins.
        var earliest = ContinuousClock.now
        /// Then one begins unasked.
        var latest = ContinuousClock.now
        var ended = 0
        /// In a row.
        var failures = 0
        var isClosed = false

        func need(_ isStale: (Value) -> Bool) -> Need {
            if let value, !isStale(value) { return .served(value) }
            // In the pause there is nothing to wait for.
            guard isFetching || earliest <= .now else { return .served(known) }
            return .newer(than: ended)
        }

        /// What there is, if it is known to be the newest.
        var known: Value? { failures == 0 ? value : nil }

        /// Begins a fetch, or tells how long to wait with it.
        mutating func begin(at now: ContinuousClock.Instant) -> Duration? {
            let due = isWanted ? earliest : latest
            guard due <= now else { return now.duration(to: due) }
            isFetching = true
            isWanted = false
            return nil
        }

        mutating func end(with new: Value?, _ rhythm: Rhythm) {
            let now = ContinuousClock.now
            isFetching = false
            ended += 1
            if let new {
                value = new
                failures = 0
                (earliest, latest) = (now + rhythm.pause, now + rhythm.lifetime)
            } else {
                failures += 1
                earliest = now + rhythm.retry(after: failures)
                isWanted = true
            }
        }
    }

    private let rhythm: Rhythm
    private let places: Bulkhead
    private let state = Monitor(State())

    /// - Parameters:
    ///   - places: for those who wait.
    ///   - fetch: `nil` on a failure, which it has logged. It has a time-out of its own.
    public init(_ rhythm: Rhythm, places: Bulkhead, fetch: @escaping @Sendable () -> Value?) {
        self.rhythm = rhythm
        self.places = places
        startThread { [state, rhythm] in
            while Self.waitUntilDue(state) {
                let value = fetch()
                state.withLock { $0.end(with: value, rhythm) }
            }
        }
    }

    deinit { state.withLock { $0.isClosed = true } }

    /// The newest value there is. `nil` if there is none, or if none is newer than one that does not serve because the last fetch
    /// failed: then nothing is known, and somebody should ask again later.
    ///
    /// - Parameter isStale: whether a newer one might serve better.
    public func value(unless isStale: (Value) -> Bool = { _ in false }) -> Value? {
        switch state.look({ $0.need(isStale) }) {
        case .served(let value): return value
        case .newer(let ended):
            let isThere = places.enter {
                state.withLock { $0.isWanted = true }
                return state.wait(atMost: rhythm.patience) { $0.ended > ended ? true : nil } ?? false
            }
            return isThere ?? false ? state.look(\.known) : nil
        }
    }

    /// Waits until there is a first value, through whatever failures.
    public func waitForValue(atMost patience: Duration) {
        _ = state.wait(atMost: patience) { $0.value.map { _ in } }
    }

    private enum Need {
        case served(Value?)
        /// A fetch beyond so many that have ended.
        case newer(than: Int)
    }

    /// - Returns: whether a fetch is due; `false` once nobody is left to fetch for.
    private static func waitUntilDue(_ state: Monitor<State>) -> Bool {
        while true {
            let now = ContinuousClock.now
            let (isClosed, pause) = state.withLock { state in (state.isClosed, state.begin(at: now)) }
            if isClosed { return false }
            guard let pause else { return true }
            _ = state.wait(atMost: pause) { state in
                state.isClosed || (state.isWanted && state.earliest <= .now) ? () : nil
            }
        }
    }
}
