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
                return try operation(&world, request, route.id)
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
    /// - Parameter id: what stands in the place of the `*`.
    typealias Operation = @Sendable (inout World, Request, _ id: String) throws(APIFailure) -> Response

    private static let table: [(path: String, method: Request.Method, operation: Operation)] = [
        ("checkouts", .get, { world, request, _ throws(APIFailure) in try world.listCheckouts(request) }),
        ("checkouts", .post, { world, request, _ throws(APIFailure) in try world.createCheckout(request) }),
        ("checkouts/*", .get, { world, _, id throws(APIFailure) in try world.readCheckout(id) }),
        ("orders", .get, { world, request, _ throws(APIFailure) in try world.listOrders(request) }),
        ("orders/*", .get, { world, _, id throws(APIFailure) in try world.readOrder(id) }),
        ("refunds", .get, { world, request, _ throws(APIFailure) in try world.listRefunds(request) }),
        ("refunds", .post, { world, request, _ throws(APIFailure) in try world.createRefund(request) }),
        ("disputes", .get, { world, request, _ throws(APIFailure) in try world.listDisputes(request) }),
        ("disputes/*", .get, { world, _, id throws(APIFailure) in try world.readDispute(id) }),
        ("products", .get, { world, request, _ throws(APIFailure) in try world.listProducts(request) }),
        ("products/*", .get, { world, _, id throws(APIFailure) in try world.readProduct(id) }),
        ("customers", .get, { world, request, _ throws(APIFailure) in try world.listCustomers(request) }),
        ("customers", .post, { world, request, _ throws(APIFailure) in try world.createCustomer(request) }),
        ("customers/external/*", .get, { world, _, id throws(APIFailure) in try world.readCustomer(externalID: id) }),
        ("customers/*", .get, { world, _, id throws(APIFailure) in try world.readCustomer(id) }),
        (
            "customer-sessions", .post,
            { world, request, _ throws(APIFailure) in try world.createCustomerSession(request) }
        ),
        ("webhooks/endpoints", .get, { world, request, _ throws(APIFailure) in try world.listEndpoints(request) }),
        ("webhooks/endpoints/*", .get, { world, _, id throws(APIFailure) in try world.readEndpoint(id) }),
        ("webhooks/deliveries", .get, { world, request, _ throws(APIFailure) in try world.listDeliveries(request) }),
        ("webhooks/events/*/redeliver", .post, { world, _, id throws(APIFailure) in try world.redeliverEvent(id) }),
    ]

    private let operations: [Request.Method: Operation]
    let id: String

    func operation(_ method: Request.Method) -> Operation? { operations[method] }

    init?(path: [String]) {
        guard path.first == "v1" else { return nil }
        let given = path.dropFirst()
        let found = Self.table.filter { entry in
            let pattern = entry.path.split(separator: "/")
            return pattern.count == given.count && zip(pattern, given).allSatisfy { $0 == "*" || $0 == $1 }
        }
        guard let first = found.first else { return nil }
        id = zip(first.path.split(separator: "/"), given).first { $0.0 == "*" }?.1 ?? ""
        operations = Dictionary(uniqueKeysWithValues: found.map { ($0.method, $0.operation) })
    }
}
