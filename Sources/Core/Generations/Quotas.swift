internal import Database

extension Generations {
    /// What the user's next upload would meet, as a page may say it beforehand. The upload's transaction decides anew.
    public func uploadStanding(
        of user: UserID, within limits: UploadLimits, at now: Instant
    ) throws(StoreError) -> UploadStanding {
        try read { connection throws(DatabaseError) in
            UploadStanding(
                // A picture has a byte at least.
                refusal: try Quotas.refusal(of: user, adding: 1, within: limits, at: now, on: connection),
                isAtOwnRisk: try Quotas.isAtOwnRisk(user, within: limits, at: now, on: connection))
        }
    }
}

/// What users may have, and what they have.
enum Quotas {
    static func refusal(
        of user: UserID, adding bytes: Int64, within limits: UploadLimits, at now: Instant, on connection: Connection
    ) throws(DatabaseError) -> UploadRefusal? {
        if let limit = limits.dailyCalls, try spokenFor(on: now.day, atMost: limit, connection) >= limit {
            return .closed(until: now.nextDay)
        }
        if let limit = limits.waitingJobs, try waiting(of: user, atMost: limit, on: connection) >= limit {
            return .tooManyWaiting(limit: limit)
        }
        if let limit = limits.imageBytes, bytes > 0, try imageBytes(of: user, on: connection) > limit - bytes {
            return .imagesFull(limitBytes: limit)
        }
        return nil
    }

    static func isAtOwnRisk(
        _ user: UserID, within limits: UploadLimits, at now: Instant, on connection: Connection
    ) throws(DatabaseError) -> Bool {
        guard let limit = limits.freeFailures else { return false }
        let failures = try connection.query(
            "SELECT failures FROM user_usage WHERE user_id = $1 AND failure_day = $2", .text(user.text),
            .integer(now.day)
        ) { $0.integer(0) }.first
        return (failures ?? 0) >= limit
    }

    /// One more failure that was given back.
    static func noteFailure(of user: UserID, at now: Instant, in transaction: borrowing Transaction)
        throws(DatabaseError)
    {
        try transaction.connection.execute(
            """
            INSERT INTO user_usage (user_id, failure_day, failures) VALUES ($1, $2, 1)
            ON CONFLICT (user_id) DO UPDATE SET failure_day = $2,
                failures = CASE WHEN user_usage.failure_day = $2 THEN user_usage.failures + 1 ELSE 1 END
            """, .text(user.text), .integer(now.day))
    }

    /// The day's calls: those that were made, and those that the jobs before this one will make. Counted no further than
    /// the limit.
    private static func spokenFor(
        on day: Int64, atMost limit: Int64, _ connection: Connection
    ) throws(DatabaseError) -> Int64 {
        try connection.integer(
            """
            SELECT coalesce((SELECT calls FROM provider_calls WHERE day = $1), 0)
                + (SELECT count(*) FROM (SELECT 1 FROM generations WHERE status = 'pending' LIMIT $2) AS waiting)
                + (SELECT count(*) FROM generations
                   WHERE status = 'processing' AND lease_end_ms >= 0 AND called_fence <> fence)
            """, .integer(day), .integer(limit))
    }

    /// Counted no further than the limit.
    private static func waiting(
        of user: UserID, atMost limit: Int64, on connection: Connection
    ) throws(DatabaseError) -> Int64 {
        try connection.integer(
            """
            SELECT count(*) FROM (SELECT 1 FROM generations WHERE user_id = $1 AND status = 'pending' LIMIT $2) AS waiting
            """, .text(user.text), .integer(limit))
    }

    /// Of the files that a row of the generations refers to.
    static let imageBytes = """
        CASE WHEN input_blob IS NULL OR input_removed = 1 THEN 0 ELSE input_bytes END
            + CASE WHEN result_blob IS NULL THEN 0 ELSE coalesce(result_bytes, 0) END
            + CASE WHEN thumbnail_blob IS NULL THEN 0 ELSE coalesce(thumbnail_bytes, 0) END
        """

    /// Of a generation that is new.
    static func addImageBytes(
        _ bytes: Int64, of user: UserID, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try transaction.connection.execute(
            """
            INSERT INTO user_usage (user_id, image_bytes) VALUES ($1, $2)
            ON CONFLICT (user_id) DO UPDATE SET image_bytes = user_usage.image_bytes + $2
            """, .text(user.text), .integer(bytes))
    }

    private static func imageBytes(of user: UserID, on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.query("SELECT image_bytes FROM user_usage WHERE user_id = $1", .text(user.text)) {
            $0.integer(0)
        }.first ?? 0
    }
}

extension Instant {
    /// Days since 1970, in UTC.
    var day: Int64 { rawValue / 86_400_000 }
    var nextDay: Instant { Instant(rawValue: (day + 1) * 86_400_000) }
}
