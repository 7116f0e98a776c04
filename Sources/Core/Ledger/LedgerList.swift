internal import Database

/// Which entries of the whole ledger are told of.
public struct LedgerFilter: Equatable, Sendable {
    /// Written then or later.
    public var from: Instant?
    /// Written before.
    public var until: Instant?

    public init() {}
}

extension Ledger {
    /// Everybody's entries, oldest first: for the books.
    public func list(
        _ filter: LedgerFilter = LedgerFilter(), after cursor: ListCursor? = nil, limit: Int
    ) throws(StoreError) -> Listing<LedgerEntry> {
        try listing(Self.ledgerList(filter, after: cursor, limit: limit), decode: LedgerEntry.init) {
            ListCursor($0.createdAt, String($0.id))
        }
    }

    static func ledgerList(_ filter: LedgerFilter, after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        if let from = filter.from { conditions.add("created_ms >= $1", .integer(from.rawValue)) }
        if let until = filter.until { conditions.add("created_ms < $1", .integer(until.rawValue)) }
        if let cursor {
            conditions.add(
                "(created_ms, id) > ($1, $2)", .integer(cursor.number), .integer(Int64(cursor.tie) ?? .max))
        }
        return ListQuery(
            "SELECT \(Ledger.columns) FROM ledger_entry", conditions, order: "created_ms, id", limit: limit)
    }
}
