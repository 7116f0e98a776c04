internal import Core
internal import HTTP
private import Images
internal import Interface

/// `/api/v1/generations` and what stands below it.
struct GenerationsAPI: Sendable {
    let dependencies: GenerationsDependencies

    private var uploading: Uploading { Uploading(dependencies: dependencies) }

    func upload(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        return try uploading.receive(request) { upload throws(RequestError) in
            try dependencies.once(
                request.headers["idempotency-key"], request.about(upload), of: profile.user,
                answer: { [now = dependencies.now] (outcome: SubmitOutcome) in
                    outcome.queued(at: now()).map { .queued($0.generation, balance: $0.balance) }
                }
            ) { keyed throws(RequestError) in try uploading.submit(upload, for: profile, under: keyed, request) }
        }
    }

    func list(_ request: Request, _: String) throws(RequestError) -> Response {
        let user = try request.profile().user
        let slice = try Slice(request.parameters)
        let page = try stored(dependencies.store.generations.list(of: user, before: slice.cursor, limit: slice.limit))
        return Response.json(.ok, Generation.list.json(page)).unlessKnown(to: request)
    }

    func show(_ request: Request, _ id: String) throws(RequestError) -> Response {
        Response.json(.ok, Generation.shape.json(try dependencies.generation(id, request))).unlessKnown(to: request)
    }

    func retry(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        return try dependencies.once(
            request.headers["idempotency-key"], request, of: profile.user,
            answer: { [now = dependencies.now] (outcome: RetryOutcome) in
                outcome.queued(at: now()).map { .queued($0.generation, balance: $0.balance) }
            }
        ) { keyed throws(RequestError) in try dependencies.retry(id, under: keyed, request) }
    }

    func delete(_ request: Request, _ id: String) throws(RequestError) -> Response {
        try dependencies.delete(id, request)
        return Response(.noContent)
    }
}

/// The pictures themselves: after the owner's check, nginx sends the file.
struct GenerationImages: Sendable {
    let dependencies: GenerationsDependencies

    func original(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let generation = try dependencies.generation(id, request)
        guard !generation.isInputGone else { throw .notFound }
        return file(generation.input, of: generation, as: "original")
    }

    func result(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let generation = try dependencies.generation(id, request)
        guard let result = generation.result else { throw .notFound }
        return file(result, of: generation, as: "result")
    }

    /// A small picture of the result; there is none where the result is small itself.
    func thumbnail(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let generation = try dependencies.generation(id, request)
        guard let thumbnail = generation.thumbnail else { throw .notFound }
        return file(thumbnail, of: generation, as: "thumbnail")
    }

    private func file(_ image: StoredImage, of generation: Generation, as role: String) -> Response {
        let name = "\(role)-\(generation.id.text).\(image.facts.kind.rawValue)"
        return Response(
            .ok,
            headers: [
                "x-accel-redirect": "/_images/\(image.blob.text)", "content-type": image.facts.kind.contentType,
                "content-disposition": "inline; filename=\"\(name)\"", "cache-control": "private, max-age=31536000",
            ])
    }
}

extension GenerationsDependencies {
    /// The caller's generation of that id.
    func generation(_ id: String, _ request: Request) throws(RequestError) -> Generation {
        let user = try request.profile().user
        guard let id = Generation.ID(id) else { throw .notFound }
        let found = try stored(store.generations.find(id, of: user))
        guard let found else { throw .notFound }
        return found
    }

    /// What the user's next upload would meet.
    func standing(of user: UserID, at now: Instant) throws(RequestError) -> UploadStanding {
        try stored(store.generations.uploadStanding(of: user, within: limits, at: now))
    }

    func retry(
        _ id: String, under keyed: Keyed<RetryOutcome>?, _ request: Request
    ) throws(RequestError) -> Once<RetryOutcome> {
        let user = try request.profile().user
        guard let id = Generation.ID(id) else { throw .notFound }
        let result = try stored(store.generations.retry(id, of: user, under: keyed, within: limits, at: now()))
        if case .now(.queued) = result {
            note("generation.retried", ["generation.id": id, "user.id": user], request)
        }
        return result
    }

    func delete(_ id: String, _ request: Request) throws(RequestError) {
        let user = try request.profile().user
        guard let id = Generation.ID(id) else { throw .notFound }
        let outcome = try stored(store.generations.delete(id, of: user, at: now()))
        switch outcome {
        case .deleted(let blobs, let refunded):
            discard(blobs, request)
            note(
                "generation.deleted", ["generation.id": id, "user.id": user, "generation.refunded": refunded], request)
        case .unknown: throw .notFound
        }
    }
}

extension SubmitOutcome {
    func queued(at now: Instant) -> Result<(generation: Generation, balance: Credits), RequestError> {
        switch self {
        case .queued(let generation, let balance): .success((generation, balance))
        case .insufficientCredits(let balance): .failure(.insufficientCredits(balance: balance))
        case .refused(let refusal): .failure(.notTaken(refusal, at: now))
        }
    }
}

extension RetryOutcome {
    func queued(at now: Instant) -> Result<(generation: Generation, balance: Credits), RequestError> {
        switch self {
        case .queued(let generation, let balance): .success((generation, balance))
        case .insufficientCredits(let balance): .failure(.insufficientCredits(balance: balance))
        case .refused(let refusal): .failure(.notTaken(refusal, at: now))
        case .pictureGone: .failure(.pictureGone)
        case .spent: .failure(.spent)
        case .notFailed: .failure(.notFailed)
        case .unknown: .failure(.notFound)
        }
    }
}

extension Response {
    fileprivate static func queued(_ generation: Generation, balance: Credits) -> Response {
        .json(
            .accepted, QueuedGeneration.shape.json(QueuedGeneration(generation, balance: balance)),
            headers: ["location": generation.address])
    }

    /// With an `ETag` of its content; 304 to whoever has that content already.
    fileprivate func unlessKnown(to request: Request) -> Response {
        let tag = "\"\(ContentTag.text(body))\""
        var answer = self
        if let known = request.headers["if-none-match"], EntityTag.isListed(tag, in: known) {
            answer = Response(.notModified)
        }
        answer.headers["etag"] = tag
        answer.headers["cache-control"] = "private, no-cache"
        return answer
    }
}
