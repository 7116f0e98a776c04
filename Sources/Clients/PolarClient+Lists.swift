public import Core
internal import HTTPClient
internal import JSON

/// Polar's lists, a page at a time: what no webhook told can be read there.
///
/// Source: https://docs.polar.sh/api-reference
extension PolarClient: PolarReading {
    /// As many as Polar gives at once.
    static let pageSize: Int64 = 100

    /// The orders of a slice, oldest first, and perhaps one made right beside it: Polar does not say whether its filters
    /// mean the time itself too. A page counts from 1.
    ///
    /// One that cannot be read is counted, and does not hide the others.
    public func orders(_ slice: OrderSlice, page: Int) throws(PolarFailure) -> PolarPage<OrderSnapshot> {
        let start = slice.start.advanced(by: .milliseconds(-1))
        let end = slice.end.map { "&created_before=\($0.rfc3339)" } ?? ""
        return try list(
            "/v1/orders/?product_id=\(slice.product.text)&sorting=created_at&created_after=\(start.rfc3339)\(end)",
            page: page
        ) { json throws(PolarFailure) in
            let order = try order(in: json)
            guard order.createdAt != nil else { throw .unreadable("created_at") }
            return order
        }
    }

    /// The order as it is now; `nil` if Polar does not know it (yet: reads come from a replica).
    public func order(_ id: Order.ID) throws(PolarFailure) -> OrderSnapshot? {
        do throws(PolarFailure) {
            let order = try order(in: try call("GET", "/v1/orders/\(id.text)"))
            guard order.id == id else { throw .unreadable("order") }
            return order
        } catch .refused(404, _) {
            return nil
        }
    }

    /// Newest first; Polar has no filter by time or product.
    public func refunds(page: Int) throws(PolarFailure) -> PolarPage<RefundNotice> {
        try list("/v1/refunds/?sorting=-created_at", page: page) { json throws(PolarFailure) in
            guard let order = json["order_id"]?.string.flatMap(Order.ID.init),
                let created = json["created_at"]?.string.flatMap(PolarClock.init)
            else { throw .unreadable("refund") }
            let state: RefundNotice.State =
                switch json["status"]?.string {
                case "pending": .pending
                case "succeeded": .succeeded
                case _: .ended
                }
            return RefundNotice(order: order, createdAt: created.instant, clock: try clock(of: json), state: state)
        }
    }

    public func lostDisputes(page: Int) throws(PolarFailure) -> PolarPage<DisputeNotice> {
        try list("/v1/disputes/?sorting=-created_at&status=lost", page: page, dispute)
    }

    /// Every dispute over one order.
    public func disputes(over order: Order.ID) throws(PolarFailure) -> [DisputeNotice] {
        let page = try list("/v1/disputes/?order_id=\(order.text)", page: 1, dispute)
        guard page.isLast, page.unreadable == 0, page.items.allSatisfy({ $0.order == order }) else {
            throw .unreadable("disputes")
        }
        return page.items
    }

    public func webhookEndpoints() throws(PolarFailure) -> [WebhookEndpoint] {
        let page = try list("/v1/webhooks/endpoints", page: 1) { json throws(PolarFailure) in
            guard let endpoint = WebhookEndpoint(json) else { throw .unreadable("endpoint") }
            return endpoint
        }
        guard page.isLast, page.unreadable == 0 else { throw .unreadable("endpoints") }
        return page.items
    }

    /// One call with whatever answer, for who wants to know how Polar stands to us.
    public func probe(_ method: String, _ path: String, body: [UInt8]?) throws(PolarFailure) -> PolarProbe {
        let answer = try answer(method, path, body: body)
        return PolarProbe(
            status: answer.status, json: try? JSON(answer.body),
            date: answer.headers["date"].flatMap { Instant(httpDate: $0) })
    }

    private func dispute(_ json: JSON) throws(PolarFailure) -> DisputeNotice {
        guard let order = json["order_id"]?.string.flatMap(Order.ID.init), let status = json["status"]?.string else {
            throw .unreadable("dispute")
        }
        return DisputeNotice(order: order, isLost: status == "lost", clock: try clock(of: json))
    }

    private func list<Item: Equatable & Sendable>(
        _ path: String, page: Int, _ readItem: (JSON) throws(PolarFailure) -> Item
    ) throws(PolarFailure) -> PolarPage<Item> {
        let mark = path.contains("?") ? "&" : "?"
        let json = try call("GET", "\(path)\(mark)limit=\(Self.pageSize)&page=\(page)")
        guard let items = json["items"]?.array, let last = json["pagination"]?["max_page"]?.integer,
            let total = json["pagination"]?["total_count"]?.integer, (0...1_000_000_000_000).contains(total)
        else { throw .unreadable("list") }
        var read: [Item] = []
        var unreadable = 0
        for item in items {
            do throws(PolarFailure) { read.append(try readItem(item)) } catch { unreadable += 1 }
        }
        return PolarPage(
            items: read, unreadable: unreadable, total: total, isLast: Int64(page) >= last || items.isEmpty)
    }
}
