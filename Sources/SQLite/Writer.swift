private import Threads

/// The one connection of this process that writes, and the thread that has it: group commit.
///
/// The thread takes every change that waits, runs each in a SAVEPOINT of its own inside one immediate transaction,
/// commits once, and only then lets each caller go on. A change that fails does not harm its neighbours.
/// The transaction happens while the ``Lane`` is held.
public final class Writer: Sendable {
    private let queue = Monitor(Queue())
    private let work = Monitor(WriterWork())

    /// What was written since the writer began.
    public var done: WriterWork { work.withLock { $0 } }

    /// - Parameters:
    ///   - maximumGroup: how many changes share one commit at most.
    ///   - broken: told once, when a commit failed in a way that leaves open whether it happened.
    public init(
        path: String, maximumGroup: Int = 64, broken: @escaping @Sendable (SQLiteError) -> Void
    ) throws(SQLiteError) {
        precondition(maximumGroup > 0)
        let owned = Owned(connection: try Connection(path: path, mode: .write), lane: try Lane(database: path))
        startThread { [queue, work] in
            while let group = Self.nextGroup(of: queue, maximum: maximumGroup) {
                if let error = Self.commit(group, on: owned.connection, in: owned.lane, counting: work) {
                    Self.breakDown(queue, because: error)
                    broken(error)
                }
            }
        }
    }

    /// Sendable because it goes to the writer's thread and stays there.
    private struct Owned: @unchecked Sendable {
        let connection: Connection
        let lane: Lane
    }

    deinit { queue.withLock { $0.isClosed = true } }

    /// Runs `body` in a transaction and returns once it is durable.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws(SQLiteError) -> Result
    ) throws(WriteError) -> Result {
        let change = Change(body)
        let refusal = queue.withLock { queue -> SQLiteError? in
            if let error = queue.error { return error }
            queue.waiting.append(change)
            return nil
        }
        if let refusal { throw .failed(refusal) }
        return try change.result()
    }

    private struct Queue {
        var waiting: [any AnyChange] = []
        var isClosed = false
        var error: SQLiteError?
    }

    private static func nextGroup(of queue: Monitor<Queue>, maximum: Int) -> [any AnyChange]? {
        queue.wait { queue -> [any AnyChange]?? in
            if queue.waiting.isEmpty { return queue.isClosed ? .some(nil) : nil }
            let group = Array(queue.waiting.prefix(maximum))
            queue.waiting.removeFirst(group.count)
            return group
        }
    }

    private static func breakDown(_ queue: Monitor<Queue>, because error: SQLiteError) {
        let waiting = queue.withLock { queue in
            queue.error = error
            defer { queue.waiting = [] }
            return queue.waiting
        }
        for change in waiting { change.end(.failed(error)) }
    }

    /// - Returns: the error after which this process may not go on, if there was one.
    private static func commit(
        _ group: [any AnyChange], on connection: Connection, in lane: Lane, counting work: Monitor<WriterWork>
    ) -> SQLiteError? {
        var fatal: SQLiteError?
        var ending: Ending = .committed
        lane.withTurn {
            let turn = ContinuousClock.now
            work.withLock { work in
                work.commits += 1
                work.changes += Int64(group.count)
                for change in group { work.waited += change.asked.duration(to: turn) }
            }
            do throws(SQLiteError) {
                try connection.execute("BEGIN IMMEDIATE")
                for change in group { try run(change, on: connection) }
            } catch {
                // The whole group goes: SQLite has rolled back, or must now.
                if connection.isInTransaction { try? connection.execute("ROLLBACK") }
                ending = .failed(error)
                fatal = error.isTransient ? nil : error
                return
            }
            do throws(SQLiteError) {
                try connection.execute("COMMIT")
            } catch {
                if connection.isInTransaction { try? connection.execute("ROLLBACK") }
                // With a full or a locked disk the commit frame is not there; after anything else it may be.
                ending = error.isTransient ? .failed(error) : .unknown(error)
                fatal = error.isTransient ? nil : error
            }
        }
        for change in group { change.end(ending) }
        return fatal
    }

    private static func run(_ change: any AnyChange, on connection: Connection) throws(SQLiteError) {
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

private protocol AnyChange: Sendable {
    var asked: ContinuousClock.Instant { get }
    func run(in transaction: borrowing Transaction) throws(SQLiteError)
    func fail(_ error: SQLiteError)
    func end(_ ending: Ending)
}

/// One caller's change and what became of it. The caller waits, the writer's thread runs.
private final class Change<Result: Sendable>: AnyChange {
    private struct State {
        var outcome: Swift.Result<Result, SQLiteError>?
        var ending: Ending?
    }

    let asked = ContinuousClock.now
    private let body: @Sendable (borrowing Transaction) throws(SQLiteError) -> Result
    private let state = Monitor(State())

    init(_ body: @escaping @Sendable (borrowing Transaction) throws(SQLiteError) -> Result) { self.body = body }

    func run(in transaction: borrowing Transaction) throws(SQLiteError) {
        let result = try body(transaction)
        state.withLock { $0.outcome = .success(result) }
    }

    func fail(_ error: SQLiteError) { state.withLock { $0.outcome = .failure(error) } }

    func end(_ ending: Ending) { state.withLock { $0.ending = ending } }

    func result() throws(WriteError) -> Result {
        let end = state.wait { state in state.ending.map { (ending: $0, outcome: state.outcome) } }
        switch (end.ending, end.outcome) {
        case (.committed, .success(let result)): return result
        case (.committed, .failure(let error)), (.failed(let error), _): throw .failed(error)
        case (.unknown(let error), _): throw .unknown(error)
        case (.committed, nil): preconditionFailure("A committed change was run")
        }
    }
}
