internal import Database

/// What went of the inbox.
public struct Pruned: Equatable, Sendable {
    public var bodies = 0
    public var rows = 0
}

extension Inbox {
    /// Of each short transaction: the webhook never waits long for it.
    private static let batch = 200

    /// Forgets the bodies of old deliveries, and later the rows. Bodies and headers hold what buyers told Polar; the row
    /// without them still answers a repeated delivery, and tells an order's story.
    ///
    /// - Parameters:
    ///   - bodies: those that came before lose body and headers.
    ///   - rows: those that came before go.
    ///   - isDryRun: only counts.
    public func prune(
        bodiesBefore bodies: Instant, rowsBefore rows: Instant, isDryRun: Bool
    ) throws(StoreError) -> Pruned {
        precondition(rows <= bodies)
        var pruned = Pruned()
        pruned.rows = try changeDeliveries(
            "received_ms >= $1 AND received_ms < $2", [.integer(.min), .integer(rows.rawValue)],
            "DELETE FROM deliveries WHERE id = $1", isDryRun)
        pruned.bodies = try changeDeliveries(
            "received_ms >= $1 AND received_ms < $2 AND body IS NOT NULL",
            [.integer(rows.rawValue), .integer(bodies.rawValue)],
            "UPDATE deliveries SET body = NULL, headers = '{}' WHERE id = $1", isDryRun)
        return pruned
    }

    private func changeDeliveries(
        _ condition: String, _ values: [Value], _ change: String, _ isDryRun: Bool
    ) throws(StoreError) -> Int {
        guard !isDryRun else {
            return try read { connection throws(DatabaseError) in
                try connection.query("SELECT count(*) FROM deliveries WHERE \(condition)", values) {
                    Int($0.integer(0))
                }.first ?? 0
            }
        }
        var count = 0
        while true {
            let ids = try read { connection throws(DatabaseError) in
                try connection.query(
                    "SELECT id FROM deliveries WHERE \(condition) ORDER BY received_ms LIMIT 10000", values
                ) { $0.integer(0) }
            }
            guard !ids.isEmpty else { return count }
            for start in stride(from: 0, to: ids.count, by: Self.batch) {
                let batch = Array(ids[start..<min(start + Self.batch, ids.count)])
                try write { transaction throws(DatabaseError) in
                    for id in batch { try transaction.connection.execute(change, .integer(id)) }
                }
                count += batch.count
            }
        }
    }
}
