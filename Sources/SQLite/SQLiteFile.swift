@_spi(Engine) public import Database

/// Where a database of SQLite's is.
public struct SQLiteFile: DatabaseFile {
    private static let migrationPatience = Duration.seconds(30)

    public let path: String

    public init(_ path: String) { self.path = path }

    public func another(at path: String) -> SQLiteFile { SQLiteFile(path) }

    public func open(
        commitGroup: Int, broken: @escaping @Sendable (DatabaseError) -> Void
    ) throws(DatabaseError) -> any Engine {
        try SQLiteEngine(path: path, maximumGroup: commitGroup, broken: broken)
    }

    public func migrate<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result {
        let committer: SQLiteCommitter
        do throws(DatabaseError) {
            _ = try SQLiteConnection(path: path, mode: .create, busyTimeout: Self.migrationPatience)
            committer = try SQLiteCommitter(path: path)
        } catch {
            throw .failed(error)
        }
        return try GroupCommit(committer, maximumGroup: 1, patience: Self.migrationPatience) { _ in }.write(body)
    }

    public func condition() throws(DatabaseError) -> Condition {
        let connection = try SQLiteConnection(path: path, mode: .write)
        func integer(_ pragma: String) throws(DatabaseError) -> Int64 {
            try connection.query("PRAGMA \(pragma)") { $0.integer(0) }.first ?? -1
        }
        return Condition(
            schema: try integer("user_version"),
            journalMode: try connection.query("PRAGMA journal_mode") { $0.text(0) }.first ?? "",
            synchronous: try integer("synchronous"), logBytes: WriteAheadLog(of: path).bytes)
    }

    public func copy(to path: String) throws(DatabaseError) { try SQLiteConnection.copy(of: self.path, to: path) }

    public func alone<Result, Failure: Error>(
        refused: (DatabaseError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        let presence: Presence?
        do throws(DatabaseError) { presence = try Presence(aloneAt: path) } catch { throw refused(error) }
        guard let presence else { return nil }
        defer { extendLifetime(presence) }
        return try body()
    }

    public func look<Result>(_ body: (Connection) throws(DatabaseError) -> Result) throws(DatabaseError) -> Result {
        try body(SQLiteConnection(path: path, mode: .copy))
    }

    /// It needs no lane.
    public func change<Result>(
        _ body: (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        let connection = try SQLiteConnection(path: path, mode: .copy)
        try connection.execute("BEGIN IMMEDIATE")
        do throws(DatabaseError) {
            let transaction = Transaction(connection: connection)
            let result = try body(transaction)
            try connection.execute("COMMIT")
            return result
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }
}
