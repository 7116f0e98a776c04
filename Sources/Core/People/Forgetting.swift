internal import Database
private import JSON

/// What was removed with a person's address.
public struct Forgotten: Equatable, Sendable {
    /// Whether there was an address or a name.
    public let hadAddress: Bool
    /// Browsers that are signed out with it.
    public let sessions: Int64
    /// Answers that were kept for idempotency keys.
    public let answers: Int64
    /// Checkouts whose address at Polar was kept.
    public let checkouts: Int64
    /// Deliveries whose bodies named the person.
    public let bodies: Int64
}

public enum ForgetOutcome: Equatable, Sendable {
    case forgotten(Forgotten)
    case unknownUser
}

extension People {
    /// Removes what tells who a user is; the id stays, and with it everything that credits need.
    ///
    /// Bodies of deliveries that name the user, the address or Polar's customer are found beforehand, a thousand at a time,
    /// so that nobody waits for it.
    public func forget(_ user: UserID, by actor: String, at now: Instant) throws(StoreError) -> ForgetOutcome {
        guard let names = try read({ connection throws(DatabaseError) in try Person.names(of: user, on: connection) })
        else { return .unknownUser }
        var telling: [Int64] = []
        var end: Int64 = 0
        while true {
            let (start, names) = (end, names)
            let (found, last) = try read { connection throws(DatabaseError) in
                try Person.deliveries(naming: names, after: start, on: connection)
            }
            telling += found
            guard let last else { break }
            end = last
        }
        let bodies = telling
        return try write { transaction throws(DatabaseError) in
            .forgotten(try Person.forget(user, bodies, by: actor, at: now, in: transaction))
        }
    }
}

/// What tells who a user is.
enum Person {
    private static let window: Int64 = 1000

    /// In a file that nobody else waits for.
    ///
    /// - Returns: `nil` if nobody knows the user.
    static func forgetAll(
        of user: UserID, by actor: String, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Forgotten? {
        guard let names = try names(of: user, on: transaction.connection) else { return nil }
        var telling: [Int64] = []
        var end: Int64? = 0
        while let start = end {
            let next = try deliveries(naming: names, after: start, on: transaction.connection)
            telling += next.found
            end = next.end
        }
        return try forget(user, telling, by: actor, at: now, in: transaction)
    }

    /// How the person stands in the bodies of deliveries: JSON strings with their quotes. `nil` if nobody knows the user.
    static func names(of user: UserID, on connection: Connection) throws(DatabaseError) -> [[UInt8]]? {
        let known = try connection.query("SELECT email FROM users WHERE id = $1", .text(user.text)) {
            $0.optionalText(0)
        }.first
        guard let email = known else { return nil }
        let customers = try connection.query("SELECT snapshot FROM payments WHERE user_id = $1", .text(user.text)) {
            (try? JSON(Array($0.text(0).utf8)))?["customer_id"]?.string
        }
        let names = Set([user.text, email].compactMap(\.self) + customers.compactMap(\.self))
        return names.filter { !$0.isEmpty }.sorted().map { JSON.string($0).bytes }
    }

    /// The deliveries of the next so many that name the person, and where the next so many begin; `nil` at the end.
    static func deliveries(
        naming names: [[UInt8]], after start: Int64, on connection: Connection
    ) throws(DatabaseError) -> (found: [Int64], end: Int64?) {
        let last = try connection.query("SELECT max(id) FROM deliveries") { $0.optionalInteger(0) }.first ?? nil
        guard let last, start < last else { return ([], nil) }
        let end = start + window
        var found: Set<Int64> = []
        for name in names {
            found.formUnion(
                try connection.query(
                    """
                    SELECT id FROM deliveries WHERE id > $1 AND id <= $2 AND body IS NOT NULL
                        AND \(connection.dialect.position(of: "$3", in: "body")) > 0
                    """,
                    .integer(start), .integer(end), .blob(name)
                ) { $0.integer(0) })
        }
        return (found.sorted(), end)
    }

    static func forget(
        _ user: UserID, _ deliveries: [Int64], by actor: String, at now: Instant,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) -> Forgotten {
        let connection = transaction.connection
        func change(_ sql: String, _ values: [Value]) throws(DatabaseError) -> Int64 {
            _ = try connection.query(sql, values) { _ in }
            return Int64(connection.changes)
        }
        let id = Value.text(user.text)
        try Trials.noteBeforeForgetting(user, in: transaction)
        let person = try change(
            "UPDATE users SET email = NULL, name = NULL WHERE id = $1 AND (email IS NOT NULL OR name IS NOT NULL)", [id]
        )
        let sessions = try change("DELETE FROM sessions WHERE user_id = $1", [id])
        let answers = try change("DELETE FROM idempotency_keys WHERE user_id = $1", [id])
        _ = try change(
            "UPDATE generations SET request_key = NULL WHERE user_id = $1 AND request_key IS NOT NULL", [id])
        // One that can still be paid is needed, and it ends by itself.
        let checkouts = try change(
            """
            UPDATE checkouts SET url = '', client_secret = ''
            WHERE user_id = $1 AND url <> '' AND NOT (status = 'open' AND expires_ms > $2)
            """, [id, .integer(now.rawValue)])
        var bodies = try change(
            """
            UPDATE deliveries SET body = NULL WHERE body IS NOT NULL
                AND order_id IN (SELECT order_id FROM payments WHERE user_id = $1)
            """, [id])
        for delivery in deliveries {
            bodies += try change(
                "UPDATE deliveries SET body = NULL WHERE id = $1 AND body IS NOT NULL", [.integer(delivery)])
        }
        let forgotten = Forgotten(
            hadAddress: person > 0, sessions: sessions, answers: answers, checkouts: checkouts, bodies: bodies)
        try AuditLog.add(
            actor: actor, action: "user.forget", subject: user.text, old: nil, new: "\(bodies) deliveries", at: now,
            in: transaction)
        return forgotten
    }
}
