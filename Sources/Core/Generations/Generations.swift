internal import Database
private import Images

/// What the store can be asked of generations.
public struct Generations: Home {
    let store: Store

    /// Takes one credit and queues the job together: neither happens without the other.
    ///
    /// - Parameter input: lies in the directory of images already, durably.
    public func submit(
        _ id: Generation.ID, of input: StoredImage, for profile: Profile, within limits: UploadLimits = .none,
        at now: Instant
    ) throws(StoreError) -> SubmitOutcome {
        try write { transaction throws(DatabaseError) in
            try People.see(profile, on: .signedIn(daily: store.trialsADay), at: now, in: transaction)
            return try Generations.submit(
                id, of: input, for: profile.user, under: nil, within: limits, at: now, in: transaction)
        }
    }

    /// The same under its client's key: charge, job, key and answer are there together, or none of them.
    public func submit(
        _ id: Generation.ID, of input: StoredImage, for profile: Profile, under keyed: Keyed<SubmitOutcome>,
        within limits: UploadLimits = .none, at now: Instant
    ) throws(StoreError) -> Once<SubmitOutcome> {
        let key = keyed.key
        return try write { transaction throws(DatabaseError) in
            if let earlier = try RequestKeys.state(of: key, at: now, on: transaction.connection).earlier {
                return .before(earlier)
            }
            // Where the answer is gone before its time, the charge under the key still stands.
            guard try Generations.free(key, at: now, in: transaction) else { return .before(.other) }
            try People.see(profile, on: .signedIn(daily: store.trialsADay), at: now, in: transaction)
            let outcome = try Generations.submit(
                id, of: input, for: profile.user, under: key, within: limits, at: now, in: transaction)
            try RequestKeys.keep(keyed.answer(outcome), for: key, of: id, at: now, in: transaction)
            return .now(outcome)
        }
    }

    /// The user's generations, newest first, older than the cursor.
    public func list(
        of user: UserID, before cursor: Int64? = nil, limit: Int
    ) throws(StoreError) -> Page<Generation> {
        precondition((1...1000).contains(limit))
        let found = try query(
            """
            SELECT \(Generations.columns) FROM generations
            WHERE user_id = $1 AND deleted_ms IS NULL AND seq < $2 ORDER BY seq DESC LIMIT $3
            """,
            .text(user.text), .integer(cursor ?? .max), .integer(Int64(limit + 1)), decode: Generation.init)
        return Page(found, limit: limit, cursor: \.place)
    }

    /// The generation, if it is the user's and was not deleted.
    public func find(_ id: Generation.ID, of user: UserID) throws(StoreError) -> Generation? {
        let found = try read { connection throws(DatabaseError) in try Generations.find(id, on: connection) }
        return found?.user == user ? found : nil
    }

    /// Queues a failed generation again, and charges for it if the earlier charge was given back.
    public func retry(
        _ id: Generation.ID, of user: UserID, under keyed: Keyed<RetryOutcome>?, within limits: UploadLimits = .none,
        at now: Instant
    ) throws(StoreError) -> Once<RetryOutcome> {
        try once(keyed, at: now) { transaction throws(DatabaseError) in
            try Generations.retry(id, of: user, within: limits, at: now, in: transaction)
        }
    }

    /// Hides the generation from its user. A pending one is cancelled and its credit given back; one that is being worked
    /// on ends as it will.
    public func delete(
        _ id: Generation.ID, of user: UserID, at now: Instant
    ) throws(StoreError) -> DeleteOutcome {
        try write { transaction throws(DatabaseError) in
            guard let generation = try Generations.find(id, on: transaction.connection), generation.user == user
            else { return .unknown }
            switch generation.status {
            case .pending:
                return .deleted(
                    blobs: generation.blobs, refunded: try Generations.cancel(generation, at: now, in: transaction))
            case .processing, .completed, .failed, .cancelled:
                try Generations.hide(id, at: now, in: transaction)
                return .deleted(blobs: generation.status == .processing ? [] : generation.blobs, refunded: false)
            }
        }
    }

    /// Whether any generation still needs the file.
    public func isReferenced(_ blob: BlobID) throws(StoreError) -> Bool {
        try query(
            """
            SELECT EXISTS (SELECT 1 FROM generations WHERE input_blob = $1 AND input_removed = 0)
                OR EXISTS (SELECT 1 FROM generations WHERE result_blob = $1)
                OR EXISTS (SELECT 1 FROM generations WHERE thumbnail_blob = $1)
            """, .text(blob.text)
        ) { $0.integer(0) } == [1]
    }
}

extension Generation {
    var blobs: [BlobID] { [input, result, thumbnail].compactMap { $0?.blob } }
}

/// The generations table.
extension Generations {
    static let columns = """
        seq, id, user_id, status, attempts, error, input_blob, input_bytes, input_kind, width, height, result_blob,
        result_bytes, result_kind, result_width, result_height, refunded, created_ms, completed_ms, thumbnail_blob,
        thumbnail_bytes, thumbnail_kind, thumbnail_width, thumbnail_height, input_removed,
        CASE WHEN status = 'failed' AND at_own_risk = 1 AND refunded = 0 THEN 1 ELSE 0 END
        """

    /// A generation that its user has not deleted.
    static func find(_ id: Generation.ID, on connection: Connection) throws(DatabaseError) -> Generation? {
        try connection.query(
            "SELECT \(columns) FROM generations WHERE id = $1 AND deleted_ms IS NULL", .text(id.text),
            decode: Generation.init
        ).first
    }

    static func submit(
        _ id: Generation.ID, of input: StoredImage, for user: UserID, under key: RequestKey?,
        within limits: UploadLimits, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> SubmitOutcome {
        let connection = transaction.connection
        let refusal = try Quotas.refusal(of: user, adding: input.bytes, within: limits, at: now, on: connection)
        if let refusal { return .refused(refusal) }
        let isAtOwnRisk = try Quotas.isAtOwnRisk(user, within: limits, at: now, on: connection)
        switch try Ledger.post(.charge(id, attempt: 1), of: -1, to: user, at: now, in: transaction) {
        case .posted(let charge), .alreadyPosted(let charge):
            return .queued(
                try insert(
                    id, of: input, for: user, under: key, isAtOwnRisk: isAtOwnRisk, at: now, in: transaction),
                balance: charge.balanceAfter)
        case .insufficientCredits(let balance):
            return .insufficientCredits(balance: balance)
        }
    }

    /// What waits for its first try costs nothing; what waits after one that failed by its own fault has cost a call.
    ///
    /// - Returns: whether the charge was given back.
    static func cancel(
        _ waiting: Generation, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Bool {
        let (id, user) = (waiting.id, waiting.user)
        try hide(id, at: now, in: transaction)
        // Outages and what is handed back use up no try.
        if waiting.attempts > 0, let state = try Jobs.state(of: id, on: transaction.connection) {
            let failure: GenerationFailure = state.unreadable > 0 ? .unreadableResult : .providerUnavailable
            return try Jobs.giveUp(id, state, after: failure, at: now, in: transaction)
        }
        try Jobs.cancel(id, of: user, at: now, in: transaction)
        return true
    }

    /// Takes the key from a generation that had it when it was still kept.
    ///
    /// - Returns: `false` if one has it that is younger.
    static func free(
        _ key: RequestKey, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Bool {
        let connection = transaction.connection
        let holder = try connection.query(
            "SELECT seq, created_ms FROM generations WHERE user_id = $1 AND request_key = $2", .text(key.user.text),
            .text(key.key)
        ) { (place: $0.integer(0), createdAt: $0.instant(1)) }.first
        guard let holder else { return true }
        guard !holder.createdAt.isWithin(Store.answerLifetime, of: now) else { return false }
        try connection.execute("UPDATE generations SET request_key = NULL WHERE seq = $1", .integer(holder.place))
        return true
    }

    private static func insert(
        _ id: Generation.ID, of input: StoredImage, for user: UserID, under key: RequestKey?, isAtOwnRisk: Bool,
        at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Generation {
        try Quotas.addImageBytes(input.bytes, of: user, in: transaction)
        return try transaction.connection.query(
            """
            INSERT INTO generations (id, user_id, status, charge, due_ms, input_blob, input_kind, input_bytes, width, height,
                                     created_ms, request_key, at_own_risk, turn)
            VALUES ($1, $2, 'pending', 1, $3, $4, $5, $6, $7, $8, $3, $9, $10, \(Turns.next(of: "$2")))
            RETURNING \(columns)
            """,
            .text(id.text), .text(user.text), .integer(now.rawValue), .text(input.blob.text),
            .text(input.facts.kind.rawValue), .integer(input.bytes), .integer(Int64(input.facts.width)),
            .integer(Int64(input.facts.height)), .optional(key?.key), .integer(isAtOwnRisk ? 1 : 0),
            decode: Generation.init)[0]
    }

    /// The number of the last charge.
    static func charge(of id: Generation.ID, on connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer("SELECT charge FROM generations WHERE id = $1", .text(id.text))
    }

    static func retry(
        _ id: Generation.ID, of user: UserID, within limits: UploadLimits, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> RetryOutcome {
        guard let generation = try find(id, on: transaction.connection), generation.user == user else {
            return .unknown
        }
        return try retry(generation, within: limits, at: now, in: transaction)
    }

    static func retry(
        _ generation: Generation, within limits: UploadLimits, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> RetryOutcome {
        guard generation.status == .failed else { return .notFailed }
        guard !generation.isInputGone else { return .pictureGone }
        guard !generation.isSpent else { return .spent }
        let (id, user, connection) = (generation.id, generation.user, transaction.connection)
        // Its picture is stored already.
        let refusal = try Quotas.refusal(of: user, adding: 0, within: limits, at: now, on: connection)
        if let refusal { return .refused(refusal) }
        let isAtOwnRisk = try Quotas.isAtOwnRisk(user, within: limits, at: now, on: connection)
        var balance = try Ledger.balance(of: user, on: connection)
        if generation.isRefunded {
            let number = try charge(of: id, on: connection) + 1
            switch try Ledger.post(.charge(id, attempt: number), of: -1, to: user, at: now, in: transaction) {
            case .posted(let charge), .alreadyPosted(let charge): balance = charge.balanceAfter
            case .insufficientCredits(let balance): return .insufficientCredits(balance: balance)
            }
            try connection.execute(
                "UPDATE generations SET charge = $1, refunded = 0 WHERE id = $2", .integer(number), .text(id.text))
        }
        try change(
            id,
            """
            SET status = 'pending', error = NULL, attempts = 0, unreadable = 0, outages = 0, due_ms = $2,
                completed_ms = NULL, at_own_risk = $3, turn = \(Turns.next(of: "$4"))
            """,
            .integer(now.rawValue), .integer(isAtOwnRisk ? 1 : 0), .text(user.text), in: transaction)
        guard let queued = try find(id, on: connection) else {
            throw DatabaseError(brokenRule: "a generation that is queued again is there", at: id.text)
        }
        return .queued(queued, balance: balance)
    }

    /// Gives the last charge back, and pays what is owed out of it. The row must then say so, in the same transaction.
    static func refund(
        _ id: Generation.ID, of user: UserID, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let number = try charge(of: id, on: transaction.connection)
        guard case .posted = try Ledger.post(.refund(id, attempt: number), of: 1, to: user, at: now, in: transaction)
        else { throw DatabaseError(brokenRule: "a charge is given back once", at: id.text) }
        guard let order = try Debts.order(of: user, on: transaction.connection) else { return }
        guard
            case .posted = try Ledger.post(
                .repaymentOfRefund(id, attempt: number, debtOf: order), of: -1, to: user, at: now, in: transaction)
        else { throw DatabaseError(brokenRule: "a refund repays once", at: id.text) }
        try Debts.change(by: -1, of: user, in: transaction)
    }

    static func hide(
        _ id: Generation.ID, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        // A job in hand still needs its input; it lets go of it when it ends.
        try change(
            id,
            """
            SET deleted_ms = $2, result_blob = NULL, thumbnail_blob = NULL,
                input_blob = CASE WHEN status = 'processing' THEN input_blob END
            """, .integer(now.rawValue), in: transaction)
    }
}

extension Generation {
    init(_ row: borrowing Row) {
        guard let input = StoredImage(row, from: 6) else { preconditionFailure("A generation has its input") }
        id = row.value(1, ID.init)
        place = row.integer(0)
        user = row.value(2, UserID.init)
        status = row.value(3, Status.init)
        attempts = row.integer(4)
        failure = row.optional(5, GenerationFailure.init)
        self.input = input
        result = StoredImage(row, from: 11)
        thumbnail = StoredImage(row, from: 19)
        isRefunded = row.integer(16) == 1
        createdAt = row.instant(17)
        completedAt = row.optionalInstant(18)
        isInputGone = row.integer(24) == 1
        isSpent = row.integer(25) == 1
    }
}

extension StoredImage {
    /// Five columns: blob, bytes, kind, width, height.
    fileprivate init?(_ row: borrowing Row, from column: Int32) {
        guard let blob = row.optionalText(column).flatMap(BlobID.init),
            let kind = ImageKind(rawValue: row.text(column + 2))
        else { return nil }
        self.init(
            blob: blob, bytes: row.integer(column + 1),
            facts: ImageFacts(
                kind: kind, width: Int(row.integer(column + 3)), height: Int(row.integer(column + 4))))
    }
}
