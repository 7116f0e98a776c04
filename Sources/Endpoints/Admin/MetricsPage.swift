internal import Core
internal import HTTP
private import JSON

/// `/metrics`: what Prometheus reads. nginx lets only this machine ask.
///
/// Counters that end in `_total`, `_bucket`, `_sum` and `_count` are kept in the database, so they survive the programs:
/// requests and commits are added every 10 seconds and at a program's end, deliveries, entries and provider calls in the
/// transaction that they count. Everything else is read when asked.
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
struct MetricsPage: Sendable {
    let store: Store
    let freeBytes: @Sendable () -> Int64?
    let now: @Sendable () -> Instant

    func show(_ request: Request, _: String) throws(RequestError) -> Response {
        let found = try stored(store.operations.measurements())
        var text = Exposition()
        text.add(counters: found.counters)
        text.add(ledger: found.entries)
        text.add(found, at: now())
        text.add(operations: found.operations)
        text.gauge("credits_disk_free_bytes", "Free where the database is.", freeBytes())
        return Response(
            .ok, headers: ["content-type": "text/plain; version=0.0.4", "cache-control": "no-store"],
            body: Array(text.lines.joined(separator: "\n").utf8) + [0x0A])
    }
}

/// The text format of Prometheus, line by line.
private struct Exposition {
    var lines: [String] = []

    private static let counted: [(name: String, type: String, help: String)] = [
        ("credits_requests_total", "counter", "Requests answered."),
        ("credits_request_duration_seconds", "histogram", "Time from the first byte read to the last one written."),
        ("credits_commits_total", "counter", "Transactions that were begun to write."),
        ("credits_committed_changes_total", "counter", "Changes in them; by commits, it is the size of a group."),
        ("credits_writer_wait_seconds", "summary", "Time that changes waited for their turn to write."),
        ("credits_deliveries_total", "counter", "Webhooks by what became of them."),
        ("credits_trials_total", "counter", "New users by how they stand with the trial."),
        ("credits_provider_calls_total", "counter", "Calls of the image service by how they ended."),
    ]

    mutating func add(counters: [Counter: Int64]) {
        for (name, type, help) in Self.counted {
            begin(name, type, help)
            let suffixes =
                type == "counter" ? [""] : type == "histogram" ? ["_bucket", "_sum", "_count"] : ["_sum", "_count"]
            for suffix in suffixes {
                let found = counters.filter { $0.key.name == name + suffix }.sorted { $0.key.labels < $1.key.labels }
                // Without a word nobody would know a counter of 0 from one that is gone.
                if found.isEmpty && type == "counter" { lines.append("\(name) 0") }
                for (counter, count) in found {
                    lines.append(
                        "\(counter.name){\(counter.labels)} \(suffix == "_sum" ? Self.seconds(count) : "\(count)")")
                }
            }
        }
    }

    mutating func add(ledger sums: [KindSum]) {
        func sum(_ kind: LedgerEntry.Kind) -> KindSum? { sums.first { $0.kind == kind } }
        begin("credits_ledger_entries_total", "counter", "Ledger entries.")
        for kind in LedgerEntry.Kind.allCases {
            lines.append(#"credits_ledger_entries_total{kind="\#(kind.rawValue)"} \#(sum(kind)?.entries ?? 0)"#)
        }
        begin("credits_ledger_credits_total", "counter", "Credits they moved, without signs; adjustments go both ways.")
        for kind in LedgerEntry.Kind.allCases where kind != .adjustment {
            lines.append(#"credits_ledger_credits_total{kind="\#(kind.rawValue)"} \#(abs(sum(kind)?.credits ?? 0))"#)
        }
    }

    mutating func add(_ found: Measurements, at now: Instant) {
        begin("credits_generations", "gauge", "Generations by state.")
        for status in [Generation.Status.pending, .processing, .completed, .failed, .cancelled] {
            lines.append(#"credits_generations{status="\#(status.rawValue)"} \#(found.generations[status] ?? 0)"#)
        }
        let waiting = found.oldestPending.map { max(0, now.rawValue - $0.rawValue) / 1000 } ?? 0
        gauge("credits_oldest_pending_seconds", "How long the oldest job has waited that could be taken.", waiting)
        gauge("credits_parked_orders", "Paid orders that wait for a person.", found.parkedOrders)
        gauge("credits_users", "Users.", found.users)
        gauge("credits_debt_credits", "Credits that users owe.", found.debt)
        time("credits_last_delivery_timestamp_seconds", "When the last webhook came.", found.lastDelivery)
        gauge("credits_wal_bytes", "The database's write-ahead log.", found.walBytes)
        gauge("credits_schema_version", "The database's schema.", found.schema)
    }

    mutating func add(operations: [Core.Operation: OperationReport]) {
        let reconcile = operations[.reconcile]?.facts
        gauge("credits_drift_orders", "Orders that the last reconcile corrected.", reconcile?["corrected"]?.integer)
        gauge("credits_drift_credits", "Credits that it moved, without signs.", reconcile?["credits"]?.integer)
        time(
            "credits_reconcile_timestamp_seconds", "When a reconcile last read all it should.",
            reconcile?["succeeded_ms"]?.integer.map(Instant.init(rawValue:)))
        let isEnabled = operations[.webhookEndpoint]?.facts["enabled"]?.bool
        gauge("credits_webhook_endpoint_enabled", "Whether Polar sends us webhooks.", isEnabled.map { $0 ? 1 : 0 })
        let isPaused = operations[.provider]?.facts["paused"]?.bool ?? false
        gauge("credits_provider_paused", "Whether a worker waits for the image service.", isPaused ? 1 : 0)
        let verified = operations[.ledgerVerify]
        gauge("credits_ledger_faults", "Faults that `ledger verify` found last.", verified?.facts["faults"]?.integer)
        time("credits_ledger_verified_timestamp_seconds", "When it looked last.", verified?.at)
        time("credits_backup_timestamp_seconds", "When the last backup was made.", operations[.backup]?.at)
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Int64?) {
        begin(name, "gauge", help)
        // What was never looked at has no value yet.
        if let value { lines.append("\(name) \(value)") }
    }

    private mutating func time(_ name: String, _ help: String, _ instant: Instant?) {
        gauge(name, help, instant.map { $0.rawValue / 1000 })
    }

    private mutating func begin(_ name: String, _ type: String, _ help: String) {
        lines.append("# HELP \(name) \(help)")
        lines.append("# TYPE \(name) \(type)")
    }

    /// Kept in microseconds.
    private static func seconds(_ microseconds: Int64) -> String {
        let fraction = String(microseconds % 1_000_000)
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}
