private import Threads

/// What an engine does for its group commit: on one thread, one call at a time.
public protocol Committer: AnyObject, Sendable {
    var connection: Connection { get }
    var isInTransaction: Bool { get }

    /// Runs `body` while no other process writes.
    func withTurn(_ body: () -> Void)
    func begin() throws(DatabaseError)
    func commit() throws(DatabaseError)
    func rollBack() throws(DatabaseError)
    /// After a commit, once everybody was told of it, and still in turn.
    func tidy()
}

/// Every change of this process on one connection, and the thread that has it: group commit.
///
/// The thread waits for its turn, begins one transaction, takes every change that waits by then, runs each in a
/// SAVEPOINT of its own, commits once, and only then lets each caller go on. A change that fails does not harm its
/// neighbours. A caller who waits too long takes the change back: it is never run.
public final class GroupCommit: Sendable {
    private let queue = Monitor(Queue())
    private let done = Monitor(WriteWork())
    private let patience: Duration

    /// What was written since it began.
    public var work: WriteWork { done.withLock { $0 } }

    /// - Parameters:
    ///   - maximumGroup: how many changes share one commit at most.
    ///   - patience: how long a change waits at most before it is begun.
    ///   - broken: told once, when a commit failed in a way that leaves open whether it happened.
    public init(
        _ committer: any Committer, maximumGroup: Int, patience: Duration,
        broken: @escaping @Sendable (DatabaseError) -> Void
    ) {
        precondition(maximumGroup > 0)
        self.patience = patience
        let turns = Turns(committer: committer, queue: queue, done: done, maximumGroup: maximumGroup)
        startThread {
            while turns.awaitWork() {
                if let error = turns.takeOne() {
                    turns.breakDown(because: error)
                    broken(error)
                }
            }
        }
    }

    deinit { queue.withLock { $0.isClosed = true } }

    /// Runs `body` in a transaction and returns once it is durable.
    ///
    /// - Parameter patience: if less than usual.
    /// - Throws: `failed` with ``DatabaseError/noTurn`` if it was not begun within the patience; then it never will be.
    public func write<Result: Sendable>(
        within patience: Duration? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result {
        let change = Change(body)
        let refusal = queue.withLock { queue -> DatabaseError? in
            if let error = queue.error { return error }
            queue.waiting.append(change)
            return nil
        }
        if let refusal { throw .failed(refusal) }
        if let end = change.end(within: patience ?? self.patience) { return try end.get() }
        let isWithdrawn = queue.withLock { queue in
            guard let place = queue.waiting.firstIndex(where: { $0 === change }) else { return false }
            queue.waiting.remove(at: place)
            return true
        }
        guard !isWithdrawn else { throw .failed(.noTurn) }
        // It has begun: what becomes of it is known soon, and must be.
        return try change.end().get()
    }
}

private struct Queue {
    var waiting: [any AnyChange] = []
    var isClosed = false
    var error: DatabaseError?
}

/// The committing thread at work.
private struct Turns: Sendable {
    let committer: any Committer
    let queue: Monitor<Queue>
    let done: Monitor<WriteWork>
    let maximumGroup: Int

    /// - Returns: `false` once nobody will ask any more.
    func awaitWork() -> Bool {
        queue.wait { queue in queue.waiting.isEmpty ? (queue.isClosed ? false : nil) : true }
    }

    /// - Returns: the error after which this process may not go on, if there was one.
    func takeOne() -> DatabaseError? {
        var group: [any AnyChange] = []
        var ending: Ending = .committed
        committer.withTurn {
            // Whoever asked may have lost patience meanwhile.
            guard queue.withLock({ !$0.waiting.isEmpty }) else { return }
            do throws(DatabaseError) {
                try committer.begin()
            } catch {
                // Those who wait for somebody's lock go on waiting, each for as long as it can.
                guard error.kind != .busy else { return }
                group = take()
                ending = .failed(error)
                return
            }
            group = take()
            ending = commit(group)
            // Those who asked need not wait for readers.
            for change in group { change.end(ending) }
            group = []
            committer.tidy()
        }
        for change in group { change.end(ending) }
        switch ending {
        case .committed: return nil
        case .failed(let error), .unknown(let error): return error.isTransient ? nil : error
        }
    }

    func breakDown(because error: DatabaseError) {
        let waiting = queue.withLock { queue in
            queue.error = error
            defer { queue.waiting = [] }
            return queue.waiting
        }
        for change in waiting { change.end(.failed(error)) }
    }

    private func take() -> [any AnyChange] {
        let group = queue.withLock { queue in
            let group = Array(queue.waiting.prefix(maximumGroup))
            queue.waiting.removeFirst(group.count)
            return group
        }
        let turn = ContinuousClock.now
        done.withLock { work in
            work.commits += 1
            work.changes += Int64(group.count)
            for change in group { work.waited += change.asked.duration(to: turn) }
        }
        return group
    }

    private func commit(_ group: [any AnyChange]) -> Ending {
        do throws(DatabaseError) {
            for change in group { try run(change) }
        } catch {
            // The whole group goes: the engine has rolled back, or must now.
            if committer.isInTransaction { try? committer.rollBack() }
            return .failed(error)
        }
        do throws(DatabaseError) {
            try committer.commit()
            return .committed
        } catch {
            if committer.isInTransaction { try? committer.rollBack() }
            // With a full or a locked disk the commit frame is not there; after anything else it may be.
            return error.isTransient ? .failed(error) : .unknown(error)
        }
    }

    private func run(_ change: any AnyChange) throws(DatabaseError) {
        let connection = committer.connection
        try connection.execute("SAVEPOINT change")
        do throws(DatabaseError) {
            let transaction = Transaction(connection: connection)
            try change.run(in: transaction)
        } catch {
            // A full disk has ended the transaction itself, and with it everybody's change; a damaged file must.
            guard committer.isInTransaction, !error.isOfTheFile else { throw error }
            change.fail(error)
            try connection.execute("ROLLBACK TO change")
        }
        try connection.execute("RELEASE change")
    }
}

private enum Ending: Sendable {
    case committed
    case failed(DatabaseError)
    case unknown(DatabaseError)
}

private protocol AnyChange: AnyObject, Sendable {
    var asked: ContinuousClock.Instant { get }
    func run(in transaction: borrowing Transaction) throws(DatabaseError)
    func fail(_ error: DatabaseError)
    func end(_ ending: Ending)
}

/// One caller's change and what became of it. The caller waits, the committing thread runs.
private final class Change<Result: Sendable>: AnyChange {
    private struct State {
        /// Until it has ended: what it refers to is the caller's again by then.
        var body: (@Sendable (borrowing Transaction) throws(DatabaseError) -> Result)?
        var outcome: Swift.Result<Result, DatabaseError>?
        var ending: Ending?

        var result: Swift.Result<Result, WriteError>? {
            switch (ending, outcome) {
            case (nil, _): nil
            case (.committed, .success(let result)): .success(result)
            case (.committed, .failure(let error)), (.failed(let error), _): .failure(.failed(error))
            case (.unknown(let error), _): .failure(.unknown(error))
            case (.committed, nil): preconditionFailure("A committed change was run")
            }
        }
    }

    let asked = ContinuousClock.now
    private let state: Monitor<State>

    init(_ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result) {
        state = Monitor(State(body: body))
    }

    func run(in transaction: borrowing Transaction) throws(DatabaseError) {
        guard let body = state.withLock({ $0.body }) else { preconditionFailure("A change is run once") }
        let result = try body(transaction)
        state.withLock { $0.outcome = .success(result) }
    }

    func fail(_ error: DatabaseError) { state.withLock { $0.outcome = .failure(error) } }

    func end(_ ending: Ending) {
        state.withLock { state in
            state.body = nil
            state.ending = ending
        }
    }

    func end(within patience: Duration) -> Swift.Result<Result, WriteError>? {
        state.wait(atMost: patience) { $0.result }
    }

    func end() -> Swift.Result<Result, WriteError> { state.wait { $0.result } }
}
