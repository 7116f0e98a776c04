private import Crypto
internal import SQLite

/// What a client's idempotency key says about its request.
public enum IdempotencyOutcome: Equatable, Sendable {
    /// Go on: the key is taken until the answer is kept or the key is let go.
    case fresh
    /// The first answer.
    case replay(KeptAnswer)
    /// The key stands for another request.
    case mismatch
    /// The first request has not been answered yet.
    case running
}

/// An answer as it is kept for 24 hours.
public struct KeptAnswer: Equatable, Sendable {
    public let status: Int
    /// `content-type` and `location`: what belongs to the answer and not to the moment.
    public let contentType: String?
    public let location: String?
    public let body: [UInt8]

    public init(status: Int, contentType: String?, location: String?, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.location = location
        self.body = body
    }
}

/// One client's name for one request: the same again is the same request.
public struct RequestKey: Equatable, Sendable {
    public let user: UserID
    public let key: String
    /// SHA-256 over what makes the request: method, path and body.
    let fingerprint: [UInt8]

    /// `nil` unless `key` is 1 to 255 printable ASCII characters.
    public init?(_ key: String, of user: UserID, method: String, path: String, body: [UInt8]) {
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.user = user
        self.key = key
        fingerprint = sha256(Array("\(method) \(path)\n".utf8) + body)
    }
}

extension Store {
    /// How long an answer is kept.
    static let answerLifetime = Duration.seconds(86_400)
    /// How long a request may run before its key is taken for abandoned: its process died.
    static let requestPatience = Duration.seconds(120)

    /// Takes the key for this request, or tells what became of it before.
    public func begin(_ request: RequestKey, at now: Instant) throws(StoreError) -> IdempotencyOutcome {
        try write { transaction throws(SQLiteError) in
            let connection = transaction.connection
            // A few at a time: what is over goes as new ones come.
            try connection.execute(
                """
                DELETE FROM idempotency_keys WHERE (user_id, key) IN
                    (SELECT user_id, key FROM idempotency_keys WHERE created_ms < ?1
                                                                  OR (status IS NULL AND created_ms < ?2) LIMIT 20)
                """,
                .integer(now.advanced(by: .zero - Self.answerLifetime).rawValue),
                .integer(now.advanced(by: .zero - Self.requestPatience).rawValue))
            let kept = try connection.query(
                """
                SELECT request_hash, status, headers, body, created_ms FROM idempotency_keys
                WHERE user_id = ? AND key = ?
                """, .text(request.user.text), .text(request.key)
            ) { row -> (age: Duration, outcome: IdempotencyOutcome) in
                let age = Instant(rawValue: row.integer(4)).distance(to: now)
                guard row.blob(0) == request.fingerprint else { return (age, .mismatch) }
                guard let status = row.optionalInteger(1) else { return (age, .running) }
                let fields = row.text(2).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                return (
                    age,
                    .replay(
                        KeptAnswer(
                            status: Int(status), contentType: fields[0].isEmpty ? nil : fields[0],
                            location: fields[1].isEmpty ? nil : fields[1], body: row.blob(3)))
                )
            }.first
            let isOver =
                kept.map { $0.age > ($0.outcome == .running ? Self.requestPatience : Self.answerLifetime) } ?? true
            if let kept, !isOver { return kept.outcome }
            try connection.execute(
                """
                INSERT INTO idempotency_keys (user_id, key, request_hash, created_ms) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (user_id, key) DO UPDATE SET request_hash = ?3, status = NULL, headers = NULL, body = NULL,
                                                         created_ms = ?4
                """,
                .text(request.user.text), .text(request.key), .blob(request.fingerprint), .integer(now.rawValue))
            return .fresh
        }
    }

    /// Keeps the answer for whoever asks again.
    public func keep(_ answer: KeptAnswer, for request: RequestKey) throws(StoreError) {
        try write { transaction throws(SQLiteError) in
            try transaction.connection.execute(
                "UPDATE idempotency_keys SET status = ?, headers = ?, body = ? WHERE user_id = ? AND key = ?",
                .integer(Int64(answer.status)), .text("\(answer.contentType ?? "")\n\(answer.location ?? "")"),
                .blob(answer.body), .text(request.user.text), .text(request.key))
        }
    }

    /// Lets the key go: the request came to nothing and may be made again.
    public func abandon(_ request: RequestKey) throws(StoreError) {
        try write { transaction throws(SQLiteError) in
            try transaction.connection.execute(
                "DELETE FROM idempotency_keys WHERE user_id = ? AND key = ? AND status IS NULL",
                .text(request.user.text), .text(request.key))
        }
    }
}
