private import Synchronization

/// A value from elsewhere that is kept: fetched when first asked for, and again when it does not serve any more.
///
/// One fetch is under way at a time and two begin at least `pause` apart, whatever came of them. A fetch that fails
/// leaves the value that was there. Whoever has an old value to go on with does not wait for the fetch of another; of
/// those who have none only a few wait, so that an issuer that hangs does not hold every thread.
public final class Refetched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var fetchedAt: Instant?
        var triedAt: Instant?
        var waiting = 0
    }

    private let maximumWaiting: Int
    private let pause: Duration
    private let lifetime: Duration
    private let now: @Sendable () -> Instant
    private let fetch: @Sendable () -> Value?
    private let state = Mutex(State())
    private let turn = Mutex(())

    /// - Parameters:
    ///   - pause: from the end of one fetch to the next.
    ///   - lifetime: after that a value is fetched anew, so that what was withdrawn does not count for ever.
    ///   - fetch: `nil` on a failure, which it has logged.
    public init(
        pause: Duration, lifetime: Duration = .seconds(3600), maximumWaiting: Int = 8,
        now: @escaping @Sendable () -> Instant, fetch: @escaping @Sendable () -> Value?
    ) {
        precondition(pause > .zero && lifetime > .zero && maximumWaiting > 0)
        self.maximumWaiting = maximumWaiting
        self.pause = pause
        self.lifetime = lifetime
        self.now = now
        self.fetch = fetch
    }

    /// The newest value there is, if any.
    ///
    /// - Parameter isStale: whether a newer one might serve better.
    public func value(unless isStale: (Value) -> Bool = { _ in false }) -> Value? {
        switch need(isStale) {
        case .none: break
        case .soon: _ = turn.withLockIfAvailable { _ in fetchIfDue(isStale) }
        case .atOnce: waitAndFetch(isStale)
        }
        return state.withLock { $0.value }
    }

    private enum Need { case none, soon, atOnce }

    private func need(_ isStale: (Value) -> Bool) -> Need {
        let now = now()
        return state.withLock { state in
            guard let value = state.value, let fetchedAt = state.fetchedAt else { return .atOnce }
            return isStale(value) || !Self.isWithin(lifetime, of: fetchedAt, now) ? .soon : .none
        }
    }

    private func waitAndFetch(_ isStale: (Value) -> Bool) {
        let mayWait = state.withLock { state in
            guard state.waiting < maximumWaiting else { return false }
            state.waiting += 1
            return true
        }
        guard mayWait else { return }
        turn.withLock { _ in fetchIfDue(isStale) }
        state.withLock { $0.waiting -= 1 }
    }

    private func fetchIfDue(_ isStale: (Value) -> Bool) {
        // Whoever had the turn before may have brought it.
        guard need(isStale) != .none else { return }
        let start = now()
        guard state.withLock({ state in !(state.triedAt.map { Self.isWithin(pause, of: $0, start) } ?? false) }) else {
            return
        }
        let value = fetch()
        let end = now()
        state.withLock { state in
            state.triedAt = end
            guard let value else { return }
            state.value = value
            state.fetchedAt = end
        }
    }

    /// A clock that was set back must not stretch a wait.
    private static func isWithin(_ duration: Duration, of start: Instant, _ now: Instant) -> Bool {
        let passed = start.distance(to: now)
        return passed >= .zero && passed < duration
    }
}
