internal import Core

/// One try at a job, up to the result: the original is read and cleaned, the provider called, its answer checked and
/// cleaned. Nothing is stored.
struct Attempt {
    let parts: WorkerParts
    let rules: WorkerRules
    let job: Job
    let isStopping: WorkerParts.IsStopping

    struct Result {
        let bytes: [UInt8]
        let facts: ImageFacts
        let thumbnail: Thumbnail?
        let providerTime: Duration
    }

    struct Thumbnail {
        let bytes: [UInt8]
        let facts: ImageFacts
    }

    /// As wide as a card of the gallery on a fine screen. A result that is no larger needs no thumbnail.
    private static let thumbnailSide = 480

    func run() throws(AttemptFault) -> Result {
        let original = try read()
        let input = try cleaned(original, job.kind) { reason in .failed(.inputMissing, .retryable, reason) }
        guard let kind = ImageProbe.kind(of: input[...]) else {
            throw .failed(.inputMissing, .retryable, "the tools answered with no picture")
        }
        let began = parts.now()
        let answer: [UInt8]
        do throws(GenerationFault) {
            answer = try parts.generate(GenerationInput(bytes: input, kind: kind, prompt: rules.prompt), isStopping)
        } catch {
            throw AttemptFault(error)
        }
        let providerTime = began.distance(to: parts.now())
        let result = try cleaned(answer, try facts(of: answer).kind) { reason in
            .failed(.unreadableResult, .retryable, reason)
        }
        let facts = try facts(of: result)
        return Result(
            bytes: result, facts: facts, thumbnail: thumbnail(of: result, facts), providerTime: providerTime)
    }

    /// Without one the result itself is shown: nothing that goes wrong here is worth a failure.
    private func thumbnail(of result: [UInt8], _ facts: ImageFacts) -> Thumbnail? {
        guard max(facts.width, facts.height) > Self.thumbnailSide else { return nil }
        do throws(CleaningFault) {
            let bytes = try parts.thumbnail(result, Self.thumbnailSide, isStopping)
            guard bytes.count < result.count else { return nil }
            do throws(ImageFault) {
                return Thumbnail(
                    bytes: bytes, facts: try ImageProbe.facts(of: bytes[...], maximumPixels: rules.maximumPixels))
            } catch {
                tellNoThumbnail("\(error)")
            }
        } catch {
            tellNoThumbnail("\(error)")
        }
        return nil
    }

    private func tellNoThumbnail(_ reason: String) {
        let facts: [String: any LogValue] = ["generation.id": job.generation, "thumbnail.reason": reason]
        parts.log(LogLine(.warning, "generation.no_thumbnail", facts))
    }

    private func read() throws(AttemptFault) -> [UInt8] {
        do throws(BlobError) {
            return try parts.read(job.input)
        } catch {
            switch error {
            case .absent, .tooLarge: throw .failed(.inputMissing, .final, error.description)
            // Our own disk, but to the user it is all one service.
            case .full, .unavailable, .store: throw .failed(.providerUnavailable, .retryable, error.description)
            }
        }
    }

    private func cleaned(
        _ bytes: [UInt8], _ kind: ImageKind, ifUnreadable: (String) -> AttemptFault
    ) throws(AttemptFault) -> [UInt8] {
        do throws(CleaningFault) {
            return try parts.clean(bytes, kind, isStopping)
        } catch {
            switch error {
            case .unreadable(let reason): throw ifUnreadable(reason)
            case .unavailable(let reason): throw .failed(.providerUnavailable, .retryable, reason)
            case .stopped: throw .stopped
            }
        }
    }

    private func facts(of answer: [UInt8]) throws(AttemptFault) -> ImageFacts {
        do throws(ImageFault) {
            return try ImageProbe.facts(of: answer[...], maximumPixels: rules.maximumPixels)
        } catch {
            throw .failed(.unreadableResult, .retryable, "the answer is no picture: \(error)")
        }
    }
}

/// Why a try brought no result.
enum AttemptFault: Error {
    /// What the user is told, and what stands in the log alone.
    case failed(GenerationFailure, Weight, String)
    case stopped

    enum Weight: Equatable {
        case retryable
        /// The provider has said when, at the earliest, it wants to hear of us again.
        case retryableAfter(Duration)
        case final
        /// Final, and a person must look.
        case alarming
    }

    init(_ fault: GenerationFault) {
        switch fault {
        case .refused(let reason): self = .failed(.rejectedBySafety, .final, reason)
        case .timedOut: self = .failed(.providerTimeout, .retryable, "timed out")
        case .unavailable(let reason, let pause?): self = .failed(.providerUnavailable, .retryableAfter(pause), reason)
        case .unavailable(let reason, nil): self = .failed(.providerUnavailable, .retryable, reason)
        case .misconfigured(let reason): self = .failed(.providerUnavailable, .alarming, reason)
        case .unreadable(let reason): self = .failed(.unreadableResult, .retryable, reason)
        case .stopped: self = .stopped
        }
    }
}
