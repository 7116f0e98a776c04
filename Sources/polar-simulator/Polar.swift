internal import HTTP
internal import JSON
internal import Threads

/// Polar's API as far as a seller of credits calls it.
///
/// Source: server/polar/app.py, server/polar/kit/versioning.py and server/polar/exception_handlers.py of polarsource/polar
struct Polar: Sendable {
    let world: Monitor<World>

    static let versions: Set<String> = ["2026-04", "2026-10", "2027-01"]
    static let currentVersion = "2026-10"

    /// In the order of Polar's own layers: framing, version, token, rate limit, route, then who may and what is right.
    func respond(to request: Request) -> Response {
        if request.headers["transfer-encoding"] != nil {
            return Self.failure(Refusal(411, "LengthRequired", "Content-Length header is required."))
        }
        let version = request.headers["polar-version"] ?? Self.currentVersion
        guard Self.versions.contains(version) else { return Self.unknownPath }
        var response = respond(toVersioned: request)
        response.headers["polar-version"] = version
        let ahead = world.withLock { $0.behaviour.setup.dateOffset }
        if ahead != .zero { response.headers["date"] = (Moment.now() + ahead).httpDate }
        return response
    }

    private func respond(toVersioned request: Request) -> Response {
        let token = request.headers["authorization"].map { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : "" }
        if let token, token != world.withLock({ $0.settings.accessToken }) { return Self.invalidToken }
        if world.withLock({ $0.isOverLimit() }) {
            return Response(.tooManyRequests, headers: ["retry-after": "60"])
        }
        return world.withFaults(of: \.faults) { answer(request, isKnown: token != nil) }
    }

    private func answer(_ request: Request, isKnown: Bool) -> Response {
        let path = request.path.split(separator: "/").map(String.init)
        let isCollection = Self.collections.contains(path.dropFirst().joined(separator: "/"))
        guard let route = Route(path: path) else { return Self.unknownPath }
        // FastAPI redirects to the one spelling that it knows, before it looks at anything else.
        guard isCollection == request.path.hasSuffix("/") else { return redirect(request, slash: isCollection) }
        guard let operation = route.operation(request.method) else {
            return .json(Status(rawValue: 405), ["detail": "Method Not Allowed"])
        }
        guard isKnown else { return Self.failure(Refusal(401, "Unauthorized", "Unauthorized")) }
        guard world.withLock({ $0.mayCall(path[1], isReading: request.method == .get) }) else {
            return Self.insufficientScope
        }
        return world.withLock { world in
            do throws(APIFailure) {
                return try operation(&world, request)
            } catch {
                return error.response
            }
        }
    }

    private static let collections: Set<String> = [
        "checkouts", "orders", "refunds", "disputes", "products", "customers", "customer-sessions",
    ]

    private func redirect(_ request: Request, slash: Bool) -> Response {
        let path = slash ? request.path + "/" : String(request.path.dropLast())
        let query = request.query.isEmpty ? "" : "?" + request.query
        let base = world.withLock { $0.settings.publicURL }
        return Response(Status(rawValue: 307), headers: ["location": base + path + query])
    }

    static let unknownPath = Response.json(.notFound, ["detail": "Not Found"])

    static func failure(_ refusal: Refusal) -> Response {
        .json(
            Status(rawValue: refusal.status), ["error": .string(refusal.error), "detail": .string(refusal.detail)])
    }

    private static let insufficientScope = Response.json(
        .forbidden,
        [
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
        ])

    private static let invalidToken: Response = {
        let text = "The access token provided is expired, revoked, malformed, or invalid for other reasons."
        return .json(
            .unauthorized, ["error": "invalid_token", "error_description": .string(text)],
            headers: ["www-authenticate": "Bearer error=\"invalid_token\", error_description=\"\(text)\""])
    }()
}

extension World {
    /// One window of a minute for the whole organization, as the ASGI rate limiter counts.
    fileprivate mutating func isOverLimit() -> Bool {
        guard behaviour.apiLimitPerMinute > 0 else { return false }
        let minute = Moment.now().seconds / 60
        if callsThisMinute.minute != minute { callsThisMinute = (minute, 0) }
        callsThisMinute.count += 1
        return callsThisMinute.count > behaviour.apiLimitPerMinute
    }
}

/// What an address does, by method.
struct Route {
    typealias Operation = (inout World, Request) throws(APIFailure) -> Response

    private var operations: [Request.Method: Operation] = [:]

    func operation(_ method: Request.Method) -> Operation? { operations[method] }

    init?(path: [String]) {
        guard path.first == "v1", path.count >= 2 else { return nil }
        let rest = Array(path.dropFirst(2))
        switch path[1] {
        case "checkouts": checkouts(rest)
        case "orders": orders(rest)
        case "refunds": refunds(rest)
        case "disputes": disputes(rest)
        case "products": products(rest)
        case "customers": customers(rest)
        case "customer-sessions":
            if rest.isEmpty {
                on(.post) { world, request throws(APIFailure) in try world.createCustomerSession(request) }
            }
        case "webhooks": webhooks(rest)
        case _: return nil
        }
        if operations.isEmpty { return nil }
    }

    mutating func on(_ method: Request.Method, _ operation: @escaping Operation) { operations[method] = operation }

    private mutating func checkouts(_ rest: [String]) {
        switch rest.count {
        case 0:
            on(.get) { world, request throws(APIFailure) in try world.listCheckouts(request) }
            on(.post) { world, request throws(APIFailure) in try world.createCheckout(request) }
        case 1: on(.get) { world, _ throws(APIFailure) in try world.readCheckout(rest[0]) }
        case _: break
        }
    }

    private mutating func orders(_ rest: [String]) {
        switch rest.count {
        case 0: on(.get) { world, request throws(APIFailure) in try world.listOrders(request) }
        case 1: on(.get) { world, _ throws(APIFailure) in try world.readOrder(rest[0]) }
        case _: break
        }
    }

    private mutating func refunds(_ rest: [String]) {
        guard rest.isEmpty else { return }
        on(.get) { world, request throws(APIFailure) in try world.listRefunds(request) }
        on(.post) { world, request throws(APIFailure) in try world.createRefund(request) }
    }

    private mutating func disputes(_ rest: [String]) {
        switch rest.count {
        case 0: on(.get) { world, request throws(APIFailure) in try world.listDisputes(request) }
        case 1: on(.get) { world, _ throws(APIFailure) in try world.readDispute(rest[0]) }
        case _: break
        }
    }

    private mutating func products(_ rest: [String]) {
        switch rest.count {
        case 0: on(.get) { world, request throws(APIFailure) in try world.listProducts(request) }
        case 1: on(.get) { world, _ throws(APIFailure) in try world.readProduct(rest[0]) }
        case _: break
        }
    }

    private mutating func customers(_ rest: [String]) {
        switch (rest.count, rest.first) {
        case (0, _):
            on(.get) { world, request throws(APIFailure) in try world.listCustomers(request) }
            on(.post) { world, request throws(APIFailure) in try world.createCustomer(request) }
        case (2, "external"): on(.get) { world, _ throws(APIFailure) in try world.readCustomer(externalID: rest[1]) }
        case (1, _): on(.get) { world, _ throws(APIFailure) in try world.readCustomer(rest[0]) }
        case _: break
        }
    }

    private mutating func webhooks(_ rest: [String]) {
        switch (rest.count, rest.first) {
        case (1, "endpoints"): on(.get) { world, request throws(APIFailure) in try world.listEndpoints(request) }
        case (2, "endpoints"): on(.get) { world, _ throws(APIFailure) in try world.readEndpoint(rest[1]) }
        case (1, "deliveries"): on(.get) { world, request throws(APIFailure) in try world.listDeliveries(request) }
        case (3, "events") where rest[2] == "redeliver":
            on(.post) { world, _ throws(APIFailure) in try world.redeliverEvent(rest[1]) }
        case _: break
        }
    }
}
