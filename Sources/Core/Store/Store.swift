internal import SQLite

/// The database as the rest of the program sees it: one method for each thing that it can be asked to do.
///
/// A method that changes something is one immediate transaction, durable when it returns. One that reads sees one
/// consistent state and does not wait for writes.
public final class Store: Sendable {
    private let writer: Writer
    private let readers: Readers
    public let path: String
    /// As long as the store is there, nobody replaces the file beneath it.
    private let presence: Presence
    /// How many trials one day has room for.
    let trialsADay: Int64

    /// Opens a database that `creditctl migrate` has brought to this program's schema.
    ///
    /// - Parameters:
    ///   - commitGroup: how many changes share one commit at most.
    ///   - trialsADay: how many users who sign in for the first time get the trial on one day (UTC).
    ///   - broken: told once, when a commit may have happened or not: the process must end and be started anew.
    public init(
        path: String, commitGroup: Int = 64, trialsADay: Int64 = StoreSettings.standardTrialsADay,
        broken: @escaping @Sendable (StoreError) -> Void
    ) throws(StoreError) {
        self.trialsADay = trialsADay
        self.path = path
        do {
            presence = try Presence(at: path)
            readers = try Readers(path: path)
            let version = try readers.read(Migrator.version)
            guard version == Migrator.current else {
                throw StoreError.schema(found: version, expected: Migrator.current)
            }
            writer = try Writer(path: path, maximumGroup: commitGroup) { broken(.unavailable($0.description)) }
        } catch let error as SQLiteError {
            throw StoreError(error)
        } catch let error as StoreError {
            throw error
        } catch {
            throw .unavailable("\(error)")
        }
    }

    /// - Parameter broken: a tool that ends with its answer need not be told: the method that asked tells.
    public convenience init(
        _ settings: StoreSettings, broken: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) throws(StoreError) {
        try self.init(
            path: settings.database, commitGroup: settings.commitGroup, trialsADay: settings.trialsADay, broken: broken)
    }

    /// - Parameter patience: for the turn, if less than usual.
    func write<Result: Sendable>(
        within patience: Duration? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws(SQLiteError) -> Result
    ) throws(StoreError) -> Result {
        do { return try writer.write(within: patience, body) } catch { throw StoreError(error) }
    }

    /// What this process has written so far.
    public var writing: Writing {
        let done = writer.done
        return Writing(commits: done.commits, changes: done.changes, waited: done.waited)
    }

    func read<Result>(_ body: (Connection) throws(SQLiteError) -> Result) throws(StoreError) -> Result {
        do { return try readers.read(body) } catch { throw StoreError(error) }
    }
}

extension Store {
    /// Creates the file if need be and brings its schema up to date. Only `creditctl migrate` calls this.
    ///
    /// - Returns: the names of the steps applied, in order.
    public static func migrate(path: String) throws(StoreError) -> [String] {
        do {
            _ = try Connection(path: path, mode: .create, busyTimeout: .seconds(30))
            return try Migrator.migrate(Writer(path: path, patience: .seconds(30)) { _ in })
        } catch let error as SQLiteError {
            throw StoreError(error)
        } catch let error as WriteError {
            throw StoreError(error)
        } catch {
            throw .unavailable("\(error)")
        }
    }

    /// Copies the database as it is now to a new file, and migrates that. The database itself is only read, whatever its
    /// schema, and others go on writing.
    public static func migrate(copyOf path: String, to copy: String) throws(StoreError) -> [String] {
        do throws(SQLiteError) {
            try Connection.copy(of: path, to: copy)
        } catch {
            throw StoreError(error)
        }
        return try migrate(path: copy)
    }
}

/// The store could not do its work; the same call may succeed later.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Nothing was written.
    case unavailable(String)
    /// The disk has no room; nothing was written.
    case full
    /// The change may have happened or not. Asking again with the same idempotency key tells.
    case unknown(String)
    /// The database is of another version of this product: `creditctl migrate`.
    case schema(found: Int64, expected: Int64)

    init(_ error: SQLiteError) { self = error.isFull ? .full : .unavailable(error.description) }

    init(_ error: WriteError) {
        switch error {
        case .failed(let error): self.init(error)
        case .unknown(let error): self = .unknown(error.description)
        }
    }

    public var description: String {
        switch self {
        case .unavailable(let reason): reason
        case .full: "the disk is full"
        case .unknown(let reason): "a commit may have happened or not: \(reason)"
        case .schema(let found, let expected):
            "the database has schema \(found), this program needs \(expected): run creditctl migrate"
        }
    }
}
