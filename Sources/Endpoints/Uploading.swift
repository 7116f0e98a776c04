internal import Core
internal import HTTP
private import Images

/// Takes a picture: written to a file as it comes, checked there, then made durable, charged and queued in one
/// transaction.
struct Uploading: Sendable {
    let dependencies: GenerationsDependencies

    func submit(
        _ upload: UploadBody, for profile: Profile, under keyed: Keyed<SubmitOutcome>?, _ request: Request
    ) throws(RequestError) -> Once<SubmitOutcome> {
        let facts = try check(upload)
        let now = dependencies.now()
        // Whoever has nothing is told so before anything is made durable; the transaction decides all the same.
        let account = try stored(dependencies.store.people.account(of: profile, at: now))
        guard account.balance > .zero else { throw .insufficientCredits(balance: account.balance) }
        let standing = try dependencies.standing(of: profile.user, at: now)
        if let refusal = standing.refusal { throw .notTaken(refusal, at: now) }

        let id = Generation.ID(random: dependencies.random(16))
        let result: Once<SubmitOutcome>
        do throws(BlobError) {
            result = try upload.content.keep { blob throws(StoreError) in
                let input = StoredImage(blob: blob, bytes: Int64(upload.content.count), facts: facts)
                guard let keyed else {
                    return .now(
                        try dependencies.store.generations.submit(
                            id, of: input, for: profile, within: dependencies.limits, at: now))
                }
                return try dependencies.store.generations.submit(
                    id, of: input, for: profile, under: keyed, within: dependencies.limits, at: now)
            }
        } catch {
            throw .notStored(StoreError(error))
        }
        switch result {
        case .now(.queued(let generation, let balance)):
            dependencies.note(
                "generation.queued",
                [
                    "generation.id": generation.id, "user.id": profile.user, "user.balance": balance,
                    "image.bytes": generation.input.bytes,
                ], request)
        case .now(.insufficientCredits), .now(.refused), .before: dependencies.discard([upload.content.seal()], request)
        }
        return result
    }

    /// Declared type against magic bytes, then the header: no pixel is decoded.
    private func check(_ upload: UploadBody) throws(RequestError) -> ImageFacts {
        guard upload.content.count > 0 else { throw .unreadableImage("It is empty.") }
        do throws(ImageFault) {
            let found = try ImageProbe.kind(of: upload.content)
            guard let found, Self.isTaken(found, declared: upload.declared) else { throw .notAnImage }
            return try ImageProbe.facts(of: upload.content, maximumPixels: dependencies.maximumPixels)
        } catch {
            switch error {
            case .notAnImage: throw .unsupportedType
            case .unreadable: throw .unreadableImage("It is damaged, cut short, or carries more than a picture.")
            case .dimensions: throw .unreadableImage("Its width and height are out of bounds.")
            case .notRead(let error): throw .notStored(.unavailable(error.reason))
            }
        }
    }

    /// Whether its sender may call it that. Without a type of its own it may be whatever is taken.
    private static func isTaken(_ found: ImageKind, declared: String?) -> Bool {
        guard let declared, MediaType.essence(declared) != "application/octet-stream" else { return true }
        return ImageKind(contentType: declared).map { found.matches(declared: $0) } ?? false
    }
}
