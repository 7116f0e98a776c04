internal import Core
internal import HTTP

extension Dependencies {
    /// Lets a request happen once under the key that its client gave it.
    ///
    /// Key and answer are committed with the effect, so a request whose answer was lost may be sent again at any time.
    /// What was refused leaves nothing, and is decided anew.
    ///
    /// - Parameters:
    ///   - key: the `Idempotency-Key` header or the hidden field; without one, the request simply happens.
    ///   - answer: to what the transaction decided. It is asked inside of it, and has no effect of its own.
    ///   - act: does what is asked for. What it throws has happened outside of the transaction.
    func once<Outcome: Sendable>(
        _ key: String?, _ request: Request, of user: UserID,
        answer: @escaping @Sendable (Outcome) -> Result<Response, RequestError>,
        _ act: (Keyed<Outcome>?) throws(RequestError) -> Once<Outcome>
    ) throws(RequestError) -> Response {
        let keyed = try named(key, request, of: user).map { key in
            Keyed<Outcome>(key) { outcome in
                switch answer(outcome) {
                case .success(let response): KeptAnswer(response)
                case .failure: nil
                }
            }
        }
        if let earlier = try earlier(keyed) { return try earlier.response() }
        let result: Once<Outcome>
        do throws(RequestError) {
            result = try act(keyed)
        } catch {
            // The same request may have come twice at once, and the faster one have taken the last credit.
            if let earlier = try earlier(keyed) { return try earlier.response() }
            throw error
        }
        switch result {
        case .now(let outcome): return try answer(outcome).get()
        case .before(let earlier): return try earlier.response()
        }
    }

    private func earlier<Outcome>(_ keyed: Keyed<Outcome>?) throws(RequestError) -> EarlierRequest? {
        guard let keyed else { return nil }
        return try stored(store.earlier(keyed.key, at: now()))
    }

    private func named(_ key: String?, _ request: Request, of user: UserID) throws(RequestError) -> RequestKey? {
        guard let key, !key.isEmpty else { return nil }
        // What stands behind `?` says what is asked as much as the path does.
        let address = request.query.isEmpty ? request.path : "\(request.path)?\(request.query)"
        guard
            let named = RequestKey(key, of: user, method: request.method.rawValue, path: address, body: request.body)
        else { throw .invalid(field: "idempotency_key", rule: "1 to 255 printable ASCII characters") }
        return named
    }
}

extension EarlierRequest {
    fileprivate func response() throws(RequestError) -> Response {
        switch self {
        case .answered(let answer): return Response(answer)
        case .other: throw .keyReused
        case .running: throw .stillRunning
        }
    }
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
