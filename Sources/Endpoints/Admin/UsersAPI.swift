internal import Core
internal import HTTP
internal import Interface
internal import JSON

/// `/api/v1/admin/users`.
struct UsersAPI: Sendable {
    let dependencies: AdminDependencies

    func list(_ request: Request, _: String) throws(RequestError) -> Response {
        let filter = try UserFilter(request.parameters)
        let slice = try ListSlice(request.parameters)
        let users = try stored(dependencies.store.people.list(filter, after: slice.cursor, limit: slice.limit))
        return .list(users, UserSummary.list)
    }

    func show(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let user = try request.subject(id)
        let detail = try stored(dependencies.store.people.detail(of: user, at: dependencies.now()))
        guard let detail else { throw .notFound }
        return .json(.ok, UserDetail.shape.json(detail))
    }

    func adjust(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let user = try request.subject(id)
        let key = request.headers["idempotency-key"]
        return try dependencies.once(
            key, request, of: actor, answer: { (outcome: AdjustmentOutcome) in outcome.answer }
        ) { keyed throws(RequestError) in
            let (amount, reason) = try Self.adjustment(in: try request.object())
            // The ledger knows the key for ever; with its length before it, no other admin's key reads the same.
            let name = key.flatMap { $0.isEmpty ? nil : "\(actor.text.utf8.count):\(actor):\($0)" }
            let adjustment = Adjustment(
                user: user, amount: amount, actor: actor.text, reason: reason,
                key: "api:" + (name ?? RandomKey.text(dependencies.random(16))))
            return try make(adjustment, under: keyed, by: actor, request)
        }
    }

    private func make(
        _ adjustment: Adjustment, under keyed: Keyed<AdjustmentOutcome>?, by actor: UserID, _ request: Request
    ) throws(RequestError) -> Once<AdjustmentOutcome> {
        let result = try stored(dependencies.store.ledger.adjust(adjustment, under: keyed, at: dependencies.now()))
        dependencies.tell(result, by: actor, request)
        return result
    }

    private static func adjustment(in body: JSON) throws(RequestError) -> (Credits, String) {
        var faults: [RequestError.FieldFault] = []
        let bound = Adjustment.largestAmount.rawValue
        let amount = body["amount"]?.integer.flatMap { $0 != 0 && (-bound...bound).contains($0) ? $0 : nil }
        if amount == nil {
            faults.append(.init(field: "amount", rule: "a whole number from -\(bound) to \(bound), and not 0"))
        }
        let reason = Reason.checked(body["reason"]?.string)
        if reason == nil { faults.append(.init(field: "reason", rule: Reason.rule)) }
        guard let amount, let reason else { throw .invalidFields(faults) }
        return (Credits(rawValue: amount), reason)
    }
}

extension AdjustmentOutcome {
    fileprivate var answer: Result<Response, RequestError> {
        switch self {
        case .adjusted(let entry), .repeated(let entry):
            .success(.json(.created, LedgerEntry.adjustment.json(entry)))
        case .keyReused: .failure(.keyReused)
        case .belowZero(let balance): .failure(.refused(.belowZero(balance: balance)))
        case .unknownUser: .failure(.notFound)
        }
    }
}

extension UserFilter {
    /// `?q=`, the beginning of an id or of an e-mail address, or `?debt=true`.
    init(_ parameters: Form) throws(RequestError) {
        let prefix = try parameters.value("q", "1 to 255 bytes") { (1...255).contains($0.utf8.count) ? $0 : nil }
        let isInDebt = try parameters.value("debt", "true or false") { ["true": true, "false": false][$0] }
        if let prefix { self = .beginning(prefix) } else { self = isInDebt == true ? .inDebt : .all }
    }
}
