internal import SQLite

extension Store {
    /// Takes the job that has waited longest, or one whose worker let its lease run out.
    ///
    /// - Parameters:
    ///   - maximumAttempts: a job whose last try ran out of its lease is not tried again, it ends: a picture that brings
    ///     its worker down must not do so for ever.
    ///   - dailyLimit: how many claims there may be in one day (UTC), for each becomes a call of the provider.
    public func claim(
        for lease: Duration, maximumAttempts: Int64 = .max, dailyLimit: Int64? = nil, at now: Instant
    ) throws(StoreError) -> ClaimOutcome {
        precondition(lease > .zero)
        // Nobody takes a turn to write only to find that there is nothing to do.
        guard try read({ connection throws(SQLiteError) in try Jobs.next(at: now, on: connection) }) != nil else {
            return .nothing
        }
        return try write { transaction throws(SQLiteError) in
            try Jobs.endAbandoned(after: maximumAttempts, at: now, in: transaction)
            guard let id = try Jobs.next(at: now, on: transaction.connection) else { return .nothing }
            guard try Jobs.countCall(limit: dailyLimit, at: now, in: transaction) else { return .dailyLimitReached }
            return .job(try Jobs.lease(id, until: now.advanced(by: lease), in: transaction))
        }
    }

    /// Ends the job with its picture.
    ///
    /// - Parameter thumbnail: a small one of it, if there is one.
    public func complete(
        _ job: Job, with result: StoredImage, thumbnail: StoredImage? = nil, at now: Instant
    ) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(SQLiteError) in
            try transaction.connection.execute(
                """
                UPDATE generations SET status = 'completed', lease_end_ms = NULL, completed_ms = ?1,
                    result_blob = CASE WHEN deleted_ms IS NULL THEN ?2 END, result_bytes = ?3, result_kind = ?4,
                    result_width = ?5, result_height = ?6,
                    input_blob = CASE WHEN deleted_ms IS NULL THEN input_blob END,
                    thumbnail_blob = CASE WHEN deleted_ms IS NULL THEN ?9 END, thumbnail_bytes = ?10,
                    thumbnail_kind = ?11, thumbnail_width = ?12, thumbnail_height = ?13
                WHERE id = ?7 AND status = 'processing' AND fence = ?8
                """,
                .integer(now.rawValue), .text(result.blob.text), .integer(result.bytes),
                .text(result.facts.kind.rawValue), .integer(Int64(result.facts.width)),
                .integer(Int64(result.facts.height)), .text(job.generation.text), .integer(job.fence),
                .optional(thumbnail?.blob.text), .optional(thumbnail?.bytes),
                .optional(thumbnail?.facts.kind.rawValue), .optional(thumbnail.map { Int64($0.facts.width) }),
                .optional(thumbnail.map { Int64($0.facts.height) }))
            guard transaction.connection.changes == 1 else { return .leaseLost }
            try Counters.add(to: .providerCalls("completed"), in: transaction)
            return .recorded
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
            if let outcome = failure.callOutcome { try Counters.add(to: .providerCalls(outcome), in: transaction) }
            let isUnreadableAgain = failure == .unreadableResult && state.unreadable >= 1
            guard failure.isFinalAtOnce || isUnreadableAgain || job.attempt >= maximumAttempts else {
                return try Jobs.wait(job, state, unreadable: failure == .unreadableResult, at: now, in: transaction)
            }
            let isRefunded = try Jobs.end(job.generation, of: state.user, failure, at: now, in: transaction)
            return .failed(refunded: isRefunded)
        }
    }

    /// Lets the job go as if it had never been taken: its worker stops.
    public func handBack(_ job: Job, at now: Instant) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(SQLiteError) in
            guard let state = try Jobs.state(of: job, on: transaction.connection) else { return .leaseLost }
            if state.isDeleted {
                try Jobs.cancel(job.generation, of: state.user, at: now, in: transaction)
            } else {
                try transaction.connection.execute(
                    """
                    UPDATE generations SET status = 'pending', lease_end_ms = NULL, attempts = attempts - 1, due_ms = ?
                    WHERE id = ?
                    """, .integer(now.rawValue), .text(job.generation.text))
            }
            return .recorded
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

    struct State {
        let user: UserID
        /// How many unreadable answers there were.
        let unreadable: Int64
        let isDeleted: Bool
    }

    /// `nil` if the job is not its worker's any more.
    static func state(of job: Job, on connection: Connection) throws(SQLiteError) -> State? {
        let found = try connection.query(
            """
            SELECT user_id, unreadable, deleted_ms FROM generations
            WHERE id = ? AND status = 'processing' AND fence = ?
            """, .text(job.generation.text), .integer(job.fence)
        ) { row in
            UserID(row.text(0)).map {
                State(user: $0, unreadable: row.integer(1), isDeleted: row.optionalInteger(2) != nil)
            }
        }
        return found.first ?? nil
    }

    /// The job waits for its next try, unless nobody wants the picture any more: then it is cancelled instead.
    static func wait(
        _ job: Job, _ state: State, unreadable: Bool, at now: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) -> FailOutcome {
        guard !state.isDeleted else {
            try cancel(job.generation, of: state.user, at: now, in: transaction)
            return .failed(refunded: true)
        }
        let due = now.advanced(by: pause(after: job.attempt))
        try transaction.connection.execute(
            """
            UPDATE generations SET status = 'pending', lease_end_ms = NULL, due_ms = ?, unreadable = unreadable + ?
            WHERE id = ?
            """,
            .integer(due.rawValue), .integer(unreadable ? 1 : 0), .text(job.generation.text))
        return .retry(at: due)
    }

    /// Ends what workers let go of without a word, where trying again is of no use.
    static func endAbandoned(
        after maximumAttempts: Int64, at now: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) {
        let abandoned = try transaction.connection.query(
            """
            SELECT id, user_id, deleted_ms FROM generations
            WHERE status = 'processing' AND lease_end_ms <= ? AND (attempts >= ? OR deleted_ms IS NOT NULL) LIMIT 100
            """, .integer(now.rawValue), .integer(maximumAttempts)
        ) { (id: Generation.ID($0.text(0)), user: UserID($0.text(1)), isDeleted: $0.optionalInteger(2) != nil) }
        for job in abandoned {
            guard let id = job.id, let user = job.user else {
                throw SQLiteError(brokenRule: "a generation and its user have names", at: "generations")
            }
            if job.isDeleted {
                try cancel(id, of: user, at: now, in: transaction)
            } else {
                _ = try end(id, of: user, .providerTimeout, at: now, in: transaction)
            }
        }
    }

    /// Ends the generation for good, and gives its charge back if the settings say so.
    ///
    /// - Returns: whether the charge was given back.
    static func end(
        _ id: Generation.ID, of user: UserID, _ failure: GenerationFailure, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLiteError) -> Bool {
        let isRefunded = try BillingSettings.current(on: transaction.connection).refundOnFailure
        if isRefunded { try Generations.refund(id, of: user, at: now, in: transaction) }
        try transaction.connection.execute(
            """
            UPDATE generations SET status = 'failed', lease_end_ms = NULL, error = ?, refunded = ?, completed_ms = ?,
                                   input_blob = CASE WHEN deleted_ms IS NULL THEN input_blob END
            WHERE id = ?
            """,
            .text(failure.rawValue), .integer(isRefunded ? 1 : 0), .integer(now.rawValue), .text(id.text))
        return isRefunded
    }

    /// Takes back what its user has deleted and what would only wait again, as if it had been deleted while it waited.
    static func cancel(
        _ id: Generation.ID, of user: UserID, at now: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) {
        try Generations.refund(id, of: user, at: now, in: transaction)
        try transaction.connection.execute(
            "UPDATE generations SET status = 'cancelled', refunded = 1, lease_end_ms = NULL, input_blob = NULL WHERE id = ?",
            .text(id.text))
    }
}
