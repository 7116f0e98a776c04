internal import Database
private import Images

/// What the store can be asked of the queued work of generations.
public struct Jobs: Home {
    let store: Store

    /// Ends the job with its picture.
    ///
    /// - Parameter thumbnail: a small one of it, if there is one.
    public func complete(
        _ job: Job, with result: StoredImage, thumbnail: StoredImage? = nil, at now: Instant
    ) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(DatabaseError) in
            guard try Jobs.state(of: job, on: transaction.connection) != nil else { return .leaseLost }
            try Generations.change(
                job.generation,
                """
                SET status = 'completed', lease_end_ms = NULL, completed_ms = $2,
                    result_blob = CASE WHEN deleted_ms IS NULL THEN $3 END, result_bytes = $4, result_kind = $5,
                    result_width = $6, result_height = $7,
                    input_blob = CASE WHEN deleted_ms IS NULL THEN input_blob END,
                    thumbnail_blob = CASE WHEN deleted_ms IS NULL THEN $8 END, thumbnail_bytes = $9,
                    thumbnail_kind = $10, thumbnail_width = $11, thumbnail_height = $12
                """,
                .integer(now.rawValue), .text(result.blob.text), .integer(result.bytes),
                .text(result.facts.kind.rawValue), .integer(Int64(result.facts.width)),
                .integer(Int64(result.facts.height)), .optional(thumbnail?.blob.text), .optional(thumbnail?.bytes),
                .optional(thumbnail?.facts.kind.rawValue), .optional(thumbnail.map { Int64($0.facts.width) }),
                .optional(thumbnail.map { Int64($0.facts.height) }), in: transaction)
            try Counters.add(to: .providerCalls("completed"), in: transaction)
            return .recorded
        }
    }

    /// Notes a try that failed by the job's own fault. The last one ends the generation, and gives its charge back in the
    /// same step if the settings say so and its user was not told otherwise beforehand.
    ///
    /// - Parameter maximumAttempts: the try of that number is the last; some failures are final at once.
    public func fail(
        _ job: Job, _ failure: GenerationFailure, maximumAttempts: Int64, at now: Instant
    ) throws(StoreError) -> FailOutcome {
        try write { transaction throws(DatabaseError) in
            guard let state = try Jobs.state(of: job, on: transaction.connection) else { return .leaseLost }
            if let outcome = failure.callOutcome { try Counters.add(to: .providerCalls(outcome), in: transaction) }
            let isUnreadableAgain = failure == .unreadableResult && state.unreadable >= 1
            guard failure.isFinalAtOnce || isUnreadableAgain || job.attempt >= maximumAttempts else {
                return try Jobs.wait(job, state, after: failure, at: now, in: transaction)
            }
            return .failed(refunded: try Jobs.end(job.generation, state, failure, .own, at: now, in: transaction))
        }
    }

    /// Counts a call of the provider that is about to be made. Nothing else counts.
    public func countCall(
        for job: Job, dailyLimit: Int64? = nil, at now: Instant
    ) throws(StoreError) -> CallOutcome {
        try write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            guard try Jobs.state(of: job, on: connection) != nil else { return .leaseLost }
            guard try Calls.count(limit: dailyLimit, at: now, in: transaction) else { return .dailyLimitReached }
            try connection.execute(
                "UPDATE generations SET called_fence = fence WHERE id = $1", .text(job.generation.text))
            return .counted
        }
    }

    /// Lets the job go as if it had never been taken: its worker stops, or cannot do it now.
    public func handBack(_ job: Job, at now: Instant) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(DatabaseError) in
            guard let state = try Jobs.state(of: job, on: transaction.connection) else { return .leaseLost }
            try Jobs.letGo(job, state, isSuspect: false, at: now, in: transaction)
            return .recorded
        }
    }

    /// The same for a job that met an outage, which is nobody's fault.
    ///
    /// - Parameter isSuspect: whether the provider had answered others and stopped with this one.
    public func postpone(
        _ job: Job, after outage: Outage, isSuspect: Bool, at now: Instant
    ) throws(StoreError) -> ReportOutcome {
        try write { transaction throws(DatabaseError) in
            guard let state = try Jobs.state(of: job, on: transaction.connection) else { return .leaseLost }
            if outage.isOfTheProvider {
                try Counters.add(to: .providerCalls(outage.failure.callOutcome ?? ""), in: transaction)
                if outage.isFreeOfCost { try Calls.giveBack(at: now, in: transaction) }
            }
            try Jobs.letGo(job, state, isSuspect: isSuspect, at: now, in: transaction)
            return .recorded
        }
    }
}

/// The generations as a queue.
extension Jobs {
    /// 5 s after the first try, then twice as long each time, 5 minutes at most.
    static func pause(after attempt: Int64) -> Duration {
        min(longestPause, .seconds(5 << min(max(attempt, 1) - 1, 6)))
    }

    static let longestPause = Duration.seconds(300)

    static func lease(
        _ id: Generation.ID, until leaseEnd: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Job {
        let jobs = try transaction.connection.query(
            """
            UPDATE generations SET status = 'processing', fence = fence + 1, attempts = attempts + 1, lease_end_ms = $1
            WHERE id = $2 RETURNING fence, attempts, input_blob, input_kind, outages, turn
            """, .integer(leaseEnd.rawValue), .text(id.text)
        ) { row -> (job: Job, turn: Int64)? in
            guard let input = BlobID(row.text(2)), let kind = ImageKind(rawValue: row.text(3)) else { return nil }
            let job = Job(
                generation: id, fence: row.integer(0), attempt: row.integer(1), input: input, kind: kind,
                leaseEnd: leaseEnd, outages: row.integer(4))
            return (job, row.integer(5))
        }
        guard let leased = jobs.first ?? nil else {
            throw DatabaseError(brokenRule: "a job that waits has its input", at: id.text)
        }
        try Turns.come(to: leased.turn, in: transaction)
        return leased.job
    }

    struct State {
        let user: UserID
        /// How many unreadable answers there were.
        let unreadable: Int64
        let isDeleted: Bool
        /// Told before the upload: a failure of its own is not given back.
        let isAtOwnRisk: Bool

        init(_ row: borrowing Row) {
            user = row.value(0, UserID.init)
            unreadable = row.integer(1)
            isDeleted = row.optionalInteger(2) != nil
            isAtOwnRisk = row.integer(3) == 1
        }

        static let columns = "user_id, unreadable, deleted_ms, at_own_risk"
    }

    static func state(of id: Generation.ID, on connection: Connection) throws(DatabaseError) -> State? {
        try connection.query(
            "SELECT \(State.columns) FROM generations WHERE id = $1", .text(id.text), decode: State.init
        ).first
    }

    /// `nil` if the job is not its worker's any more.
    static func state(of job: Job, on connection: Connection) throws(DatabaseError) -> State? {
        try connection.query(
            "SELECT \(State.columns) FROM generations WHERE id = $1 AND status = 'processing' AND fence = $2",
            .text(job.generation.text), .integer(job.fence), decode: State.init
        ).first
    }

    /// The job waits for its next try, unless nobody wants the picture any more: then it is cancelled instead.
    static func wait(
        _ job: Job, _ state: State, after failure: GenerationFailure, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> FailOutcome {
        guard !state.isDeleted else {
            return .failed(refunded: try giveUp(job.generation, state, after: failure, at: now, in: transaction))
        }
        let due = now.advanced(by: pause(after: job.attempt))
        try Generations.change(
            job.generation,
            "SET status = 'pending', lease_end_ms = NULL, rest_until_ms = $2, unreadable = unreadable + $3",
            .integer(due.rawValue), .integer(failure == .unreadableResult ? 1 : 0), in: transaction)
        return .retry(at: due)
    }

    /// Back to where it was in the queue; a lease that was not used is no try.
    static func letGo(
        _ job: Job, _ state: State, isSuspect: Bool, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        guard !state.isDeleted else {
            return try cancel(job.generation, of: state.user, at: now, in: transaction)
        }
        try Generations.change(
            job.generation,
            "SET status = 'pending', lease_end_ms = NULL, attempts = attempts - 1, outages = outages + $2",
            .integer(isSuspect ? 1 : 0), in: transaction)
    }

    /// Whose fault it is that a generation ends without a picture.
    enum Blame {
        /// The picture's: such failures are given back so often in a day.
        case own
        /// Ours or the provider's.
        case nobody
    }

    /// Ends the generation for good, and gives its charge back if the settings say so.
    ///
    /// - Returns: whether the charge was given back.
    static func end(
        _ id: Generation.ID, _ state: State, _ failure: GenerationFailure, _ blame: Blame, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Bool {
        let isSpent = state.isAtOwnRisk && blame == .own
        let refunds = try BillingSettings.current(on: transaction.connection).refundOnFailure
        let isRefunded = refunds && !isSpent
        if isRefunded { try Generations.refund(id, of: state.user, at: now, in: transaction) }
        // Also where nothing is given back, for trying again is free then.
        if blame == .own && !isSpent { try Quotas.noteFailure(of: state.user, at: now, in: transaction) }
        try Generations.change(
            id,
            """
            SET status = 'failed', lease_end_ms = NULL, rest_until_ms = NULL, error = $2, refunded = $3,
                completed_ms = $4, input_removed = $5, at_own_risk = $6,
                input_blob = CASE WHEN deleted_ms IS NULL THEN input_blob END
            """,
            .text(failure.rawValue), .integer(isRefunded ? 1 : 0), .integer(now.rawValue),
            .integer(failure == .inputMissing ? 1 : 0), .integer(isSpent ? 1 : 0), in: transaction)
        return isRefunded
    }

    /// Ends what its user has deleted and what failed by its own fault before: whoever deletes it is no better off than
    /// whoever waits for the last try.
    ///
    /// - Returns: whether the charge was given back.
    static func giveUp(
        _ id: Generation.ID, _ state: State, after failure: GenerationFailure, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Bool {
        if state.isAtOwnRisk { return try end(id, state, failure, .own, at: now, in: transaction) }
        try Quotas.noteFailure(of: state.user, at: now, in: transaction)
        try cancel(id, of: state.user, at: now, in: transaction)
        return true
    }

    /// Takes back what its user has deleted and what would only wait again, as if it had been deleted while it waited.
    static func cancel(
        _ id: Generation.ID, of user: UserID, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try Generations.refund(id, of: user, at: now, in: transaction)
        try Generations.change(
            id,
            """
            SET status = 'cancelled', refunded = 1, lease_end_ms = NULL, rest_until_ms = NULL, input_blob = NULL
            """, in: transaction)
    }
}

/// The calls of the provider, by day.
enum Calls {
    static func made(at now: Instant, on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.query("SELECT calls FROM provider_calls WHERE day = $1", .integer(now.day)) { $0.integer(0) }
            .first ?? 0
    }

    /// `false` if the day's calls are used up.
    static func count(limit: Int64?, at now: Instant, in transaction: borrowing Transaction) throws(DatabaseError)
        -> Bool
    {
        if let limit, try made(at: now, on: transaction.connection) >= limit { return false }
        try transaction.connection.execute(
            """
            INSERT INTO provider_calls (day, calls) VALUES ($1, 1)
            ON CONFLICT (day) DO UPDATE SET calls = provider_calls.calls + 1
            """,
            .integer(now.day))
        return true
    }

    /// One that the provider did not work for.
    static func giveBack(at now: Instant, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            "UPDATE provider_calls SET calls = calls - 1 WHERE day = $1 AND calls > 0", .integer(now.day))
    }
}
