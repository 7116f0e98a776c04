internal import Core
internal import HTTP
private import Images
private import Pages

/// `/` and `/generations/{id}`, for a browser with or without scripts.
struct GalleryPages: Sendable {
    let dependencies: GenerationsDependencies

    private var uploading: Uploading { Uploading(dependencies: dependencies) }

    func gallery(_ request: Request, _: String) throws(RequestError) -> Response {
        .html(.ok, try galleryPage(request, from: try Slice(request.parameters).cursor, fault: nil))
    }

    /// The form of `/`: the gallery with the new one on top, or the page again with what went wrong.
    func upload(_ request: Request, _: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        do throws(RequestError) {
            return try uploading.receive(request) { upload throws(RequestError) in
                try request.expectOwnForm(upload.fields["form_token"])
                guard upload.content.count > 0 else { throw .invalid(field: "image", rule: "a picture") }
                return try dependencies.once(
                    upload.fields["idempotency_key"], request.about(upload), of: profile.user,
                    answer: { [now = dependencies.now] (outcome: SubmitOutcome) in
                        outcome.queued(at: now()).map { _ in .seeOther("/") }
                    }
                ) { keyed throws(RequestError) in
                    try uploading.submit(upload, for: profile, under: keyed, request)
                }
            }
        } catch {
            guard let fault = fault(error, request) else { throw error }
            return .html(error.problem.status, try galleryPage(request, from: nil, fault: fault))
        }
    }

    func show(_ request: Request, _ id: String) throws(RequestError) -> Response {
        .html(.ok, try generationPage(request, id, fault: nil))
    }

    /// The buttons of one generation: `retry` leads back to it, `delete` to the gallery.
    func act(_ request: Request, _ form: Form, _ id: String) throws(RequestError) -> Response {
        let profile = try request.profile()
        do throws(RequestError) {
            switch form["action"] {
            case "retry":
                return try dependencies.once(
                    form["idempotency_key"], request, of: profile.user,
                    answer: { [now = dependencies.now] (outcome: RetryOutcome) in
                        outcome.queued(at: now()).map { .seeOther("/generations/\($0.generation.id.text)") }
                    }
                ) { keyed throws(RequestError) in try dependencies.retry(id, under: keyed, request) }
            case "delete":
                let generation = try dependencies.generation(id, request)
                // Whoever cancels wants the credit back: what has begun meanwhile is not thrown away unasked.
                guard (form["only_if"] ?? generation.status.rawValue) == generation.status.rawValue else {
                    throw .hasBegun
                }
                try dependencies.delete(id, request)
                return .seeOther("/")
            case _: throw .invalid(field: "action", rule: "retry or delete")
            }
        } catch {
            guard let fault = fault(error, request) else { throw error }
            return .html(error.problem.status, try generationPage(request, id, fault: fault))
        }
    }

    /// What the page itself can say; `nil` where a page of its own has to.
    private func fault(_ error: RequestError, _ request: Request) -> Fault? {
        guard request.wantsPage, let fault = error.faultOfGallery else { return nil }
        if let line = error.logLine { dependencies.log(line.of(request: request.id)) }
        return fault
    }

    private func galleryPage(_ request: Request, from cursor: Int64?, fault: Fault?) throws(RequestError) -> String {
        let account = try dependencies.account(of: request)
        let generations = try stored(
            dependencies.store.generations.list(of: account.user, before: cursor, limit: GalleryPage.length))
        return GalleryPage(
            account, standing: try dependencies.standing(of: account.user, at: dependencies.now()),
            generations: generations, from: cursor, maximumUploadBytes: dependencies.maximumUploadBytes,
            formToken: request.formToken, fault: fault, now: dependencies.now(), keys: dependencies.key
        ).html
    }

    private func generationPage(_ request: Request, _ id: String, fault: Fault?) throws(RequestError) -> String {
        let generation = try dependencies.generation(id, request)
        return GenerationPage(
            generation, account: try dependencies.account(of: request),
            standing: try dependencies.standing(of: generation.user, at: dependencies.now()),
            formToken: request.formToken, fault: fault, now: dependencies.now(), keys: dependencies.key
        ).html
    }
}

extension RequestError {
    /// What the one who uploads can do about it on the same page; `nil` where the page itself cannot be shown.
    fileprivate var faultOfGallery: Fault? {
        switch self {
        case .insufficientCredits:
            Fault("You have no credits left, so nothing was started.", action: Action("Buy credits", "/buy"))
        case .tooLarge(let limit): .tooLarge(limitBytes: limit)
        case .unsupportedType:
            Fault("That is not a picture that can be taken: PNG, JPEG, WebP, HEIC and HEIF can.")
        case .unreadableImage(let why): Fault("That picture could not be read. \(why)")
        case .invalid(field: "image", _): .noPicture
        case .stillRunning: Fault("Your first click is still being worked on. Try again in a moment.")
        case .keyReused: Fault("This page was used before. Choose the picture again.")
        case .notTaken(let refusal, _): Fault(refusal)
        case .pictureGone: Fault("The picture could not be read and is not kept. Upload another one.")
        case .spent: Fault("This failure cost its credit, as was said before. Upload the picture again.")
        case .notFailed: Fault("This one has not failed, so there is nothing to try again.")
        case .hasBegun: Fault("It is being made already, so it was not cancelled.")
        case .notSignedIn, .notAdmin, .notFound, .methodNotAllowed, .foreignForm, .malformed, .invalid, .notStored,
            .tooManyCheckouts, .polar, .polarBusy, .invalidFields, .refused:
            nil
        }
    }
}
