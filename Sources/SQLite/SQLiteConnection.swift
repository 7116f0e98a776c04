private import CSQLite
public import Database

/// One connection to one database file.
@safe public final class SQLiteConnection: Connection {
    private let handle: OpaquePointer
    /// Prepared once, reset after each use.
    private var statements: [String: Statement] = [:]

    /// What a SAVEPOINT could roll back: beyond 64 KiB it would go to a temporary file, with each group of changes.
    ///
    /// Source: https://www.sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigstmtjrnlspill
    private static let journalsAreInMemory = credits_keep_statement_journals_in_memory() == SQLITE_OK

    /// Opens the file, creating it if `mode` allows.
    ///
    /// - Parameter busyTimeout: a net for tools that do not keep to the lane; within it, nobody waits for a lock.
    ///
    /// Sources: https://www.sqlite.org/pragma.html, https://www.sqlite.org/c3ref/c_dbconfig_defensive.html
    public init(path: String, mode: Mode, busyTimeout: Duration = .seconds(4)) throws(DatabaseError) {
        _ = Self.journalsAreInMemory
        var handle: OpaquePointer?
        let code = unsafe sqlite3_open_v2(path, &handle, mode.flags | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let handle = unsafe handle else {
            defer { _ = unsafe sqlite3_close_v2(handle) }
            throw unsafe DatabaseError(code, on: handle, sql: "open")
        }
        unsafe self.handle = unsafe handle
        super.init(dialect: SQLiteDialect())
        waitForLocks(atMost: busyTimeout)
        unsafe credits_configure(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        unsafe credits_configure(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        unsafe credits_configure(handle, SQLITE_DBCONFIG_DQS_DML, 0)
        unsafe credits_configure(handle, SQLITE_DBCONFIG_DQS_DDL, 0)
        // SQLite before 3.51.3 can corrupt a file when a commit meets a checkpoint: none happens outside the lane.
        unsafe credits_configure(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        for pragma in mode.pragmas { try say("PRAGMA \(pragma)") }
    }

    deinit {
        statements = [:]
        _ = unsafe sqlite3_close_v2(handle)
    }

    public enum Mode: Sendable {
        case read, write, create
        /// To fill a new file with a copy, or to look at one: a single file, that nobody else has in hand.
        case copy

        var flags: Int32 {
            switch self {
            // A reader of a WAL file maintains its shared memory, so it too opens the file for writing.
            case .read, .write: SQLITE_OPEN_READWRITE
            case .create, .copy: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        }

        var pragmas: [String] {
            let all = ["foreign_keys = ON", "cell_size_check = ON"]
            return switch self {
            case .read: all + ["query_only = ON"]
            case .write: all + writing
            case .create: ["journal_mode = WAL"] + all + writing
            case .copy: ["synchronous = FULL"]
            }
        }

        private var writing: [String] {
            ["synchronous = FULL", "wal_autocheckpoint = 1000", "journal_size_limit = 16777216"]
        }
    }

    /// How long a statement waits for somebody's lock.
    func waitForLocks(atMost patience: Duration) {
        unsafe sqlite3_busy_timeout(handle, Int32(patience / .milliseconds(1)))
    }

    /// Lends the handle to calls of SQLite's.
    func withHandle<Result>(
        _ body: (OpaquePointer) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        try unsafe body(handle)
    }

    public override var changes: Int { Int(unsafe sqlite3_changes64(handle)) }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    public override func run(
        _ sql: String, _ values: [Value], row body: (borrowing Row) -> Void
    ) throws(DatabaseError) {
        let statement = try prepared(sql)
        statement.isRunning = true
        defer {
            statement.reset()
            statement.isRunning = false
        }
        try statement.bind(values)
        let row = Row(statement)
        while try statement.step() { body(row) }
    }

    private func prepared(_ sql: String) throws(DatabaseError) -> Statement {
        let kept = statements[sql]
        // A statement cannot run inside itself.
        if let kept, !kept.isRunning { return kept }
        let statement = try unsafe Statement(sql, on: handle)
        if kept == nil { statements[sql] = statement }
        return statement
    }

    /// For what is said once: schema steps, pragmas, the ends of transactions.
    private func say(_ sql: String) throws(DatabaseError) {
        let statement = try unsafe Statement(sql, on: handle)
        while try statement.step() {}
    }
}
