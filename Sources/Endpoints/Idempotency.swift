internal import Core
internal import HTTP

/// Lets a request happen once under the key that its client gave it.
struct Idempotency: Sendable {
    let store: Store
    let now: @Sendable () -> Instant

    /// - Parameter key: the `Idempotency-Key` header or the hidden field; without one, the request simply happens.
    func once(
        _ key: String?, _ request: Request, of user: UserID, _ body: () throws(RequestError) -> Response
    ) throws(RequestError) -> Response {
        guard let key, !key.isEmpty else { return try body() }
        // What stands behind `?` says what is asked as much as the path does.
        let address = request.query.isEmpty ? request.path : "\(request.path)?\(request.query)"
        guard
            let named = RequestKey(key, of: user, method: request.method.rawValue, path: address, body: request.body)
        else { throw .invalid(field: "idempotency_key", rule: "1 to 255 printable ASCII characters") }

        switch try stored({ () throws(StoreError) in try store.begin(named, at: now()) }) {
        case .mismatch: throw .keyReused
        case .running: throw .stillRunning
        case .replay(let answer): return Response(answer)
        case .fresh: break
        }
        let response: Response
        do throws(RequestError) {
            response = try body()
        } catch {
            // What came to nothing may be tried again under its key; what is wrong stays wrong.
            if error.problem.status.isWorthRetrying {
                try stored { () throws(StoreError) in try store.abandon(named) }
            } else {
                let refusal = error.response(to: request)
                try stored { () throws(StoreError) in try store.keep(KeptAnswer(refusal), for: named) }
            }
            throw error
        }
        try stored { () throws(StoreError) in try store.keep(KeptAnswer(response), for: named) }
        return response
    }
}

extension Status {
    fileprivate var isWorthRetrying: Bool { rawValue >= 500 || self == .tooManyRequests }
}

extension KeptAnswer {
    fileprivate init(_ response: Response) {
        self.init(
            status: response.status.rawValue, contentType: response.headers["content-type"],
            location: response.headers["location"], body: response.body)
    }
}

extension Response {
    fileprivate init(_ answer: KeptAnswer) {
        self.init(Status(rawValue: answer.status), headers: ["cache-control": "no-store"], body: answer.body)
        headers["content-type"] = answer.contentType
        headers["location"] = answer.location
    }
}
