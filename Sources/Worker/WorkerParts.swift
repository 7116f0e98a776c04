public import Core

/// What a worker does its jobs with.
public struct WorkerParts: Sendable {
    /// Asked again and again during a slow step, which ends once it says so.
    public typealias IsStopping = @Sendable () -> Bool

    public let store: Store
    public let read: @Sendable (BlobID) throws(BlobError) -> [UInt8]
    /// Frees a picture of metadata.
    public let clean: @Sendable ([UInt8], ImageKind, IsStopping) throws(CleaningFault) -> [UInt8]
    public let generate: @Sendable (GenerationInput, IsStopping) throws(GenerationFault) -> [UInt8]
    /// Stores the bytes, then commits what refers to them.
    public let keep:
        @Sendable ([UInt8], (BlobID) throws(StoreError) -> ReportOutcome) throws(BlobError) -> ReportOutcome
    /// Removes those of the files that nobody refers to.
    public let discard: @Sendable ([BlobID]) throws(BlobError) -> Void
    public let now: @Sendable () -> Instant
    public let log: @Sendable (LogLine) -> Void

    public init(
        store: Store, read: @escaping @Sendable (BlobID) throws(BlobError) -> [UInt8],
        clean: @escaping @Sendable ([UInt8], ImageKind, IsStopping) throws(CleaningFault) -> [UInt8],
        generate: @escaping @Sendable (GenerationInput, IsStopping) throws(GenerationFault) -> [UInt8],
        keep: @escaping @Sendable ([UInt8], (BlobID) throws(StoreError) -> ReportOutcome) throws(BlobError)
            -> ReportOutcome,
        discard: @escaping @Sendable ([BlobID]) throws(BlobError) -> Void, now: @escaping @Sendable () -> Instant,
        log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.store = store
        self.read = read
        self.clean = clean
        self.generate = generate
        self.keep = keep
        self.discard = discard
        self.now = now
        self.log = log
    }
}

/// How a worker does its jobs.
public struct WorkerRules: Sendable {
    public let prompt: String
    /// The try of this number is the last.
    public let attempts: Int64
    /// How long a job belongs to its worker: longer than everything that is done with it.
    public let lease: Duration
    /// Calls of the provider in a day.
    public let dailyLimit: Int64?
    /// Of a result.
    public let maximumPixels: Int
    /// Between two looks for work, and two tries to keep a result.
    public let pause: Duration

    public init(
        prompt: String, attempts: Int64, lease: Duration, dailyLimit: Int64?, maximumPixels: Int,
        pause: Duration = .seconds(1)
    ) {
        self.prompt = prompt
        self.attempts = attempts
        self.lease = lease
        self.dailyLimit = dailyLimit
        self.maximumPixels = maximumPixels
        self.pause = pause
    }
}
