public import Database

/// One file of SQLite's, open: connections that read, and the one that writes.
public final class SQLiteEngine: Engine {
    /// For the turn and for SQLite's own lock together. Polar gives a delivery up after 10 s.
    public static let patience = Duration.seconds(4)
    /// What a copy for ``examine(room:_:)`` leaves of the disk.
    private static let keptFree: Int64 = 256 << 20

    private let path: String
    /// As long as the engine is there, nobody replaces the file beneath it.
    private let presence: Presence
    private let readers: ReadPool
    private let commits: GroupCommit

    /// - Parameters:
    ///   - maximumGroup: how many changes share one commit at most.
    ///   - patience: how long a change waits at most before it is begun.
    ///   - broken: told once, when a commit failed in a way that leaves open whether it happened.
    public init(
        path: String, maximumGroup: Int = 64, patience: Duration = SQLiteEngine.patience,
        broken: @escaping @Sendable (DatabaseError) -> Void
    ) throws(DatabaseError) {
        self.path = path
        presence = try Presence(at: path)
        readers = try ReadPool { () throws(DatabaseError) in try SQLiteConnection(path: path, mode: .read) }
        commits = GroupCommit(
            try SQLiteCommitter(path: path), maximumGroup: maximumGroup, patience: patience, broken: broken)
    }

    public func read<Result>(
        _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        try readers.read(body)
    }

    /// Looks at a copy, which goes with its end: a long look at the database itself keeps the log from being taken back.
    /// Without room for a copy, it is looked at itself.
    public func examine<Result>(
        room: Int64?, _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        if let room, room - Self.keptFree > (try read(Self.bytes)) {
            do throws(DatabaseError) {
                return try body(SQLiteConnection.privateCopy(of: path, by: path + ".verify"))
            } catch {
                // Whatever is in the way of a copy, such as a disk that is full by now, is not in the way of this:
            }
        }
        return try read(body)
    }

    private static func bytes(_ connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size")
    }

    public func write<Result: Sendable>(
        within patience: Duration?,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result {
        try commits.write(within: patience, body)
    }

    public var work: WriteWork { commits.work }

    /// Commits empty it above 16 MB, as soon as no reader needs it.
    public var logBytes: Int64 { WriteAheadLog(of: path).bytes }
}
