internal import Database

extension Generations {
    /// Of each short transaction, and of rows that stand in many indexes.
    private static let batch = 50

    private static let ended = """
        SELECT id FROM generations
        WHERE deleted_ms IS NULL AND coalesce(completed_ms, created_ms) < $1 AND status IN ('completed', 'failed')
        """

    /// How many generations ended before and are still shown.
    public func old(before end: Instant) throws(StoreError) -> Int {
        try read { connection throws(DatabaseError) in
            Int(
                try connection.integer(
                    "SELECT count(*) FROM (\(Self.ended)) AS ended", .integer(end.rawValue)))
        }
    }

    /// Deletes some of them, as their users can: their files are needed no more.
    ///
    /// - Returns: the files of each; nothing, if there are no more.
    public func prune(before end: Instant, at now: Instant) throws(StoreError) -> [[BlobID]] {
        try write { transaction throws(DatabaseError) in
            let ids = try transaction.connection.query(
                "\(Self.ended) ORDER BY coalesce(completed_ms, created_ms) LIMIT $2", .integer(end.rawValue),
                .integer(Int64(Self.batch))
            ) { Generation.ID($0.text(0)) }.compactMap(\.self)
            return try ids.map { id throws(DatabaseError) in
                let blobs = try Generations.find(id, on: transaction.connection)?.blobs ?? []
                try Generations.hide(id, at: now, in: transaction)
                return blobs
            }
        }
    }
}
