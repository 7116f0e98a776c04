internal import Core
internal import HTTP
internal import Interface

/// `/api/v1/credits` and its entries.
struct CreditsAPI: Sendable {
    private let store: Store
    private let now: @Sendable () -> Instant

    init(_ dependencies: CheckoutDependencies) {
        store = dependencies.store
        now = dependencies.now
    }

    func show(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        let account = try stored { () throws(StoreError) in try store.people.account(of: profile, at: now()) }
        return .json(.ok, Account.shape.json(account))
    }

    func entries(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        let slice = try Slice(request.parameters)
        let page = try stored { () throws(StoreError) in
            _ = try store.people.account(of: profile, at: now())
            return try store.ledger.entries(of: profile.user, before: slice.cursor, limit: slice.limit)
        }
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
