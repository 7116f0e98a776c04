internal import SQLite

/// What the metrics show, on one state of the database.
public struct Measurements: Equatable, Sendable {
    /// What the programs counted, since the database was made.
    public let counters: [Counter: Int64]
    /// All entries of each kind.
    public let entries: [KindSum]
    public let generations: [Generation.Status: Int64]
    /// Since when the job that has waited longest could be taken.
    public let oldestPending: Instant?
    public let parkedOrders: Int64
    public let users: Int64
    public let debt: Int64
    public let lastDelivery: Instant?
    public let operations: [Operation: OperationReport]
    public let schema: Int64

    public struct KindSum: Equatable, Sendable {
        public let kind: LedgerEntry.Kind
        public let entries: Int64
        /// Signed, as in the ledger.
        public let credits: Int64
    }
}

/// What the writer of one process did since the process began.
public struct Writing: Equatable, Sendable {
    public let commits: Int64
    public let changes: Int64
    /// All changes together, from the call to the turn.
    public let waited: Duration

    public init(commits: Int64, changes: Int64, waited: Duration) {
        self.commits = commits
        self.changes = changes
        self.waited = waited
    }
}

extension Store {
    public func measurements() throws(StoreError) -> Measurements {
        try read { connection throws(SQLiteError) in
            var operations: [Operation: OperationReport] = [:]
            for operation in Operation.allCases {
                operations[operation] = try Operations.find(operation, on: connection)
            }
            return Measurements(
                counters: try Counters.all(on: connection), entries: try entrySums(on: connection),
                generations: try generationCounts(on: connection),
                oldestPending: try instant("SELECT min(due_ms) FROM generations WHERE status = 'pending'", connection),
                parkedOrders: try number("SELECT count(*) FROM payments WHERE state = 'parked'", connection),
                users: try number("SELECT count(*) FROM users", connection),
                debt: try number("SELECT coalesce(sum(debt), 0) FROM users WHERE debt > 0", connection),
                lastDelivery: try instant(
                    "SELECT (SELECT received_ms FROM deliveries ORDER BY id DESC LIMIT 1)", connection),
                operations: operations, schema: try Migrator.version(of: connection))
        }
    }

    private func entrySums(on connection: Connection) throws(SQLiteError) -> [Measurements.KindSum] {
        try connection.query("SELECT kind, sum(entries), sum(credits) FROM ledger_days GROUP BY kind") { row in
            LedgerEntry.Kind(rawValue: row.text(0)).map {
                Measurements.KindSum(kind: $0, entries: row.integer(1), credits: row.integer(2))
            }
        }.compactMap(\.self)
    }

    private func generationCounts(on connection: Connection) throws(SQLiteError) -> [Generation.Status: Int64] {
        let rows = try connection.query("SELECT status, count(*) FROM generations GROUP BY status") { row in
            Generation.Status(rawValue: row.text(0)).map { ($0, row.integer(1)) }
        }
        return Dictionary(uniqueKeysWithValues: rows.compactMap(\.self))
    }

    private func number(_ sql: String, _ connection: Connection) throws(SQLiteError) -> Int64 {
        try connection.query(sql) { $0.integer(0) }[0]
    }

    private func instant(_ sql: String, _ connection: Connection) throws(SQLiteError) -> Instant? {
        try connection.query(sql) { $0.optionalInteger(0).map(Instant.init(rawValue:)) }.first ?? nil
    }
}

extension Counter {
    static func deliveries(_ verdict: String) -> Counter {
        Counter("credits_deliveries_total", labels: #"verdict="\#(verdict)""#)
    }

    static func providerCalls(_ outcome: String) -> Counter {
        Counter("credits_provider_calls_total", labels: #"outcome="\#(outcome)""#)
    }
}

extension GenerationFailure {
    /// How the call of the provider ended; `nil` if there was none.
    var callOutcome: String? {
        switch self {
        case .providerUnavailable: "unavailable"
        case .providerTimeout: "timeout"
        case .rejectedBySafety: "rejected"
        case .unreadableResult: "unreadable"
        case .inputMissing: nil
        }
    }
}
