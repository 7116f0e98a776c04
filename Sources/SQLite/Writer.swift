private import Threads

/// The one connection of this process that writes, and the thread that has it: group commit.
///
/// The thread waits for the ``Lane``, begins one immediate transaction, takes every change that waits by then, runs each
/// in a SAVEPOINT of its own, commits once, and only then lets each caller go on. A change that fails does not harm its
/// neighbours. A caller who waits too long takes the change back: it is never run.
public final class Writer: Sendable {
    /// For the turn and for SQLite's own lock together. Polar gives a delivery up after 10 s.
    public static let patience = Duration.seconds(4)

    private let queue = Monitor(Queue())
    private let work = Monitor(WriterWork())
    private let patience: Duration

    /// What was written since the writer began.
    public var done: WriterWork { work.withLock { $0 } }

    /// - Parameters:
    ///   - maximumGroup: how many changes share one commit at most.
    ///   - patience: how long a change waits at most before it is begun.
    ///   - broken: told once, when a commit failed in a way that leaves open whether it happened.
    public init(
        path: String, maximumGroup: Int = 64, patience: Duration = Writer.patience,
        broken: @escaping @Sendable (SQLiteError) -> Void
    ) throws(SQLiteError) {
        precondition(maximumGroup > 0)
        self.patience = patience
        let turns = Turns(
            connection: try Connection(path: path, mode: .write, busyTimeout: Turns.lockPatience),
            lane: try Lane(database: path), log: WriteAheadLog(of: path), queue: queue, work: work,
            maximumGroup: maximumGroup)
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
    /// - Throws: `failed` with ``SQLiteError/noTurn`` if it was not begun within the patience; then it never will be.
    public func write<Result: Sendable>(
        within patience: Duration? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws(SQLiteError) -> Result
    ) throws(WriteError) -> Result {
        let change = Change(body)
        let refusal = queue.withLock { queue -> SQLiteError? in
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
    var error: SQLiteError?
}

/// The writer's thread at work. Sendable because it goes to that thread and stays there.
private final class Turns: @unchecked Sendable {
    /// Of one try to begin, while the lane is held: then it is somebody else's turn to try.
    static let lockPatience = Duration.milliseconds(500)

    private let connection: Connection
    private let lane: Lane
    private let log: WriteAheadLog
    private var logShortened: WriteAheadLog.Try?
    private let queue: Monitor<Queue>
    private let work: Monitor<WriterWork>
    private let maximumGroup: Int

    init(
        connection: Connection, lane: Lane, log: WriteAheadLog, queue: Monitor<Queue>, work: Monitor<WriterWork>,
        maximumGroup: Int
    ) {
        (self.connection, self.lane, self.log) = (connection, lane, log)
        (self.queue, self.work, self.maximumGroup) = (queue, work, maximumGroup)
    }

    /// - Returns: `false` once nobody will ask any more.
    func awaitWork() -> Bool {
        queue.wait { queue in queue.waiting.isEmpty ? (queue.isClosed ? false : nil) : true }
    }

    /// - Returns: the error after which this process may not go on, if there was one.
    func takeOne() -> SQLiteError? {
        var group: [any AnyChange] = []
        var ending: Ending = .committed
        lane.withTurn {
            // Whoever asked may have lost patience meanwhile.
            guard queue.withLock({ !$0.waiting.isEmpty }) else { return }
            do throws(SQLiteError) {
                try connection.execute("BEGIN IMMEDIATE")
            } catch {
                // Those who wait for somebody's lock go on waiting, each for as long as it can.
                guard !error.isBusy else { return }
                group = take()
                ending = .failed(error)
                return
            }
            group = take()
            ending = commit(group)
            // Those who asked need not wait for readers.
            for change in group { change.end(ending) }
            group = []
            log.shorten(on: connection, lockPatience: Self.lockPatience, tried: &logShortened)
        }
        for change in group { change.end(ending) }
        switch ending {
        case .committed: return nil
        case .failed(let error), .unknown(let error): return error.isTransient ? nil : error
        }
    }

    func breakDown(because error: SQLiteError) {
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
        work.withLock { work in
            work.commits += 1
            work.changes += Int64(group.count)
            for change in group { work.waited += change.asked.duration(to: turn) }
        }
        return group
    }

    private func commit(_ group: [any AnyChange]) -> Ending {
        do throws(SQLiteError) {
            for change in group { try run(change) }
        } catch {
            // The whole group goes: SQLite has rolled back, or must now.
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            return .failed(error)
        }
        do throws(SQLiteError) {
            try connection.execute("COMMIT")
            return .committed
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            // With a full or a locked disk the commit frame is not there; after anything else it may be.
            return error.isTransient ? .failed(error) : .unknown(error)
        }
    }

    private func run(_ change: any AnyChange) throws(SQLiteError) {
        try connection.execute("SAVEPOINT change")
        do throws(SQLiteError) {
            let transaction = Transaction(connection: connection)
            try change.run(in: transaction)
        } catch {
            // A full disk has ended the transaction itself, and with it everybody's change; a damaged file must.
            guard connection.isInTransaction, !error.isOfTheFile else { throw error }
            change.fail(error)
            try connection.execute("ROLLBACK TO change")
        }
        try connection.execute("RELEASE change")
    }
}

/// How much one writer did.
public struct WriterWork: Equatable, Sendable {
    public fileprivate(set) var commits: Int64 = 0
    public fileprivate(set) var changes: Int64 = 0
    /// All changes together, from the call to the turn.
    public fileprivate(set) var waited: Duration = .zero
}

private enum Ending: Sendable {
    case committed
    case failed(SQLiteError)
    case unknown(SQLiteError)
}

private protocol AnyChange: AnyObject, Sendable {
    var asked: ContinuousClock.Instant { get }
    func run(in transaction: borrowing Transaction) throws(SQLiteError)
    func fail(_ error: SQLiteError)
    func end(_ ending: Ending)
}

/// One caller's change and what became of it. The caller waits, the writer's thread runs.
private final class Change<Result: Sendable>: AnyChange {
    private struct State {
        /// Until it has ended: what it refers to is the caller's again by then.
        var body: (@Sendable (borrowing Transaction) throws(SQLiteError) -> Result)?
        var outcome: Swift.Result<Result, SQLiteError>?
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

    init(_ body: @escaping @Sendable (borrowing Transaction) throws(SQLiteError) -> Result) {
        state = Monitor(State(body: body))
    }

    func run(in transaction: borrowing Transaction) throws(SQLiteError) {
        guard let body = state.withLock({ $0.body }) else { preconditionFailure("A change is run once") }
        let result = try body(transaction)
        state.withLock { $0.outcome = .success(result) }
    }

    func fail(_ error: SQLiteError) { state.withLock { $0.outcome = .failure(error) } }

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
