internal import Database

extension Checkouts {
    /// Of each short transaction, and of rows that stand in many indexes.
    private static let batch = 50

    private static let givenUp = """
        SELECT id FROM checkouts
        WHERE has_paid_order = 0 AND status <> 'succeeded' AND created_ms < $1
          AND NOT EXISTS (SELECT 1 FROM payments WHERE checkout_id = polar_id)
        """

    /// Removes checkouts that came to nothing: without an order, paid or not. Those of a sale stay, for they say what was
    /// promised.
    ///
    /// - Returns: how many there are.
    public func prune(before end: Instant, isDryRun: Bool) throws(StoreError) -> Int {
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
                    .integer(end.rawValue), .integer(Int64(Self.batch)))
                return transaction.connection.changes
            }
            guard removed > 0 else { return count }
            count += removed
        }
    }
}
