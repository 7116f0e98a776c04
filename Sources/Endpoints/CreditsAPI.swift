internal import Core
internal import HTTP
internal import Interface

/// `/api/v1/credits` and its entries.
struct CreditsAPI: Sendable {
    let dependencies: CheckoutDependencies

    func show(_ request: Request, _: String) throws(RequestError) -> Response {
        .json(.ok, Account.shape.json(try dependencies.account(of: request)))
    }

    func entries(_ request: Request, _: String) throws(RequestError) -> Response {
        let slice = try Slice(request.parameters)
        let user = try dependencies.account(of: request).user
        let page = try stored(dependencies.store.ledger.entries(of: user, before: slice.cursor, limit: slice.limit))
        return .json(.ok, LedgerEntry.list.json(page))
    }
}

/// `?limit=` and `?cursor=` of a list.
struct Slice: Equatable {
    let limit: Int
    let cursor: Int64?

    init(_ parameters: Form) throws(RequestError) {
        limit = try parameters.limit()
        cursor = try parameters.value("cursor", "a next_cursor") { Int64($0).flatMap { $0 > 0 ? $0 : nil } }
    }
}
