internal import Database

/// What went of the inbox.
public struct Pruned: Equatable, Sendable {
    public var bodies = 0
    public var rows = 0

    public init() {}
}

extension Store {
    /// Of each short transaction: the webhook never waits long for it.
    private static let batch = 200
    /// Of rows that stand in many indexes.
    private static let smallBatch = 50

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

    private static let givenUp = """
        SELECT id FROM checkouts
        WHERE has_paid_order = 0 AND status <> 'succeeded' AND created_ms < $1
          AND NOT EXISTS (SELECT 1 FROM payments WHERE checkout_id = polar_id)
        """

    /// Removes checkouts that came to nothing: without an order, paid or not. Those of a sale stay, for they say what was
    /// promised.
    ///
    /// - Returns: how many there are.
    public func pruneCheckouts(before end: Instant, isDryRun: Bool) throws(StoreError) -> Int {
        guard !isDryRun else {
            return try read { connection throws(DatabaseError) in
                Int(
                    try connection.integer(
                        "SELECT count(*) FROM (\(Self.givenUp)) AS given_up", .integer(end.rawValue)))
            }
        }
        var count = 0
        while true {
            let removed = try write { transaction throws(DatabaseError) in
                try transaction.connection.execute(
                    "DELETE FROM checkouts WHERE id IN (\(Self.givenUp) ORDER BY created_ms LIMIT $2)",
                    .integer(end.rawValue), .integer(Int64(Self.smallBatch)))
                return transaction.connection.changes
            }
            guard removed > 0 else { return count }
            count += removed
        }
    }

    private static let ended = """
        SELECT id FROM generations
        WHERE deleted_ms IS NULL AND coalesce(completed_ms, created_ms) < $1 AND status IN ('completed', 'failed')
        """

    /// How many generations ended before and are still shown.
    public func oldGenerations(before end: Instant) throws(StoreError) -> Int {
        try read { connection throws(DatabaseError) in
            Int(
                try connection.integer(
                    "SELECT count(*) FROM (\(Self.ended)) AS ended", .integer(end.rawValue)))
        }
    }

    /// Deletes some of them, as their users can: their files are needed no more.
    ///
    /// - Returns: the files of each; nothing, if there are no more.
    public func pruneGenerations(before end: Instant, at now: Instant) throws(StoreError) -> [[BlobID]] {
        try write { transaction throws(DatabaseError) in
            let ids = try transaction.connection.query(
                "\(Self.ended) ORDER BY coalesce(completed_ms, created_ms) LIMIT $2", .integer(end.rawValue),
                .integer(Int64(Self.smallBatch))
            ) { Generation.ID($0.text(0)) }.compactMap(\.self)
            return try ids.map { id throws(DatabaseError) in
                let blobs = try Generations.find(id, on: transaction.connection)?.blobs ?? []
                try Generations.hide(id, cancelling: false, at: now, in: transaction)
                return blobs
            }
        }
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
