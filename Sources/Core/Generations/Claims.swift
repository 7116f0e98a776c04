internal import Database

extension Jobs {
    /// Takes the next job: one whose worker let its lease run out, or else the one whose turn it is.
    ///
    /// - Parameters:
    ///   - maximumAttempts: a job whose last try ran out of its lease is not tried again, it ends: a picture that brings
    ///     its worker down must not do so for ever.
    ///   - maximumAge: a job that has waited for longer ends.
    ///   - dailyLimit: how many calls of the provider there may be in one day (UTC).
    ///   - held: in the caller's own hands, whatever the clock says of their leases.
    ///   - avoided: one that is taken only if it is the last.
    public func claim(
        for lease: Duration, maximumAttempts: Int64 = .max, maximumAge: Duration? = nil, dailyLimit: Int64? = nil,
        held: [Generation.ID] = [], avoiding avoided: Generation.ID? = nil, at now: Instant
    ) throws(StoreError) -> ClaimOutcome {
        precondition(lease > .zero)
        let care = QueueCare(
            lease: lease, maximumAttempts: maximumAttempts, maximumAge: maximumAge, held: Set(held), now: now)
        // Nobody takes a turn to write only to find that there is nothing to do.
        let isIdle = try read { connection throws(DatabaseError) in
            guard try care.hasNothing(on: connection) else { return false }
            return try Jobs.next(care, avoiding: avoided, on: connection) == nil
        }
        guard !isIdle else { return .nothing }
        return try write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            try care.take(in: transaction)
            guard let id = try Jobs.next(care, avoiding: avoided, on: connection) else { return .nothing }
            if let dailyLimit, try Calls.made(at: now, on: connection) >= dailyLimit { return .dailyLimitReached }
            return .job(try Jobs.lease(id, until: now.advanced(by: lease), in: transaction))
        }
    }

    /// Ends what has waited for too long, while nothing is taken.
    public func tend(
        lease: Duration, maximumAttempts: Int64, maximumAge: Duration, held: [Generation.ID], at now: Instant
    ) throws(StoreError) {
        let care = QueueCare(
            lease: lease, maximumAttempts: maximumAttempts, maximumAge: maximumAge, held: Set(held), now: now)
        let isIdle = try read { connection throws(DatabaseError) in try care.hasNothing(on: connection) }
        guard !isIdle else { return }
        try write { transaction throws(DatabaseError) in try care.take(in: transaction) }
    }
}

/// Places in the queue.
///
/// Of each user one job after the other: a new one takes the turn that the queue has come to, so that nobody's idle time
/// counts, or the one after its user's last, so that nobody who comes again and again is always the first.
///
/// Source: Goyal, Vin, Cheng, Start-time Fair Queuing, https://doi.org/10.1109/90.649569
enum Turns {
    /// The turn of the user's next job, as a term of SQL. What was cancelled took no turn.
    static func next(of user: String) -> String {
        """
        coalesce((SELECT turn + 1 FROM generations WHERE user_id = \(user) AND status <> 'cancelled'
                      AND turn >= (SELECT turn FROM generation_turns) ORDER BY turn DESC LIMIT 1),
                 (SELECT turn FROM generation_turns))
        """
    }

    /// It was never its turn: its user's next job does not stand behind it.
    static func giveBack(of id: Generation.ID, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            """
            UPDATE generations SET turn = (SELECT turn - 1 FROM generation_turns)
            WHERE id = $1 AND turn > (SELECT turn - 1 FROM generation_turns)
            """, .text(id.text))
    }

    /// The queue has come to this one.
    static func come(to turn: Int64, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            "UPDATE generation_turns SET turn = $1 WHERE turn < $1", .integer(turn))
    }
}

/// What has to be done in the queue before a job is taken. No more than so many of each kind at once: the next claim does
/// the rest.
///
/// A stored time further ahead than it can be was written by a clock that was wrong, and is over.
struct QueueCare: Sendable {
    let lease: Duration
    let maximumAttempts: Int64
    let maximumAge: Duration?
    let held: Set<Generation.ID>
    let now: Instant

    private static let batch = 100

    /// Those whose time is over: it has come, or is further ahead than it can be. An `OR` would be looked for row by row.
    private static func over(_ columns: String, _ condition: String, _ time: String) -> String {
        """
        SELECT \(columns) FROM generations WHERE \(condition) AND \(time) <= $1
        UNION ALL SELECT \(columns) FROM generations WHERE \(condition) AND \(time) > $2
        """
    }

    static let leasesOver = over("id", "status = 'processing'", "lease_end_ms")
    private static let abandoned = over(
        Found.columns,
        "status = 'processing' AND (attempts >= $3 OR deleted_ms IS NOT NULL OR due_ms < $4)", "lease_end_ms")
    private static let rested = over("seq", "status = 'pending' AND rest_until_ms IS NOT NULL", "rest_until_ms")

    var leaseBounds: [Value] { [.integer(now.rawValue), .integer(now.advanced(by: lease).rawValue)] }
    private var restBounds: [Value] {
        [.integer(now.rawValue), .integer(now.advanced(by: Jobs.longestPause).rawValue)]
    }
    /// Whoever has waited since before is too old.
    private var oldest: Instant { maximumAge.map { now.advanced(by: .zero - $0) } ?? Instant(rawValue: .min) }

    func hasNothing(on connection: Connection) throws(DatabaseError) -> Bool {
        let found = try connection.query(
            """
            SELECT EXISTS (\(Self.rested))
                OR EXISTS (SELECT 1 FROM generations WHERE status = 'pending' AND due_ms < $3)
                OR EXISTS (SELECT 1 FROM generations WHERE status = 'pending' AND due_ms > $1)
            """, restBounds + [.integer(oldest.rawValue)]
        ) { $0.integer(0) }
        guard found == [0] else { return false }
        return try abandoned(on: connection).isEmpty
    }

    func take(in transaction: borrowing Transaction) throws(DatabaseError) {
        try setBackClocks(in: transaction)
        for job in try abandoned(on: transaction.connection) {
            if job.state.isDeleted {
                try Jobs.cancel(job.id, of: job.state.user, at: now, in: transaction)
            } else if job.attempts >= maximumAttempts {
                _ = try Jobs.end(job.id, job.state, .providerTimeout, .own, at: now, in: transaction)
            } else {
                _ = try Jobs.end(job.id, job.state, .providerUnavailable, .nobody, at: now, in: transaction)
            }
        }
        for job in try tooOld(on: transaction.connection) {
            _ = try Jobs.end(job.id, job.state, .providerUnavailable, .nobody, at: now, in: transaction)
            try Turns.giveBack(of: job.id, in: transaction)
        }
        try wake(in: transaction)
    }

    private struct Found {
        let id: Generation.ID
        let attempts: Int64
        let state: Jobs.State

        static let columns = "\(Jobs.State.columns), id, attempts"

        init(_ row: borrowing Row) {
            id = row.value(4, Generation.ID.init)
            attempts = row.integer(5)
            state = Jobs.State(row)
        }
    }

    /// What workers let go of without a word, and where trying again is of no use.
    private func abandoned(on connection: Connection) throws(DatabaseError) -> [Found] {
        try connection.query(
            "\(Self.abandoned) LIMIT \(Self.batch)",
            leaseBounds + [.integer(maximumAttempts), .integer(oldest.rawValue)], decode: Found.init
        ).filter { !held.contains($0.id) }
    }

    private func tooOld(on connection: Connection) throws(DatabaseError) -> [Found] {
        try connection.query(
            "SELECT \(Found.columns) FROM generations WHERE status = 'pending' AND due_ms < $1 LIMIT \(Self.batch)",
            .integer(oldest.rawValue), decode: Found.init)
    }

    /// Nobody has waited since a time to come.
    private func setBackClocks(in transaction: borrowing Transaction) throws(DatabaseError) {
        let ahead = try transaction.connection.query(
            "SELECT seq FROM generations WHERE status = 'pending' AND due_ms > $1 LIMIT \(Self.batch)",
            .integer(now.rawValue)
        ) { $0.integer(0) }
        for place in ahead {
            try transaction.connection.execute(
                "UPDATE generations SET due_ms = $1 WHERE seq = $2", .integer(now.rawValue), .integer(place))
        }
    }

    /// Those who have rested join the queue again, as new ones do.
    private func wake(in transaction: borrowing Transaction) throws(DatabaseError) {
        let rested = try transaction.connection.query(
            "\(Self.rested) LIMIT \(Self.batch)", restBounds
        ) { $0.integer(0) }
        for place in rested {
            try transaction.connection.execute(
                """
                UPDATE generations AS rested SET rest_until_ms = NULL, turn = \(Turns.next(of: "rested.user_id"))
                WHERE seq = $1
                """, .integer(place))
        }
    }
}

extension Jobs {
    static func next(
        _ care: QueueCare, avoiding avoided: Generation.ID?, on connection: Connection
    ) throws(DatabaseError) -> Generation.ID? {
        let abandoned = try connection.query(
            "\(QueueCare.leasesOver) LIMIT $3",
            care.leaseBounds + [.integer(Int64(care.held.count) + 1)]
        ) { Generation.ID($0.text(0)) }
        if let id = abandoned.compactMap(\.self).first(where: { !care.held.contains($0) }) { return id }
        // The avoided one is among the first two, or is not avoided.
        let ready = try connection.query(
            """
            SELECT id FROM generations WHERE status = 'pending' AND rest_until_ms IS NULL AND turn >= 0
            ORDER BY turn, seq LIMIT 2
            """
        ) { Generation.ID($0.text(0)) }.compactMap(\.self)
        return ready.first { $0 != avoided } ?? ready.first
    }
}
