internal import Core
internal import HTTP

/// Takes a picture: checked from its bytes, kept as a file, then charged and queued in one transaction.
struct Uploading: Sendable {
    private let dependencies: GenerationsDependencies

    init(_ dependencies: GenerationsDependencies) { self.dependencies = dependencies }

    /// A picture and the type that its sender says it has.
    struct Picture {
        let declared: String?
        let bytes: ArraySlice<UInt8>
    }

    func submit(
        _ picture: Picture, for profile: Profile, _ request: Request
    ) throws(RequestError) -> (generation: Generation, balance: Credits) {
        let facts = try check(picture)
        let now = dependencies.now()
        // Whoever has nothing is told so before anything is written; the transaction decides all the same.
        let account = try stored { () throws(StoreError) in try dependencies.store.account(of: profile, at: now) }
        guard account.balance > .zero else { throw .insufficientCredits(balance: account.balance) }

        let id = Generation.ID(random: dependencies.random(16))
        var kept: BlobID?
        let outcome: SubmitOutcome
        do throws(BlobError) {
            outcome = try dependencies.keep(picture.bytes) { blob throws(StoreError) in
                kept = blob
                let input = StoredImage(blob: blob, bytes: Int64(picture.bytes.count), facts: facts)
                return try dependencies.store.submit(id, of: input, for: profile, at: now)
            }
        } catch {
            throw .notStored(StoreError(error))
        }
        switch outcome {
        case .queued(let generation, let balance):
            dependencies.log(
                LogLine(
                    .notice, "generation.queued",
                    [
                        "generation.id": generation.id, "user.id": profile.user, "user.balance": balance,
                        "image.bytes": generation.input.bytes,
                    ]
                ).of(request: request.id))
            return (generation, balance)
        case .insufficientCredits(let balance):
            dependencies.discard(kept.map { [$0] } ?? [], request)
            throw .insufficientCredits(balance: balance)
        }
    }

    /// The picture in the body: the body itself, or the field `image` of a form.
    static func picture(in request: Request) throws(RequestError) -> (picture: Picture, form: Multipart?) {
        let type = request.headers["content-type"] ?? ""
        guard type.prefix(while: { $0 != ";" }).lowercased() == "multipart/form-data" else {
            return (Picture(declared: type, bytes: request.body[...]), nil)
        }
        let form: Multipart
        do {
            form = try Multipart(body: request.body, contentType: type)
        } catch {
            throw .malformed("The form could not be read.")
        }
        // The page has two fields of that name, a file and a photo; browsers send the one left alone as well, empty.
        let parts = form.parts.filter { $0.name == "image" }
        guard let part = parts.first(where: { !$0.bytes.isEmpty }) ?? parts.first else {
            throw .invalid(field: "image", rule: "a picture in the field image")
        }
        return (Picture(declared: part.contentType, bytes: part.bytes), form)
    }

    /// Declared type against magic bytes, size, then the header: no pixel is decoded.
    private func check(_ picture: Picture) throws(RequestError) -> ImageFacts {
        guard picture.bytes.count <= dependencies.maximumUploadBytes else {
            throw .tooLarge(limitBytes: dependencies.maximumUploadBytes)
        }
        guard !picture.bytes.isEmpty else { throw .unreadableImage("It is empty.") }
        let found = ImageProbe.kind(of: picture.bytes)
        if let declared = picture.declared.map(Self.mediaType), declared != "application/octet-stream" {
            guard let kind = ImageKind(contentType: declared) else { throw .unsupportedType }
            guard let found, found.matches(declared: kind) else { throw .unsupportedType }
        }
        guard found != nil else { throw .unsupportedType }
        do throws(ImageFault) {
            return try ImageProbe.facts(of: picture.bytes, maximumPixels: dependencies.maximumPixels)
        } catch {
            switch error {
            case .notAnImage: throw .unsupportedType
            case .unreadable: throw .unreadableImage("It is damaged, cut short, or carries more than a picture.")
            case .dimensions: throw .unreadableImage("Its width and height are out of bounds.")
            }
        }
    }

    private static func mediaType(_ type: String) -> String {
        type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }
}

extension Request {
    /// The same request with the name of the picture's content for a body: what makes two uploads the same is the picture,
    /// and not what a form put around it, which is another each time.
    func about(_ picture: Uploading.Picture) -> Request {
        var request = self
        request.body = Array("\(picture.declared ?? "") \(BlobID(contentOf: picture.bytes).text)".utf8)
        return request
    }
}

extension StoreError {
    /// To whoever uploads, file and row are one.
    fileprivate init(_ error: BlobError) {
        switch error {
        case .store(let error): self = error
        case .full: self = .full
        case .absent, .tooLarge, .unavailable: self = .unavailable(error.description)
        }
    }
}
