/// Places for those who have to wait for somebody else. When all are taken, the next is told so at once.
///
/// Whoever hangs then holds so many threads and no more, and the others go on with their work.
public final class Bulkhead: Sendable {
    private let places: Int
    private let taken = Monitor(0)

    public init(places: Int) {
        precondition(places > 0)
        self.places = places
    }

    /// Places for at most a third of the threads that serve, and for one in any case.
    public convenience init(amongThreads threads: Int) { self.init(places: max(1, threads / 3)) }

    /// Runs `body` in a place, which is free again however `body` ends.
    ///
    /// - Returns: `nil` if there was no place, and nothing was run.
    public func enter<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result? {
        guard take() else { return nil }
        defer { giveBack() }
        return try body()
    }

    /// Runs `body` on a thread of its own and waits for its end only so long. What takes longer goes on by itself, and keeps
    /// its place until it ends.
    ///
    /// - Returns: `nil` if there was no place, or no end in time.
    public func aside<Result: Sendable>(
        atMost patience: Duration, _ body: @escaping @Sendable () -> Result
    ) -> Result? {
        guard take() else { return nil }
        let outcome = Monitor(Result?.none)
        startThread { [self] in
            let result = body()
            giveBack()
            outcome.withLock { $0 = result }
        }
        return outcome.wait(atMost: patience) { $0 }
    }

    private func take() -> Bool {
        taken.withLock { taken in
            guard taken < places else { return false }
            taken += 1
            return true
        }
    }

    private func giveBack() { taken.withLock { $0 -= 1 } }
}
