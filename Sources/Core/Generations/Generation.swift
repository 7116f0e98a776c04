private import Crypto
public import Images

/// One picture that a user had made, or wants made.
public struct Generation: Equatable, Sendable {
    public typealias ID = Identifier<Generation>

    public let id: ID
    /// Its place in the order of all: newer ones have higher ones.
    public let place: Int64
    public let user: UserID
    public let status: Status
    public let attempts: Int64
    public let failure: GenerationFailure?
    public let input: StoredImage
    public let result: StoredImage?
    /// A small picture of the result, where that is large.
    public let thumbnail: StoredImage?
    /// Whether its charge was given back.
    public let isRefunded: Bool
    public let createdAt: Instant
    public let completedAt: Instant?
    /// Whether the original could not be read and is not kept.
    public internal(set) var isInputGone = false
    /// Whether its user was told beforehand that a failure of its own costs the credit, and it did fail so.
    public internal(set) var isSpent = false

    /// The raw value is stored and shown: never rename one.
    public enum Status: String, Sendable, CaseIterable {
        case pending, processing, completed, failed
        /// Taken back by its user before it began; seen by nobody.
        case cancelled
    }
}

/// The content of a file by its SHA-256: the same picture twice is one file.
public struct BlobID: Hashable, Sendable {
    /// 64 lower-case hexadecimal digits; also the name of the file.
    public let text: String

    public init?(_ text: String) {
        guard text.utf8.count == 64,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = text
    }

    public init(contentOf bytes: [UInt8]) { self.init(digest: sha256(bytes)) }

    /// - Parameter digest: the SHA-256 of the content.
    public init(digest: [UInt8]) {
        precondition(digest.count == 32)
        text = hexadecimal(digest)
    }
}

/// A picture that lies in the directory of images.
public struct StoredImage: Equatable, Sendable {
    public let blob: BlobID
    public let bytes: Int64
    public let facts: ImageFacts

    public init(blob: BlobID, bytes: Int64, facts: ImageFacts) {
        self.blob = blob
        self.bytes = bytes
        self.facts = facts
    }
}

/// Why a generation failed, as its user may know it. The raw value is stored and shown: never rename one.
public enum GenerationFailure: String, Error, Sendable, CaseIterable {
    case providerUnavailable = "provider_unavailable"
    case providerTimeout = "provider_timeout"
    case rejectedBySafety = "rejected_by_safety"
    case unreadableResult = "unreadable_result"
    case inputMissing = "input_missing"

    /// Trying again would bring the same.
    var isFinalAtOnce: Bool {
        switch self {
        case .rejectedBySafety, .inputMissing: true
        case .providerUnavailable, .providerTimeout, .unreadableResult: false
        }
    }

    /// A sentence of ours; nothing of the provider's.
    public var sentence: String {
        switch self {
        case .providerUnavailable: "The image service could not make this image."
        case .providerTimeout: "The image service took too long."
        case .rejectedBySafety: "The image service refused this picture under its safety rules."
        case .unreadableResult: "The image service answered with something that is no picture."
        case .inputMissing: "The uploaded picture could not be read."
        }
    }
}

/// The right to work on a generation until `leaseEnd`. `fence` tells it from an earlier holder of the same one.
public struct Job: Equatable, Sendable {
    public let generation: Generation.ID
    public let fence: Int64
    /// Which try this is, from 1.
    public let attempt: Int64
    public let input: BlobID
    public let kind: ImageKind
    public let leaseEnd: Instant
    /// How often the provider stopped answering with it, having answered others.
    public let outages: Int64
}

/// What came of the wish to work.
public enum ClaimOutcome: Equatable, Sendable {
    case job(Job)
    case nothing
    /// The provider was called as often as it may be today.
    case dailyLimitReached
}

/// What became of the wish to call the provider.
public enum CallOutcome: Equatable, Sendable {
    case counted
    case dailyLimitReached
    case leaseLost
}

/// What became of a worker's report. A worker that overran its lease has nothing to report on.
public enum ReportOutcome: Equatable, Sendable {
    case recorded
    case leaseLost
}

/// What became of a failed try.
public enum FailOutcome: Equatable, Sendable {
    case retry(at: Instant)
    case failed(refunded: Bool)
    case leaseLost
}

/// What became of an upload.
public enum SubmitOutcome: Equatable, Sendable {
    case queued(Generation, balance: Credits)
    case insufficientCredits(balance: Credits)
    case refused(UploadRefusal)
}

/// What became of the wish to try a failed generation again.
public enum RetryOutcome: Equatable, Sendable {
    case queued(Generation, balance: Credits)
    case insufficientCredits(balance: Credits)
    case refused(UploadRefusal)
    /// It did not fail, so there is nothing to try again.
    case notFailed
    /// Its picture could not be read, and is not kept.
    case pictureGone
    /// Its failure cost the credit, as was said before: another try is another upload.
    case spent
    case unknown
}

/// What became of the wish to be rid of a generation.
public enum DeleteOutcome: Equatable, Sendable {
    /// - Parameter blobs: the files that may be referred to by nobody now.
    case deleted(blobs: [BlobID], refunded: Bool)
    case unknown
}
