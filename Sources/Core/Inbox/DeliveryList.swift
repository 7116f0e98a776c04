internal import Database
private import JSON

/// Which deliveries a list shows: those that are all of this.
public struct DeliveryFilter: Equatable, Sendable {
    public var verdict: Verdict?
    /// Such as `order.paid`.
    public var type: String?
    public var order: Order.ID?

    public init() {}
}

/// One webhook in the inbox.
public struct DeliverySummary: Equatable, Sendable {
    let place: Int64
    /// The `webhook-id`.
    public let id: String
    public let environment: Environment
    /// `nil` if it could not be read.
    public let type: String?
    public let order: Order.ID?
    public let verdict: Verdict
    public let reason: String?
    /// `nil` once the body is no longer kept.
    public let bodyBytes: Int64?
    public let sentAt: Instant
    public let receivedAt: Instant
    /// When it was done anew last.
    public let replayedAt: Instant?
}

/// One webhook with all that came with it.
public struct DeliveryDetail: Equatable, Sendable {
    public let summary: DeliverySummary
    public let headers: [Header]
    public let body: [UInt8]?

    public struct Header: Equatable, Sendable {
        public let name: String
        public let value: String
    }
}

extension Inbox {
    /// The inbox, newest first.
    public func list(
        _ filter: DeliveryFilter = DeliveryFilter(), after cursor: ListCursor? = nil, limit: Int
    ) throws(StoreError) -> Listing<DeliverySummary> {
        try listing(Self.deliveryList(filter, after: cursor, limit: limit), decode: DeliverySummary.init) {
            ListCursor(of: String($0.place))
        }
    }

    public func find(_ webhook: String) throws(StoreError) -> DeliveryDetail? {
        try query(
            "SELECT \(DeliverySummary.columns), headers, body FROM deliveries WHERE webhook_id = $1", .text(webhook)
        ) { row in
            let headers = (try? JSON(Array(row.text(11).utf8)))?.members ?? []
            return DeliveryDetail(
                summary: DeliverySummary(row),
                headers: headers.map { DeliveryDetail.Header(name: $0.name, value: $0.value.string ?? "") },
                body: row[12] == .null ? nil : row.blob(12))
        }.first
    }

    static func deliveryList(_ filter: DeliveryFilter, after cursor: ListCursor?, limit: Int) -> ListQuery {
        var conditions = Conditions()
        if let order = filter.order { conditions.add("order_id = $1", .text(order.text)) }
        // An order's deliveries are few: their index is the one to take, and no index has a column with nothing behind it.
        let end = filter.order == nil ? "" : " || ''"
        if let verdict = filter.verdict { conditions.add("verdict\(end) = $1", .text(verdict.rawValue)) }
        if let type = filter.type { conditions.add("type\(end) = $1", .text(type)) }
        if let cursor { conditions.add("id < $1", .integer(cursor.number)) }
        return ListQuery(
            "SELECT \(DeliverySummary.columns) FROM deliveries", conditions, order: "id DESC", limit: limit)
    }
}

extension DeliverySummary {
    static let columns = """
        id, webhook_id, environment, type, order_id, verdict, reason, length(body), sent_ms, received_ms, replayed_ms
        """

    init(_ row: borrowing Row) {
        self.init(
            place: row.integer(0), id: row.text(1), environment: row.value(2, Environment.init),
            type: row.optionalText(3), order: row.optional(4, Order.ID.init), verdict: row.value(5, Verdict.init),
            reason: row.optionalText(6), bodyBytes: row.optionalInteger(7), sentAt: row.instant(8),
            receivedAt: row.instant(9), replayedAt: row.optionalInstant(10))
    }
}
