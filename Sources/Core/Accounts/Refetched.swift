private import Synchronization

/// A value from elsewhere that is kept: fetched when first asked for, and again when it does not serve any more.
///
/// One fetch is under way at a time and two begin at least `pause` apart, whatever came of them. A fetch that fails
/// leaves the value that was there. Whoever has an old value to go on with does not wait for a fetch of another.
public final class Refetched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var fetchedAt: Instant?
        var triedAt: Instant?
    }

    private let pause: Duration
    private let lifetime: Duration
    private let now: @Sendable () -> Instant
    private let fetch: @Sendable () -> Value?
    private let state = Mutex(State())
    private let turn = Mutex(())

    /// - Parameters:
    ///   - lifetime: after that a value is fetched anew, so that what was withdrawn does not count for ever.
    ///   - fetch: `nil` on a failure, which it has logged.
    public init(
        pause: Duration, lifetime: Duration = .seconds(3600), now: @escaping @Sendable () -> Instant,
        fetch: @escaping @Sendable () -> Value?
    ) {
        precondition(pause > .zero && lifetime > .zero)
        self.pause = pause
        self.lifetime = lifetime
        self.now = now
        self.fetch = fetch
    }

    /// The newest value there is, if any.
    ///
    /// - Parameter isStale: whether a newer one might serve better.
    public func value(unless isStale: (Value) -> Bool = { _ in false }) -> Value? {
        let needed = need(isStale)
        if needed == .atOnce {
            turn.withLock { _ in fetchIfDue(isStale) }
        } else if needed == .soon {
            _ = turn.withLockIfAvailable { _ in fetchIfDue(isStale) }
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

    private func fetchIfDue(_ isStale: (Value) -> Bool) {
        // Whoever had the turn before may have brought it.
        guard need(isStale) != .none else { return }
        let now = now()
        let isDue = state.withLock { state in
            if let triedAt = state.triedAt, Self.isWithin(pause, of: triedAt, now) { return false }
            state.triedAt = now
            return true
        }
        guard isDue, let value = fetch() else { return }
        state.withLock { state in
            state.value = value
            state.fetchedAt = now
        }
    }

    /// A clock that was set back must not stretch a wait.
    private static func isWithin(_ duration: Duration, of start: Instant, _ now: Instant) -> Bool {
        let passed = start.distance(to: now)
        return passed >= .zero && passed < duration
    }
}
