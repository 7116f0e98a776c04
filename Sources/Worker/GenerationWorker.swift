internal import Core
private import Threads

/// Does the queued generations, several at once, until it is told to stop.
///
/// An outage is no job's fault: then nothing is taken until the provider answers one of them again.
public final class GenerationWorker: Sendable {
    /// That a worker died is seldom its job's fault; a job that outlives its workers again and again ends all the same.
    private static let spareAttempts: Int64 = 5
    /// How often the provider may stop answering with one job, having answered others, before that is the job's fault: a
    /// picture that it breaks over must not keep all others waiting.
    private static let forgivenOutages: Int64 = 2

    let dependencies: WorkerDependencies
    let rules: WorkerRules
    private let state = Monitor(State())

    private struct State {
        var isStopping = false
        var threads = 0
        /// Those that a stop hands back. One whose result is being stored is not among them any more.
        var inHand: [Job] = []
        /// Those of all threads, with those whose result is being stored.
        var held: [Generation.ID] = []
        var breaker = Breaker()
        var isLimitTold = false
    }

    public init(dependencies: WorkerDependencies, rules: WorkerRules) {
        precondition(rules.attempts >= 1)
        self.dependencies = dependencies
        self.rules = rules
    }

    public func start(threads: Int) {
        // What a worker noted that died while it paused is over.
        noteProvider(pausedBy: nil)
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

    /// Takes a job, if there is one and the provider answers, and does it.
    ///
    /// - Returns: whether it is worth asking again at once.
    public func step() -> Bool {
        let (permission, held, suspect) = state.withLock { state in
            (state.breaker.ask(at: dependencies.uptime()), state.held, state.breaker.suspect)
        }
        defer {
            if let probe = permission.probe {
                state.withLock { $0.breaker.didNotAsk(probe, at: dependencies.uptime()) }
            }
        }
        let mostAttempts = rules.attempts + Self.spareAttempts
        do throws(StoreError) {
            guard permission != .none else {
                try dependencies.store.jobs.tend(
                    lease: rules.lease, maximumAttempts: mostAttempts, maximumAge: rules.maximumAge, held: held,
                    at: dependencies.now())
                return false
            }
            let outcome = try dependencies.store.jobs.claim(
                for: rules.lease, maximumAttempts: mostAttempts, maximumAge: rules.maximumAge,
                dailyLimit: rules.dailyLimit, held: held, avoiding: suspect, at: dependencies.now())
            switch outcome {
            case .nothing: return false
            case .dailyLimitReached:
                tellLimit()
                return false
            case .job(let job): return work(on: job, probe: permission.probe)
            }
        } catch {
            dependencies.log(LogLine(.error, "generation.not_claimed", ["store.reason": error.description]))
            return false
        }
    }

    private func work(on job: Job, probe: Breaker.Probe?) -> Bool {
        let isWanted = state.withLock { state in
            if !state.isStopping {
                state.inHand.append(job)
                state.held.append(job.generation)
            }
            return !state.isStopping
        }
        guard isWanted else {
            handBack(job)
            return false
        }
        defer {
            state.withLock { state in
                if let index = state.held.firstIndex(of: job.generation) { state.held.remove(at: index) }
            }
        }
        let attempt = Attempt(
            dependencies: dependencies, rules: rules, job: job, isStopping: { [self] in isStopping },
            answered: { [self] in answered() })
        do throws(AttemptFault) {
            let result = try attempt.run()
            guard takeFromHand(job) else { return false }
            if let outage = record(result, of: job) { return meet(outage, with: job, probe: probe) }
            return true
        } catch {
            guard takeFromHand(job) else { return false }
            return end(job, error, probe: probe)
        }
    }

    private func end(_ job: Job, _ fault: AttemptFault, probe: Breaker.Probe?) -> Bool {
        switch fault {
        case .stopped: handBack(job)
        case .failed(let failure, let reason): fail(job, failure, reason)
        case .outage(let outage): return meet(outage, with: job, probe: probe)
        case .leaseLost: tellLeaseLost(job)
        case .dailyLimitReached:
            handBack(job)
            tellLimit()
            return false
        }
        return true
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
        if isNew { dependencies.log(LogLine(.warning, "generation.daily_limit_reached")) }
    }

    // MARK: Outages

    private func answered() {
        let isOver = state.withLock { state in
            state.isLimitTold = false
            return state.breaker.answered()
        }
        guard isOver else { return }
        dependencies.log(LogLine(.notice, "provider.resumed"))
        noteProvider(pausedBy: nil)
    }

    /// The job goes back as it was, and everybody leaves the provider alone for a while.
    private func meet(_ outage: Outage, with job: Job, probe: Breaker.Probe?) -> Bool {
        let (isSuspect, isGuilty, isPause) = state.withLock { state in
            let isSuspect = outage.mayBeOfThePicture && state.breaker.wouldBeSuspect
            if isSuspect && job.outages >= Self.forgivenOutages { return (true, true, false) }
            let isPause = state.breaker.letDown(
                job.generation, probe: probe, wish: outage.retryAfter, at: dependencies.uptime())
            return (isSuspect, false, isPause)
        }
        guard !isGuilty else {
            fail(job, outage.failure, outage.reason)
            return true
        }
        postpone(job, after: outage, isSuspect: isSuspect)
        if isPause {
            let level: LogLine.Level = outage.cause == .misconfigured ? .error : .warning
            dependencies.log(
                LogLine(
                    level, "provider.paused", ["pause.cause": outage.cause.rawValue, "provider.reason": outage.reason]))
            noteProvider(pausedBy: outage.cause)
        }
        return false
    }

    /// Until it is time to look again, or to stop.
    func rest() { state.wait(atMost: rules.pause) { $0.isStopping ? () : nil } }
}
