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
    static let limits = 1...100

    let limit: Int
    let cursor: Int64?

    init(_ parameters: Form) throws(RequestError) {
        guard let limit = Int(parameters["limit"] ?? "20"), Self.limits.contains(limit) else {
            throw .invalid(field: "limit", rule: "a whole number from 1 to 100")
        }
        self.limit = limit
        guard let text = parameters["cursor"], !text.isEmpty else {
            cursor = nil
            return
        }
        guard let cursor = Int64(text), cursor > 0 else { throw .invalid(field: "cursor", rule: "a next_cursor") }
        self.cursor = cursor
    }
}
