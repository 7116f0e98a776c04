public import Database

/// The database as the rest of the program sees it: a home for each domain, which has one method for each thing that it can
/// be asked to do.
///
/// A method that changes something is one immediate transaction, durable when it returns. One that reads sees one
/// consistent state and does not wait for writes.
public final class Store: Sendable {
    let engine: any Engine
    /// How many trials one day has room for.
    let trialsADay: Int64

    /// Opens a database that `creditctl migrate` has brought to this program's schema.
    ///
    /// - Parameters:
    ///   - commitGroup: how many changes share one commit at most.
    ///   - trialsADay: how many users who sign in for the first time get the trial on one day (UTC).
    ///   - broken: told once, when a commit may have happened or not: the process must end and be started anew.
    public init(
        at place: any Place, commitGroup: Int = 64, trialsADay: Int64 = StoreSettings.standardTrialsADay,
        broken: @escaping @Sendable (StoreError) -> Void
    ) throws(StoreError) {
        self.trialsADay = trialsADay
        let version: Int64
        do throws(DatabaseError) {
            engine = try place.open(commitGroup: commitGroup) { broken(.unavailable($0.description)) }
            version = try engine.read(Migrator.version)
        } catch {
            throw StoreError(error)
        }
        guard version == Migrator.current else { throw .schema(found: version, expected: Migrator.current) }
    }

    /// - Parameter patience: for the turn, if less than usual.
    func write<Result: Sendable>(
        within patience: Duration? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(StoreError) -> Result {
        do { return try engine.write(within: patience, body) } catch { throw StoreError(error) }
    }

    /// What this process has written so far.
    public var writing: Writing {
        let done = engine.work
        return Writing(commits: done.commits, changes: done.changes, waited: done.waited)
    }

    /// How long the write-ahead log is. Commits empty it above 16 MB, as soon as no reader needs it.
    public var walBytes: Int64 { engine.logBytes }

    func read<Result>(_ body: (Connection) throws(DatabaseError) -> Result) throws(StoreError) -> Result {
        do { return try engine.read(body) } catch { throw StoreError(error) }
    }
}

extension Store {
    public var ledger: Ledger { Ledger(store: self) }
    public var orders: Orders { Orders(store: self) }
    public var checkouts: Checkouts { Checkouts(store: self) }
    public var inbox: Inbox { Inbox(store: self) }
    public var generations: Generations { Generations(store: self) }
    public var jobs: Jobs { Jobs(store: self) }
    public var people: People { People(store: self) }
    public var sessions: Sessions { Sessions(store: self) }
    public var admins: Admins { Admins(store: self) }
    public var settings: Settings { Settings(store: self) }
    public var operations: Operations { Operations(store: self) }
}

/// The use cases of one domain. Beside them stand, as static functions, what they do inside of a transaction.
protocol Home: Sendable {
    var store: Store { get }
}

extension Home {
    func write<Result: Sendable>(
        within patience: Duration? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(StoreError) -> Result {
        try store.write(within: patience, body)
    }

    func read<Result>(_ body: (Connection) throws(DatabaseError) -> Result) throws(StoreError) -> Result {
        try store.read(body)
    }

    /// The rows of one statement.
    func query<Element>(
        _ sql: String, _ values: Value..., decode: (borrowing Row) -> Element
    ) throws(StoreError) -> [Element] {
        try read { connection throws(DatabaseError) in try connection.query(sql, values, decode: decode) }
    }

    func rows<Item>(_ query: ListQuery, decode: (borrowing Row) -> Item) throws(StoreError) -> [Item] {
        try read { connection throws(DatabaseError) in
            try connection.query(query.sql, query.values, decode: decode)
        }
    }

    /// A page of a list.
    func listing<Item>(
        _ query: ListQuery, decode: (borrowing Row) -> Item, cursor: (Item) -> ListCursor
    ) throws(StoreError) -> Listing<Item> {
        precondition((1...1000).contains(query.limit))
        return Listing(try rows(query, decode: decode), limit: query.limit, cursor: cursor)
    }
}

extension Store {
    /// Creates the database if need be and brings its schema up to date. Only `creditctl migrate` calls this.
    ///
    /// - Returns: the names of the steps applied, in order.
    public static func migrate(_ place: any Place) throws(StoreError) -> [String] {
        do { return try Migrator.migrate(place) } catch { throw StoreError(error) }
    }

    /// Copies the database as it is now to a new file, and migrates that. The database itself is only read, whatever its
    /// schema, and others go on writing.
    public static func migrate(copyOf file: any DatabaseFile, to copy: String) throws(StoreError) -> [String] {
        try Self.copy(file, to: copy)
        return try migrate(file.another(at: copy))
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

    init(_ error: DatabaseError) { self = error.kind == .full ? .full : .unavailable(error.description) }

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
