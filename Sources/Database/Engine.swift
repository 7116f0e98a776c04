/// A database that is open: how its connections are kept, how a change gets its turn and becomes durable.
public protocol Engine: AnyObject, Sendable {
    /// Runs `body` on one consistent state, without waiting for writes. No network, no file, nothing slow inside.
    func read<Result>(_ body: (Connection) throws(DatabaseError) -> Result) throws(DatabaseError) -> Result

    /// Runs `body` on one consistent state, for as long as it takes, so that it is in nobody's way.
    ///
    /// - Parameter room: bytes free beside the database, if the engine wants a copy.
    func examine<Result>(
        room: Int64?, _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result

    /// Runs `body` in a transaction and returns once it is durable. It may be run again from the start: it has no effect
    /// outside its transaction.
    ///
    /// - Parameter patience: how long it waits for its turn, if less than usual.
    /// - Throws: `failed` with ``DatabaseError/noTurn`` if it was not begun within the patience; then it never will be.
    func write<Result: Sendable>(
        within patience: Duration?,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result

    /// What was written since it was opened.
    var work: WriteWork { get }

    /// Of the log that takes every commit first, if it is beside the database.
    var logBytes: Int64 { get }
}

extension Engine {
    /// With the patience that is usual.
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result {
        try write(within: nil, body)
    }
}

/// How much was written.
public struct WriteWork: Equatable, Sendable {
    public internal(set) var commits: Int64 = 0
    public internal(set) var changes: Int64 = 0
    /// All changes together, from the call to the turn.
    public internal(set) var waited: Duration = .zero

    public init() {}
}

/// Where a database is, before anybody opens it.
public protocol Place: Sendable {
    /// - Parameters:
    ///   - commitGroup: how many changes share one commit at most, where the engine groups them.
    ///   - broken: told once, when a commit failed in a way that leaves open whether it happened.
    func open(
        commitGroup: Int, broken: @escaping @Sendable (DatabaseError) -> Void
    ) throws(DatabaseError) -> any Engine

    /// Creates the database if need be and runs `body` in one transaction: a step of its schema.
    func migrate<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result

    /// How the database is set up, whatever its schema.
    func condition() throws(DatabaseError) -> Condition
}

/// How a database is set up.
public struct Condition: Equatable, Sendable {
    public let schema: Int64
    /// `wal`, if all is right.
    public let journalMode: String
    /// 2: a commit is on the disk when it is acknowledged.
    public let synchronous: Int64
    /// Of the log that takes every commit first.
    public let logBytes: Int64

    public init(schema: Int64, journalMode: String, synchronous: Int64, logBytes: Int64) {
        self.schema = schema
        self.journalMode = journalMode
        self.synchronous = synchronous
        self.logBytes = logBytes
    }
}

/// A database that is a file of its own, which can be copied, looked at apart, and put in another's place.
public protocol DatabaseFile: Place {
    var path: String { get }

    /// Another file of the same engine.
    func another(at path: String) -> Self

    /// Writes a copy of the database as it is at one moment to a new file, while others go on writing.
    func copy(to path: String) throws(DatabaseError)

    /// Runs `body` while no program has the database in hand.
    ///
    /// - Returns: `nil` if one does.
    func alone<Result, Failure: Error>(
        refused: (DatabaseError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result?

    /// Looks at a file that nobody else has in hand.
    func look<Result>(_ body: (Connection) throws(DatabaseError) -> Result) throws(DatabaseError) -> Result

    /// One transaction on a file that nobody else has in hand.
    func change<Result>(
        _ body: (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result
}
