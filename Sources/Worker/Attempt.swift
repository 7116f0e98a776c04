internal import Core
internal import Images

/// One try at a job, up to the result: the original is read and cleaned, the provider called, its answer checked and
/// cleaned. Nothing is stored.
struct Attempt {
    let dependencies: WorkerDependencies
    let rules: WorkerRules
    let job: Job
    let isStopping: WorkerDependencies.IsStopping
    /// Told as soon as the provider has said something.
    let answered: () -> Void

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
        let input = try cleaned(original, job.kind, orElse: .inputMissing)
        guard let kind = ImageProbe.kind(of: input[...]) else {
            throw .failed(.inputMissing, "the tools answered with no picture")
        }
        let began = dependencies.uptime()
        let answer = try generate(GenerationInput(bytes: input, kind: kind, prompt: rules.prompt))
        let providerTime = dependencies.uptime() - began
        let result = try cleaned(answer, try facts(of: answer).kind, orElse: .unreadableResult)
        let facts = try facts(of: result)
        return Result(
            bytes: result, facts: facts, thumbnail: thumbnail(of: result, facts), providerTime: providerTime)
    }

    /// The one call, counted before it is made.
    private func generate(_ input: GenerationInput) throws(AttemptFault) -> [UInt8] {
        let outcome: CallOutcome
        do throws(StoreError) {
            outcome = try dependencies.store.jobs.countCall(
                for: job, dailyLimit: rules.dailyLimit, at: dependencies.now())
        } catch {
            throw .outage(Outage(.ours, error.description))
        }
        switch outcome {
        case .counted: break
        case .dailyLimitReached: throw .dailyLimitReached
        case .leaseLost: throw .leaseLost
        }
        let answer: [UInt8]
        do throws(GenerationFault) {
            answer = try dependencies.generate(input, isStopping)
        } catch {
            let fault = AttemptFault(error)
            if fault.isAnAnswer { answered() }
            throw fault
        }
        answered()
        return answer
    }

    /// Without one the result itself is shown: nothing that goes wrong here is worth a failure.
    private func thumbnail(of result: [UInt8], _ facts: ImageFacts) -> Thumbnail? {
        guard max(facts.width, facts.height) > Self.thumbnailSide else { return nil }
        do throws(CleaningFault) {
            let bytes = try dependencies.thumbnail(result, Self.thumbnailSide, isStopping)
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
        dependencies.log(LogLine(.warning, "generation.no_thumbnail", facts))
    }

    private func read() throws(AttemptFault) -> [UInt8] {
        do throws(BlobError) {
            return try dependencies.read(job.input)
        } catch {
            switch error {
            case .absent, .tooLarge: throw .failed(.inputMissing, error.description)
            case .full, .unavailable, .store: throw .outage(.unreadableOriginal(error.description))
            }
        }
    }

    private func cleaned(
        _ bytes: [UInt8], _ kind: ImageKind, orElse failure: GenerationFailure
    ) throws(AttemptFault) -> [UInt8] {
        do throws(CleaningFault) {
            return try dependencies.clean(bytes, kind, isStopping)
        } catch {
            switch error {
            case .unreadable(let reason): throw .failed(failure, reason)
            // Of this picture: another must not wait for it.
            case .broken(let reason): throw .failed(.providerUnavailable, reason)
            case .unavailable(let reason): throw .outage(Outage(.ours, reason))
            case .stopped: throw .stopped
            }
        }
    }

    private func facts(of answer: [UInt8]) throws(AttemptFault) -> ImageFacts {
        do throws(ImageFault) {
            return try ImageProbe.facts(of: answer[...], maximumPixels: rules.maximumPixels)
        } catch {
            throw .failed(.unreadableResult, "the answer is no picture: \(error)")
        }
    }
}

/// Why a try brought no result.
enum AttemptFault: Error {
    /// By the job's own fault. What the user is told, and what stands in the log alone.
    case failed(GenerationFailure, String)
    case outage(Outage)
    case dailyLimitReached
    case leaseLost
    case stopped

    init(_ fault: GenerationFault) {
        switch fault {
        case .refused(let reason): self = .failed(.rejectedBySafety, reason)
        case .failed(let reason): self = .failed(.providerUnavailable, reason)
        case .unreadable(let reason): self = .failed(.unreadableResult, reason)
        case .timedOut: self = .outage(Outage(.timeout, "timed out"))
        case .unavailable(let reason, let pause):
            self = .outage(Outage(.unavailable, reason, retryAfter: pause))
        case .limited(let reason, let pause): self = .outage(Outage(.limited, reason, retryAfter: pause))
        case .misconfigured(let reason): self = .outage(Outage(.misconfigured, reason))
        case .stopped: self = .stopped
        }
    }

    var isAnAnswer: Bool {
        switch self {
        case .failed: true
        case .outage, .dailyLimitReached, .leaseLost, .stopped: false
        }
    }
}
