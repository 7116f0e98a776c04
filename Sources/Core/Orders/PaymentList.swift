internal import Database

/// Which payments a list shows: those that are all of this.
public struct PaymentFilter: Equatable, Sendable {
    public var user: UserID?
    public var state: PaymentState?
    /// Polar's word.
    public var status: OrderSnapshot.Status?
    /// Ordered then or later.
    public var from: Instant?
    /// Ordered before.
    public var until: Instant?

    public init() {}

    var conditions: Conditions {
        var conditions = Conditions()
        if let user { conditions.add("user_id = $1", .text(user.text)) }
        // A user's payments are few: their index is the one to take, and no index has a column with nothing behind it.
        let end = user == nil ? "" : " || ''"
        if let state { conditions.add("state\(end) = $1", .text(state.rawValue)) }
        if let status { conditions.add("status\(end) = $1", .text(status.rawValue)) }
        if let from { conditions.add("created_ms >= $1", .integer(from.rawValue)) }
        if let until { conditions.add("created_ms < $1", .integer(until.rawValue)) }
        return conditions
    }
}

extension Orders {
    /// Newest first, by Polar's time of the order.
    public func list(
        _ filter: PaymentFilter = PaymentFilter(), after cursor: ListCursor? = nil, limit: Int
    ) throws(StoreError) -> Listing<PaymentReport> {
        try listing(Self.paymentList(filter, after: cursor, limit: limit), decode: PaymentReport.init) {
            ListCursor($0.createdAt, $0.order.text)
        }
    }

    /// How many orders wait for a person.
    public func parkedCount() throws(StoreError) -> Int64 {
        try read { connection throws(DatabaseError) in try Totals.parked(on: connection) }
    }

    static func paymentList(_ filter: PaymentFilter, after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = filter.conditions
        if let cursor {
            conditions.add("(created_ms, order_id) < ($1, $2)", .integer(cursor.number), .text(cursor.tie))
        }
        return ListQuery(
            "SELECT \(PaymentReport.columns) FROM payments", conditions, order: "created_ms DESC, order_id DESC",
            limit: limit)
    }
}

/// What the rows of a list have to be. The texts are ours; what comes from elsewhere is a value.
struct Conditions {
    private(set) var texts: [String] = []
    private(set) var values: [Value] = []

    /// - Parameter text: with `$1` for the first of its own values.
    mutating func add(_ text: String, _ values: Value...) {
        texts.append(Self.renumbered(text, after: self.values.count))
        self.values += values
    }

    private static func renumbered(_ text: String, after earlier: Int) -> String {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        return parts[0]
            + parts.dropFirst().map { part in
                let digits = part.prefix(while: \.isNumber)
                return "$\((Int(digits) ?? 0) + earlier)\(part.dropFirst(digits.count))"
            }.joined()
    }
}

/// A page of a list, one row longer than it is shown.
struct ListQuery {
    let sql: String
    let values: [Value]
    let limit: Int

    init(_ select: String, _ conditions: Conditions, order: String, limit: Int) {
        let filter = conditions.texts.isEmpty ? "" : " WHERE " + conditions.texts.joined(separator: " AND ")
        sql = "\(select)\(filter) ORDER BY \(order) LIMIT $\(conditions.values.count + 1)"
        values = conditions.values + [.integer(Int64(limit + 1))]
        self.limit = limit
    }
}
