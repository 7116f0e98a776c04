internal import Core
internal import HTTP
internal import Interface

/// `/admin/payments.csv` and `/admin/ledger.csv`, for the books.
///
/// One answer holds at most 50,000 rows; where there are more, its `Link` header names the rest (`rel="next"`). With
/// `?from=` and `?to=` a month at a time fits into one.
struct AdminExports: Sendable {
    let dependencies: AdminDependencies
    var mostRows = 50_000

    static func handlers(_ dependencies: AdminDependencies) -> [String: Site.Handler] {
        let exports = AdminExports(dependencies: dependencies)
        return ["paymentsTable": exports.payments, "ledgerTable": exports.ledger]
    }

    /// Newest first, with the filters of the list.
    func payments(_ request: Request, _: String) throws(RequestError) -> Response {
        let filter = try PaymentFilter(request.parameters)
        return try export("payments", PaymentReport.row, request) { cursor, limit throws(StoreError) in
            try dependencies.store.orders.list(filter, after: cursor, limit: limit)
        }
    }

    /// Everybody's, oldest first.
    func ledger(_ request: Request, _: String) throws(RequestError) -> Response {
        let parameters = request.parameters
        var filter = LedgerFilter()
        filter.from = try parameters.value("from", Instant.dayRule, Instant.init(day:))
        filter.until = try parameters.value("to", Instant.dayRule, Instant.init(day:))?
            .advanced(by: .seconds(86_400))
        let chosen = filter
        return try export("ledger", LedgerEntry.row, request) { cursor, limit throws(StoreError) in
            try dependencies.store.ledger.list(chosen, after: cursor, limit: limit)
        }
    }

    /// Reads a thousand rows at a time: no long look at the database holds up what is written meanwhile.
    private func export<Item>(
        _ name: String, _ shape: Shape<Item>, _ request: Request,
        page: (ListCursor?, Int) throws(StoreError) -> Listing<Item>
    ) throws(RequestError) -> Response {
        var cursor = try request.parameters.value("after", "the end of an earlier part", ListCursor.init)
        var csv = CSV(shape.columns)
        var rows = 0
        repeat {
            let found = try stored(page(cursor, min(1000, mostRows - rows)))
            for item in found.items { csv.add(shape.cells(item)) }
            rows += found.items.count
            cursor = found.next
        } while cursor != nil && rows < mostRows

        let day = dependencies.now().rfc3339.prefix(10)
        var response = Response(
            .ok,
            headers: [
                "content-type": "text/csv; charset=utf-8; header=present", "cache-control": "no-store",
                "content-disposition": "attachment; filename=\"\(name)-\(day).csv\"",
            ], body: csv.bytes)
        if let cursor { response.headers["link"] = "<\(Self.address(of: request, after: cursor))>; rel=\"next\"" }
        return response
    }

    private static func address(of request: Request, after cursor: ListCursor) -> String {
        let kept = request.parameters.fields.filter { $0.name != "after" }
        let query = (kept.map { ($0.name, $0.value) } + [("after", cursor.text)]).map {
            "\(PercentEncoding.encoded($0.0))=\(PercentEncoding.encoded($0.1))"
        }
        return "\(request.path)?\(query.joined(separator: "&"))"
    }
}
