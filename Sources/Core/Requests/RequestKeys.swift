internal import Database

extension Store {
    /// How long an answer is kept.
    static let answerLifetime = Duration.seconds(86_400)
    /// Longer than a checkout waits for Polar: whoever is silent for so long has died.
    static let requestPatience = Duration.seconds(120)

    /// What came before under the key. It is read beside all writes: whatever is then done looks once more, in its own
    /// transaction.
    public func earlier(_ key: RequestKey, at now: Instant) throws(StoreError) -> EarlierRequest? {
        try read { connection throws(DatabaseError) in
            try RequestKeys.state(of: key, at: now, on: connection).earlier
        }
    }

}

extension Home {
    /// Commits the effect, the key and the answer together.
    func once<Outcome: Sendable>(
        _ keyed: Keyed<Outcome>?, at now: Instant,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Outcome
    ) throws(StoreError) -> Once<Outcome> {
        try write { transaction throws(DatabaseError) in
            guard let keyed else { return .now(try body(transaction)) }
            if let earlier = try RequestKeys.state(of: keyed.key, at: now, on: transaction.connection).earlier {
                return .before(earlier)
            }
            let outcome = try body(transaction)
            try RequestKeys.keep(keyed.answer(outcome), for: keyed.key, at: now, in: transaction)
            return .now(outcome)
        }
    }
}

/// The table of keys.
enum RequestKeys {
    enum State: Equatable {
        /// Never seen, or over.
        case free
        case earlier(EarlierRequest)
        /// The first request for this checkout has ended without an answer.
        case unfinished(Checkout.ID)

        var earlier: EarlierRequest? {
            switch self {
            case .earlier(let earlier): earlier
            case .free, .unfinished: nil
            }
        }
    }

    static func state(
        of key: RequestKey, at now: Instant, on connection: Connection
    ) throws(DatabaseError) -> State {
        let found = try connection.query(
            """
            SELECT request_hash, created_ms, status, headers, body, checkout_id, claimed_ms FROM idempotency_keys
            WHERE user_id = $1 AND key = $2
            """, .text(key.user.text), .text(key.key)
        ) { row -> State in
            guard row.instant(1).isWithin(Store.answerLifetime, of: now) else { return .free }
            guard row.blob(0) == key.fingerprint else { return .earlier(.other) }
            if let answer = KeptAnswer(row, from: 2) { return .earlier(.answered(answer)) }
            guard let checkout = row.optional(5, Checkout.ID.init) else { return .free }
            let claim = row.optionalInstant(6)
            let isClaimed = claim?.isWithin(Store.requestPatience, of: now) ?? false
            return isClaimed ? .earlier(.running) : .unfinished(checkout)
        }
        return found.first ?? .free
    }

    /// Keeps the answer for whoever asks again; `nil` is none to keep, and leaves nothing.
    static func keep(
        _ answer: KeptAnswer?, for key: RequestKey, of generation: Generation.ID? = nil, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        guard let answer else { return }
        try removeOld(at: now, in: transaction)
        try transaction.connection.execute(
            """
            INSERT INTO idempotency_keys (user_id, key, request_hash, status, headers, body, created_ms, generation_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (user_id, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
                headers = excluded.headers, body = excluded.body, created_ms = excluded.created_ms,
                generation_id = excluded.generation_id, checkout_id = NULL, claimed_ms = NULL
            """,
            .text(key.user.text), .text(key.key), .blob(key.fingerprint), .integer(Int64(answer.status)),
            .text("\(answer.contentType ?? "")\n\(answer.location ?? "")"), .blob(answer.body), .integer(now.rawValue),
            .optional(generation?.text))
    }

    /// Takes the key for a checkout that Polar is to be asked for.
    static func claim(
        _ key: RequestKey, for checkout: Checkout.ID, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try removeOld(at: now, in: transaction)
        try transaction.connection.execute(
            """
            INSERT INTO idempotency_keys (user_id, key, request_hash, created_ms, checkout_id, claimed_ms)
            VALUES ($1, $2, $3, $4, $5, $4)
            ON CONFLICT (user_id, key) DO UPDATE SET request_hash = $3, status = NULL, headers = NULL, body = NULL,
                created_ms = $4, generation_id = NULL, checkout_id = $5, claimed_ms = $4
            """,
            .text(key.user.text), .text(key.key), .blob(key.fingerprint), .integer(now.rawValue), .text(checkout.text))
    }

    /// Lets go of a checkout that Polar gave no session for: the next request goes on with it.
    static func release(_ key: RequestKey, in transaction: borrowing Transaction) throws(DatabaseError) {
        try transaction.connection.execute(
            "UPDATE idempotency_keys SET claimed_ms = NULL WHERE user_id = $1 AND key = $2", .text(key.user.text),
            .text(key.key))
    }

    /// A few at a time: what is over goes as new ones come.
    private static func removeOld(at now: Instant, in transaction: borrowing Transaction) throws(DatabaseError) {
        let old = try transaction.connection.query(
            "SELECT user_id, key FROM idempotency_keys WHERE created_ms < $1 ORDER BY created_ms LIMIT 4",
            .integer(now.advanced(by: .zero - Store.answerLifetime).rawValue)
        ) { (user: $0.text(0), key: $0.text(1)) }
        for row in old {
            try transaction.connection.execute(
                "DELETE FROM idempotency_keys WHERE user_id = $1 AND key = $2", .text(row.user), .text(row.key))
        }
    }
}

extension Instant {
    /// Whether it lies at most so far from now. What is further ahead was written when the clock was wrong.
    func isWithin(_ limit: Duration, of now: Instant) -> Bool {
        let age = distance(to: now)
        return age <= limit && age >= .zero - limit
    }
}

extension KeptAnswer {
    /// Three columns: status, headers, body.
    fileprivate init?(_ row: borrowing Row, from column: Int32) {
        guard let status = row.optionalInteger(column) else { return nil }
        let fields = row.text(column + 1).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.init(
            status: Int(status), contentType: fields[0].isEmpty ? nil : fields[0],
            location: fields[1].isEmpty ? nil : fields[1], body: row.blob(column + 2))
    }
}
