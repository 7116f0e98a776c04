internal import Database

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
    /// Of the write-ahead log.
    public let walBytes: Int64
}

/// What all entries of one kind are together.
public struct KindSum: Equatable, Sendable {
    public let kind: LedgerEntry.Kind
    public let entries: Int64
    /// Signed, as in the ledger.
    public let credits: Int64
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

extension Operations {
    public func measurements() throws(StoreError) -> Measurements {
        try read { connection throws(DatabaseError) in
            var operations: [Operation: OperationReport] = [:]
            for operation in Operation.allCases {
                operations[operation] = try Operations.find(operation, on: connection)
            }
            let lastDelivery = try connection.query("SELECT received_ms FROM deliveries ORDER BY id DESC LIMIT 1") {
                $0.instant(0)
            }.first
            return Measurements(
                counters: try Counters.all(on: connection), entries: try Totals.kinds(on: connection),
                generations: try Totals.generations(on: connection),
                oldestPending: try Totals.oldestDue(on: connection),
                parkedOrders: try Totals.parked(on: connection), users: try Totals.users(on: connection),
                debt: try Totals.debt(on: connection), lastDelivery: lastDelivery, operations: operations,
                schema: try Migrator.version(of: connection), walBytes: store.walBytes)
        }
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
