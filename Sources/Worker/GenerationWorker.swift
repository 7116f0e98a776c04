internal import Core
private import Threads

/// Does the queued generations, several at once, until it is told to stop.
public final class GenerationWorker: Sendable {
    /// The provider's wish is respected up to here: a day's quota must not silence the worker for a day.
    private static let longestSilence = Duration.seconds(300)
    /// That a worker died is seldom its job's fault; a job that outlives its workers again and again ends all the same.
    private static let spareAttempts: Int64 = 5

    let parts: WorkerParts
    let rules: WorkerRules
    private let state = Monitor(State())

    private struct State {
        var isStopping = false
        var threads = 0
        /// Those that a stop hands back. One whose result is being stored is not among them any more.
        var inHand: [Job] = []
        /// The provider wants to be left alone until then.
        var silentUntil: Instant?
        var isLimitTold = false
    }

    public init(parts: WorkerParts, rules: WorkerRules) {
        precondition(rules.attempts >= 1)
        self.parts = parts
        self.rules = rules
    }

    public func start(threads: Int) {
        state.withLock { $0.threads += threads }
        for _ in 0..<threads {
            startThread { [self] in
                while !isStopping {
                    if !step() { rest() }
                }
                state.withLock { $0.threads -= 1 }
            }
        }
    }

    /// Hands back what is in hand: another worker does it anew. A result that is being stored is waited for; a call that
    /// cannot be ended is left alone, for its result would be refused.
    ///
    /// - Returns: whether every thread has ended.
    @discardableResult
    public func stop(within patience: Duration) -> Bool {
        let jobs = state.withLock { state in
            state.isStopping = true
            defer { state.inHand = [] }
            return state.inHand
        }
        for job in jobs { handBack(job) }
        return state.wait(atMost: patience) { $0.threads == 0 ? () : nil } != nil
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Takes a job, if there is one, and does it.
    ///
    /// - Returns: whether it is worth asking again at once.
    public func step() -> Bool {
        let now = parts.now()
        guard state.withLock({ $0.silentUntil.map { $0 <= now } ?? true }) else { return false }
        do throws(StoreError) {
            switch try parts.store.claim(
                for: rules.lease, maximumAttempts: rules.attempts + Self.spareAttempts, dailyLimit: rules.dailyLimit,
                at: now)
            {
            case .nothing: return false
            case .dailyLimitReached:
                tellLimit()
                return false
            case .job(let job):
                state.withLock { $0.isLimitTold = false }
                work(on: job)
                return true
            }
        } catch {
            parts.log(LogLine(.error, "generation.not_claimed", ["store.reason": error.description]))
            return false
        }
    }

    private func work(on job: Job) {
        let isWanted = state.withLock { state in
            if !state.isStopping { state.inHand.append(job) }
            return !state.isStopping
        }
        guard isWanted else { return handBack(job) }
        let attempt = Attempt(parts: parts, rules: rules, job: job) { [self] in isStopping }
        do throws(AttemptFault) {
            let result = try attempt.run()
            guard takeFromHand(job) else { return }
            record(result, of: job)
        } catch {
            guard takeFromHand(job) else { return }
            switch error {
            case .stopped: handBack(job)
            case .failed(let failure, let weight, let reason): fail(job, failure, weight, reason)
            }
        }
    }

    /// - Returns: `false` if a stop has handed it back meanwhile: whatever came of it counts no more.
    private func takeFromHand(_ job: Job) -> Bool {
        state.withLock { state in
            guard let index = state.inHand.firstIndex(of: job) else { return false }
            state.inHand.remove(at: index)
            return true
        }
    }

    private func tellLimit() {
        let isNew = state.withLock { state in
            defer { state.isLimitTold = true }
            return !state.isLimitTold
        }
        if isNew { parts.log(LogLine(.warning, "generation.daily_limit_reached")) }
    }

    func silence(for pause: Duration) {
        let until = parts.now().advanced(by: min(pause, Self.longestSilence))
        state.withLock { $0.silentUntil = max($0.silentUntil ?? until, until) }
    }

    /// Until it is time to look again, or to stop.
    func rest() { state.wait(atMost: rules.pause) { $0.isStopping ? () : nil } }
}
