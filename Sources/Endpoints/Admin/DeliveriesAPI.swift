internal import Core
internal import HTTP
internal import Interface

/// `/api/v1/admin/deliveries`: the inbox.
struct DeliveriesAPI: Sendable {
    let dependencies: AdminDependencies

    func list(_ request: Request, _: String) throws(RequestError) -> Response {
        let filter = try DeliveryFilter(request.parameters)
        let slice = try ListSlice(request.parameters)
        let found = try stored(dependencies.store.inbox.list(filter, after: slice.cursor, limit: slice.limit))
        return .list(found, DeliverySummary.list)
    }

    func show(_ request: Request, _ id: String) throws(RequestError) -> Response {
        guard let found = try stored(dependencies.store.inbox.find(id)) else {
            throw .notFound
        }
        return .json(.ok, DeliveryDetail.shape.json(found))
    }

    func replay(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        return try dependencies.once(
            request.headers["idempotency-key"], request, of: actor,
            answer: { (outcome: ReplayOutcome) in outcome.answer(on: id) }
        ) { keyed throws(RequestError) in
            let result = try stored(
                dependencies.store.inbox.replay(
                    id, by: actor.text, in: dependencies.scope, under: keyed, at: dependencies.now()))
            dependencies.tell(result, ["webhook.id": id], by: actor, request)
            return result
        }
    }
}

extension ReplayOutcome {
    fileprivate func answer(on id: String) -> Result<Response, RequestError> {
        switch self {
        case .replayed(let receipt):
            .success(.json(.ok, Replay.shape.json(Replay(webhook: id, receipt: receipt))))
        case .unknownDelivery: .failure(.notFound)
        case .bodyGone: .failure(.refused(.bodyGone))
        case .otherEnvironment: .failure(.refused(.otherEnvironment))
        }
    }
}

extension DeliveryFilter {
    /// `?verdict=`, `?type=` and `?order_id=`.
    init(_ parameters: Form) throws(RequestError) {
        self.init()
        let verdicts = Verdict.allCases.map(\.rawValue).joined(separator: ", ")
        verdict = try parameters.value("verdict", "one of \(verdicts)", Verdict.init)
        type = try parameters.value("type", "1 to 255 bytes") { $0.utf8.count <= 255 ? $0 : nil }
        order = try parameters.value("order_id", "a UUID", Order.ID.init)
    }
}
