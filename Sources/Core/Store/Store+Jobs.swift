internal import SQLite

extension Store {
    /// Takes the job that has waited longest, or one whose worker let its lease run out.
    ///
    /// - Parameter dailyLimit: how many claims there may be in one day (UTC), for each becomes a call of the provider.
    public func claim(
        for lease: Duration, dailyLimit: Int64? = nil, at now: Instant
    ) throws(StoreError) -> ClaimOutcome {
        precondition(lease > .zero)
        // Nobody takes a turn to write only to find that there is nothing to do.
        guard try read({ connection throws(SQLiteError) in try Jobs.next(at: now, on: connection) }) != nil else {
            return .nothing
        }
        return try write { transaction throws(SQLiteError) in
            guard let id = try Jobs.next(at: now, on: transaction.connection) else { return .nothing }
            guard try Jobs.countCall(limit: dailyLimit, at: now, in: transaction) else { return .dailyLimitReached }
            return .job(try Jobs.lease(id, until: now.advanced(by: lease), in: transaction))
        }
    }

    /// Ends the job with its picture.
    public func complete(
        _ job: Job, with result: StoredImage, at now: Instant
    ) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(SQLiteError) in
            try transaction.connection.execute(
                """
                UPDATE generations SET status = 'completed', lease_end_ms = NULL, completed_ms = ?1,
                    result_blob = CASE WHEN deleted_ms IS NULL THEN ?2 END, result_bytes = ?3, result_kind = ?4,
                    result_width = ?5, result_height = ?6,
                    input_blob = CASE WHEN deleted_ms IS NULL THEN input_blob END
                WHERE id = ?7 AND status = 'processing' AND fence = ?8
                """,
                .integer(now.rawValue), .text(result.blob.text), .integer(result.bytes),
                .text(result.facts.kind.rawValue), .integer(Int64(result.facts.width)),
                .integer(Int64(result.facts.height)), .text(job.generation.text), .integer(job.fence))
            return transaction.connection.changes == 1 ? .recorded : .leaseLost
        }
    }

    /// Notes a failed try. The last one ends the generation, and gives its charge back in the same step if the settings say
    /// so.
    ///
    /// - Parameter maximumAttempts: the try of that number is the last; some failures are final at once.
    public func fail(
        _ job: Job, _ failure: GenerationFailure, maximumAttempts: Int64, at now: Instant
    ) throws(StoreError) -> FailOutcome {
        try write { transaction throws(SQLiteError) in
            guard let state = try Jobs.state(of: job, on: transaction.connection) else { return .leaseLost }
            let isUnreadableAgain = failure == .unreadableResult && state.unreadable >= 1
            guard failure.isFinalAtOnce || isUnreadableAgain || job.attempt >= maximumAttempts else {
                let due = now.advanced(by: Jobs.pause(after: job.attempt))
                try Jobs.wait(job, until: due, unreadable: failure == .unreadableResult, in: transaction)
                return .retry(at: due)
            }
            let isRefunded = try BillingSettings.current(on: transaction.connection).refundOnFailure
            if isRefunded {
                try Generations.refund(job.generation, of: state.user, at: now, in: transaction)
            }
            try Jobs.end(job, failure, refunded: isRefunded, at: now, in: transaction)
            return .failed(refunded: isRefunded)
        }
    }

    /// Lets the job go as if it had never been taken: its worker stops.
    public func handBack(_ job: Job, at now: Instant) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(SQLiteError) in
            try transaction.connection.execute(
                """
                UPDATE generations SET status = 'pending', lease_end_ms = NULL, attempts = attempts - 1, due_ms = ?1
                WHERE id = ?2 AND status = 'processing' AND fence = ?3
                """,
                .integer(now.rawValue), .text(job.generation.text), .integer(job.fence))
            return transaction.connection.changes == 1 ? .recorded : .leaseLost
        }
    }
}

/// The generations as a queue.
enum Jobs {
    /// 5 s after the first try, then twice as long each time, 5 minutes at most.
    static func pause(after attempt: Int64) -> Duration {
        .seconds(min(300, 5 << min(max(attempt, 1) - 1, 6)))
    }

    static func next(at now: Instant, on connection: Connection) throws(SQLiteError) -> Generation.ID? {
        try connection.query(
            """
            SELECT id FROM (SELECT id, lease_end_ms AS due FROM generations
                            WHERE status = 'processing' AND lease_end_ms <= ?1 ORDER BY lease_end_ms LIMIT 1)
            UNION ALL
            SELECT id FROM (SELECT id FROM generations
                            WHERE status = 'pending' AND due_ms <= ?1 ORDER BY due_ms, seq LIMIT 1)
            LIMIT 1
            """, .integer(now.rawValue)
        ) { Generation.ID($0.text(0)) }.first ?? nil
    }

    static func lease(
        _ id: Generation.ID, until leaseEnd: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) -> Job {
        let jobs = try transaction.connection.query(
            """
            UPDATE generations SET status = 'processing', fence = fence + 1, attempts = attempts + 1, lease_end_ms = ?
            WHERE id = ? RETURNING fence, attempts, input_blob, input_kind
            """, .integer(leaseEnd.rawValue), .text(id.text)
        ) { row -> Job? in
            guard let input = BlobID(row.text(2)), let kind = ImageKind(rawValue: row.text(3)) else { return nil }
            return Job(
                generation: id, fence: row.integer(0), attempt: row.integer(1), input: input, kind: kind,
                leaseEnd: leaseEnd)
        }
        guard let job = jobs.first ?? nil else {
            throw SQLiteError(brokenRule: "a job that waits has its input", at: id.text)
        }
        return job
    }

    /// `false` if the day's calls are used up.
    static func countCall(
        limit: Int64?, at now: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) -> Bool {
        let calls = try transaction.connection.query(
            """
            INSERT INTO provider_calls (day, calls) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET calls = calls + 1
            WHERE ?2 IS NULL OR calls < ?2 RETURNING calls
            """, .integer(now.rawValue / 86_400_000), .optional(limit)
        ) { $0.integer(0) }
        guard let calls = calls.first else { return false }
        return calls <= limit ?? .max
    }

    static func state(
        of job: Job, on connection: Connection
    ) throws(SQLiteError) -> (user: UserID, unreadable: Int64)? {
        let found = try connection.query(
            "SELECT user_id, unreadable FROM generations WHERE id = ? AND status = 'processing' AND fence = ?",
            .text(job.generation.text), .integer(job.fence)
        ) { row in UserID(row.text(0)).map { (user: $0, unreadable: row.integer(1)) } }
        return found.first ?? nil
    }

    static func wait(
        _ job: Job, until due: Instant, unreadable: Bool, in transaction: borrowing Transaction
    ) throws(SQLiteError) {
        try transaction.connection.execute(
            """
            UPDATE generations SET status = 'pending', lease_end_ms = NULL, due_ms = ?, unreadable = unreadable + ?
            WHERE id = ?
            """,
            .integer(due.rawValue), .integer(unreadable ? 1 : 0), .text(job.generation.text))
    }

    static func end(
        _ job: Job, _ failure: GenerationFailure, refunded: Bool, at now: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) {
        try transaction.connection.execute(
            """
            UPDATE generations SET status = 'failed', lease_end_ms = NULL, error = ?, refunded = ?, completed_ms = ?,
                                   input_blob = CASE WHEN deleted_ms IS NULL THEN input_blob END
            WHERE id = ?
            """,
            .text(failure.rawValue), .integer(refunded ? 1 : 0), .integer(now.rawValue), .text(job.generation.text))
    }
}
