internal import Database
public import JSON

/// A piece of work of the operator's whose last result the pages and the metrics show. The raw value is stored.
public enum Operation: String, CaseIterable, Sendable {
    case reconcile
    case reconcileDeep = "reconcile_deep"
    case ledgerVerify = "ledger_verify"
    case backup
    /// What Polar said of our webhook endpoint.
    case webhookEndpoint = "webhook_endpoint"
    /// Whether a worker leaves the image service alone: `paused`, `cause`, `since_ms`.
    case provider
}

public struct OperationReport: Equatable, Sendable {
    /// An object.
    public let facts: JSON
    public let at: Instant
}

/// A number that only grows and survives the process that counted.
public struct Counter: Hashable, Sendable {
    /// As Prometheus knows it, such as `credits_requests_total`.
    public let name: String
    /// Such as `handler="checkout",status="200"`; empty without any.
    public let labels: String

    public init(_ name: String, labels: String = "") {
        self.name = name
        self.labels = labels
    }
}

/// What the store can be asked of its own state.
public struct Operations: Home {
    let store: Store

    /// Whether the database can be read and written now, at this program's schema.
    ///
    /// - Parameter patience: how long it may wait for its turn.
    public func check(within patience: Duration? = nil) throws(StoreError) {
        let version = try write(within: patience) { transaction throws(DatabaseError) in
            try Migrator.version(of: transaction.connection)
        }
        guard version == Migrator.current else { throw .schema(found: version, expected: Migrator.current) }
    }

    /// Keeps what an operation found, in place of what it found last.
    public func note(_ operation: Operation, _ facts: JSON, at now: Instant) throws(StoreError) {
        try write { transaction throws(DatabaseError) in
            try transaction.connection.execute(
                "INSERT INTO operations VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET facts = $2, at_ms = $3",
                .text(operation.rawValue), .text(facts.text), .integer(now.rawValue))
        }
    }

    /// Whether a worker leaves the image service alone, and since when. Nothing is written of what is so already.
    public func noteProvider(pausedBy cause: Outage.Cause?, at now: Instant) throws(StoreError) {
        let earlier = try report(on: .provider)?.facts
        let wasPaused = earlier?["paused"]?.bool == true
        guard wasPaused || cause != nil else { return }
        let since = wasPaused && cause != nil ? earlier?["since_ms"]?.integer : nil
        try note(
            .provider,
            [
                "paused": .bool(cause != nil), "cause": .optional(cause?.rawValue),
                "since_ms": .integer(since ?? now.rawValue),
            ], at: now)
    }

    /// What the operation found last; `nil` if it never ran.
    public func report(on operation: Operation) throws(StoreError) -> OperationReport? {
        try read { connection throws(DatabaseError) in try Operations.find(operation, on: connection) }
    }

    /// Adds to the counters, each in one step with the others.
    public func add(_ counts: [Counter: Int64]) throws(StoreError) {
        guard !counts.isEmpty else { return }
        try write { transaction throws(DatabaseError) in
            // Of a transaction of its own, so that nobody waits for it.
            var values: [Sums.Place: Sums.Value] = [:]
            for (counter, count) in counts { values[counter.place] = Sums.Value(count: count, amount: 0) }
            try Sums.addAtOnce(values, in: transaction)
        }
    }

    /// Takes what transactions added up since into the sums, step by step, as soon as there is enough of it. Whoever reads
    /// a sum sees the same before, meanwhile and afterwards.
    public func foldSums() throws(StoreError) {
        while try read({ connection throws(DatabaseError) in try Sums.areWorthFolding(on: connection) }) {
            try write { transaction throws(DatabaseError) in try Sums.fold(in: transaction) }
        }
    }

    public func counters() throws(StoreError) -> [Counter: Int64] {
        try read { connection throws(DatabaseError) in try Counters.all(on: connection) }
    }
}

/// The counters among the sums.
enum Counters {
    /// One more, in a transaction that does something else.
    static func add(to counter: Counter, in transaction: borrowing Transaction) throws(DatabaseError) {
        try Sums.add(1, to: .counters, counter.key, in: transaction)
    }

    static func all(on connection: Connection) throws(DatabaseError) -> [Counter: Int64] {
        let totals = try Sums.totals(of: .counters, on: connection)
        return Dictionary(uniqueKeysWithValues: totals.map { (Counter(key: $0.key), $0.value.count) })
    }
}

extension Counter {
    /// As Prometheus writes it: `name` or `name{labels}`.
    var key: String { labels.isEmpty ? name : "\(name){\(labels)}" }

    init(key: String) {
        let parts = key.split(separator: "{", maxSplits: 1)
        self.init(String(parts[0]), labels: parts.count > 1 ? String(parts[1].dropLast()) : "")
    }

    var place: Sums.Place { Sums.Place(name: Sums.Name.counters.rawValue, key: key) }
}

/// The operations table.
extension Operations {
    static func find(_ operation: Operation, on connection: Connection) throws(DatabaseError) -> OperationReport? {
        try connection.query("SELECT facts, at_ms FROM operations WHERE name = $1", .text(operation.rawValue)) { row in
            OperationReport(facts: row.value(0) { try? JSON(Array($0.utf8)) }, at: row.instant(1))
        }.first
    }
}
