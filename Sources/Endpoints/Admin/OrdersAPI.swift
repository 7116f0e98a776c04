internal import Core
internal import HTTP
internal import Interface
internal import JSON
internal import Webhook

/// `/api/v1/admin/payments` and `/api/v1/admin/parked`.
struct OrdersAPI: Sendable {
    let dependencies: AdminDependencies

    func payments(_ request: Request, _: String) throws(RequestError) -> Response {
        try list(try PaymentFilter(request.parameters), request)
    }

    func parked(_ request: Request, _: String) throws(RequestError) -> Response {
        var filter = PaymentFilter()
        filter.state = .parked
        return try list(filter, request)
    }

    private func list(_ filter: PaymentFilter, _ request: Request) throws(RequestError) -> Response {
        let slice = try ListSlice(request.parameters)
        let payments = try stored(dependencies.store.orders.list(filter, after: slice.cursor, limit: slice.limit))
        return .list(payments, PaymentReport.list)
    }

    func assign(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        guard let order = Order.ID(id) else { throw .notFound }
        guard let user = try request.object()["user_id"]?.string.flatMap(UserID.init) else {
            throw .invalid(field: "user_id", rule: "1 to 255 bytes without control characters")
        }
        return try dependencies.once(
            request.headers["idempotency-key"], request, of: actor,
            answer: { (outcome: AssignOutcome) in outcome.answer(on: order, for: user) }
        ) { keyed throws(RequestError) in
            let result = try stored(
                dependencies.store.orders.assign(
                    order, to: user, by: actor.text, in: dependencies.scope, under: keyed, at: dependencies.now()))
            dependencies.tell(result, ["order.id": order, "user.id": user], by: actor, request)
            return result
        }
    }

    /// The body may be empty: then the audit log says that no reason was given.
    func dismiss(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        guard let order = Order.ID(id) else { throw .notFound }
        let given = request.body.isEmpty ? nil : try request.object()["reason"]
        let reason = given == nil ? "no reason given" : Reason.checked(given?.string)
        guard let reason else { throw .invalid(field: "reason", rule: Reason.rule) }
        return try dependencies.once(
            request.headers["idempotency-key"], request, of: actor,
            answer: { (outcome: DismissOutcome) in outcome.answer(on: order, for: reason) }
        ) { keyed throws(RequestError) in
            let result = try stored(
                dependencies.store.orders.dismiss(
                    order, reason: reason, by: actor.text, under: keyed, at: dependencies.now()))
            dependencies.tell(result, ["order.id": order], by: actor, request)
            return result
        }
    }
}

extension AssignOutcome {
    fileprivate func answer(on order: Order.ID, for user: UserID) -> Result<Response, RequestError> {
        switch self {
        case .applied(let outcome):
            .success(.json(.ok, Assignment.shape.json(Assignment(order: order, user: user, outcome: outcome))))
        case .unknownOrder: .failure(.notFound)
        case .notParked: .failure(.refused(.notParked))
        case .notGrantable(let reason): .failure(.refused(.notGrantable(reason)))
        case .belongsTo(let owner): .failure(.refused(.belongsTo(owner)))
        case .otherEnvironment: .failure(.refused(.otherEnvironment))
        }
    }
}

extension DismissOutcome {
    fileprivate func answer(on order: Order.ID, for reason: String) -> Result<Response, RequestError> {
        switch self {
        case .dismissed:
            .success(.json(.ok, Dismissal.shape.json(Dismissal(order: order, note: reason))))
        case .unknownOrder: .failure(.notFound)
        case .notParked: .failure(.refused(.notParked))
        }
    }
}

extension PaymentFilter {
    /// `?user_id=`, `?status=` (Polar's word or ours), `?state=`, `?parked=true`, `?from=` and `?to=`, days in UTC that both
    /// count.
    init(_ parameters: Form) throws(RequestError) {
        self.init()
        user = try parameters.value("user_id", "1 to 255 bytes without control characters", UserID.init)
        state = try parameters.value("state", "applied, recorded, parked or dismissed", PaymentState.init)
        try parameters.value("status", "a status of Polar's orders, or a state") { text -> Void? in
            if let word = OrderSnapshot.Status(rawValue: text) { self.status = word; return () }
            if let word = PaymentState(rawValue: text) { self.state = word; return () }
            return nil
        }
        if try parameters.value("parked", "true or false", { ["true": true, "false": false][$0] }) == true {
            state = .parked
        }
        from = try parameters.value("from", Instant.dayRule, Instant.init(day:))
        until = try parameters.value("to", Instant.dayRule, Instant.init(day:))?.advanced(by: .seconds(86_400))
    }
}

extension Instant {
    static let dayRule = "a day such as 2026-11-20"

    /// Midnight in UTC, when the day begins; `nil` unless it is `YYYY-MM-DD`.
    init?(day: String) {
        guard day.utf8.count == 10, let clock = PolarClock(day + "T00:00:00Z") else { return nil }
        self = clock.instant
    }
}
