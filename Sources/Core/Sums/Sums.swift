internal import Database

/// What is added up as it happens, so that nobody adds up all there is.
///
/// A transaction appends what it adds to `sum_changes`, where no other one has a row; ``fold(in:)`` takes such rows into
/// `sums` later. A sum is always what stands in both.
enum Sums {
    /// The raw value is stored.
    enum Name: String {
        /// Entries and their credits, by kind and day.
        case ledger
        /// Orders that were paid and what they brought, by ``Sale/key`` and the day of the order.
        case sold
        /// What was given back of them, by the day of the change.
        case refunded
        /// Those that have ended, by status.
        case generations
        /// What the programs count, by ``Counter/key``.
        case counters
    }

    struct Value: Equatable {
        var count: Int64
        var amount: Int64

        static let zero = Value(count: 0, amount: 0)
        static func += (left: inout Value, right: Value) {
            left.count += right.count
            left.amount += right.amount
        }
    }

    /// - Parameter day: since 1970, in UTC; 0 for what is not kept by day.
    static func add(
        _ count: Int64, _ amount: Int64 = 0, to name: Name, _ key: String, day: Int64 = 0,
        in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        guard count != 0 || amount != 0 else { return }
        try transaction.connection.execute(
            "INSERT INTO sum_changes (name, key, day, count, amount) VALUES ($1, $2, $3, $4, $5)",
            .text(name.rawValue), .text(key), .integer(day), .integer(count), .integer(amount))
    }

    /// What each key has on all days together.
    static func totals(of name: Name, on connection: Connection) throws(DatabaseError) -> [String: Value] {
        let parts = try connection.query(
            """
            SELECT key, CAST(sum(count) AS BIGINT), CAST(sum(amount) AS BIGINT) FROM sums WHERE name = $1 GROUP BY key
            UNION ALL SELECT key, count, amount FROM sum_changes WHERE name = $1
            """, .text(name.rawValue)
        ) { ($0.text(0), Value(count: $0.integer(1), amount: $0.integer(2))) }
        return parts.reduce(into: [:]) { $0[$1.0, default: .zero] += $1.1 }
    }

    /// A day without any change is absent.
    static func days(
        _ days: ClosedRange<Int64>, of name: Name, _ key: String, on connection: Connection
    ) throws(DatabaseError) -> [Int64: Value] {
        let parts = try connection.query(
            """
            SELECT day, count, amount FROM sums WHERE name = $1 AND key = $2 AND day BETWEEN $3 AND $4
            UNION ALL SELECT day, count, amount FROM sum_changes WHERE name = $1 AND key = $2 AND day BETWEEN $3 AND $4
            """, .text(name.rawValue), .text(key), .integer(days.lowerBound), .integer(days.upperBound)
        ) { ($0.integer(0), Value(count: $0.integer(1), amount: $0.integer(2))) }
        return parts.reduce(into: [:]) { $0[$1.0, default: .zero] += $1.1 }
    }

    /// Both tables as one, for a statement that compares them with what they sum.
    static let rows = """
        (SELECT name, key, day, count, amount FROM sums UNION ALL SELECT name, key, day, count, amount FROM sum_changes)
        """
}

extension Sums {
    /// How many changes one step takes: a few milliseconds of everybody's turn to write.
    static let piece: Int64 = 2000
    /// Fewer cost a reader nothing.
    static let worthFolding: Int64 = 1000

    /// By their numbers, roughly: they have gaps where transactions were taken back.
    static func areWorthFolding(on connection: Connection) throws(DatabaseError) -> Bool {
        try connection.integer(
            "SELECT coalesce(1 + (SELECT max(id) FROM sum_changes) - (SELECT min(id) FROM sum_changes), 0)")
            >= worthFolding
    }

    /// Takes changes into the sums: whichever it removes, and those alone, whatever their numbers.
    static func fold(in transaction: borrowing Transaction) throws(DatabaseError) {
        let taken = try transaction.connection.query(
            """
            DELETE FROM sum_changes WHERE id IN (SELECT id FROM sum_changes ORDER BY id LIMIT $1)
            RETURNING name, key, day, count, amount
            """, .integer(piece)
        ) { row in
            (
                Place(name: row.text(0), key: row.text(1), day: row.integer(2)),
                Value(count: row.integer(3), amount: row.integer(4))
            )
        }
        try addAtOnce(taken.reduce(into: [:]) { $0[$1.0, default: .zero] += $1.1 }, in: transaction)
    }

    /// Where a sum stands. A key can come from the network: bytes.
    struct Place: Hashable {
        let name: [UInt8]
        let key: [UInt8]
        let day: Int64

        init(name: String, key: String, day: Int64 = 0) {
            self.name = Array(name.utf8)
            self.key = Array(key.utf8)
            self.day = day
        }

        /// Whoever takes several rows takes them in one order, so that no two wait for each other.
        static func precedes(_ left: Place, _ right: Place) -> Bool {
            left.key == right.key ? left.day < right.day : left.key.lexicographicallyPrecedes(right.key)
        }
    }

    /// Adds to the sums themselves: to rows that others want too, so in transactions that do nothing else.
    static func addAtOnce(
        _ values: [Place: Value], in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        for (place, value) in values.sorted(by: { Place.precedes($0.key, $1.key) }) {
            try transaction.connection.execute(
                """
                INSERT INTO sums (name, key, day, count, amount) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (name, key, day) DO UPDATE SET count = sums.count + $4, amount = sums.amount + $5
                """,
                .text(String(decoding: place.name, as: UTF8.self)), .text(String(decoding: place.key, as: UTF8.self)),
                .integer(place.day), .integer(value.count), .integer(value.amount))
        }
    }
}
