internal import Core
internal import HTTP
internal import JSON

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
        let account = try stored { () throws(StoreError) in try store.account(of: profile, at: now()) }
        return .json(
            .ok,
            [
                "credits": .integer(account.balance.rawValue), "debt": .integer(account.debt.rawValue),
                "has_free_trial": .bool(account.hasFreeTrial),
                "price": [
                    "pack_price_cents": .integer(account.settings.packPriceCents),
                    "credits_per_pack": .integer(account.settings.creditsPerPack),
                    "currency": .string(account.settings.currency),
                ],
            ])
    }

    func entries(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        let slice = try Slice(request.parameters)
        let page = try stored { () throws(StoreError) in
            _ = try store.account(of: profile, at: now())
            return try store.entries(of: profile.user, before: slice.cursor, limit: slice.limit)
        }
        return .json(
            .ok,
            ["items": .array(page.items.map(\.json)), "next_cursor": .optional(page.nextCursor.map { String($0) })])
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

extension LedgerEntry {
    fileprivate var json: JSON {
        [
            "id": .string(String(id)), "kind": .string(kind.rawValue), "amount": .integer(amount.rawValue),
            "balance_after": .integer(balanceAfter.rawValue), "created_at": .string(createdAt.rfc3339),
            "order_id": .optional(order?.text), "generation_id": .optional(generation?.text),
            "reason": .optional(reason),
        ]
    }
}
