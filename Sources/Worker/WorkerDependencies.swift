public import Core
public import Images

/// What a worker does its jobs with.
public struct WorkerDependencies: Sendable {
    /// Asked again and again during a slow step, which ends once it says so.
    public typealias IsStopping = @Sendable () -> Bool
    public typealias Read = @Sendable (BlobID) throws(BlobError) -> [UInt8]
    public typealias Clean = @Sendable ([UInt8], ImageKind, IsStopping) throws(CleaningFault) -> [UInt8]
    /// Makes a small picture of a clean one, whose longer side is as long as that at most.
    public typealias Thumbnail = @Sendable ([UInt8], _ side: Int, IsStopping) throws(CleaningFault) -> [UInt8]
    public typealias Generate = @Sendable (GenerationInput, IsStopping) throws(GenerationFault) -> [UInt8]
    public typealias Commit = ([BlobID]) throws(StoreError) -> ReportOutcome
    public typealias Keep = @Sendable ([[UInt8]], Commit) throws(BlobError) -> ReportOutcome
    public typealias Discard = @Sendable ([BlobID]) throws(BlobError) -> Void

    let store: Store
    let read: Read
    let clean: Clean
    let thumbnail: Thumbnail
    let generate: Generate
    let keep: Keep
    let discard: Discard
    let now: @Sendable () -> Instant
    let uptime: @Sendable () -> Duration
    let log: @Sendable (LogLine) -> Void

    /// - Parameters:
    ///   - clean: frees a picture of metadata.
    ///   - keep: stores the contents, then commits what refers to them.
    ///   - discard: removes those of the files that nobody refers to.
    ///   - uptime: since some start, by a clock that nobody sets.
    public init(
        store: Store, read: @escaping Read, clean: @escaping Clean, thumbnail: @escaping Thumbnail,
        generate: @escaping Generate, keep: @escaping Keep, discard: @escaping Discard,
        now: @escaping @Sendable () -> Instant, uptime: @escaping @Sendable () -> Duration,
        log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.store = store
        self.read = read
        self.clean = clean
        self.thumbnail = thumbnail
        self.generate = generate
        self.keep = keep
        self.discard = discard
        self.now = now
        self.uptime = uptime
        self.log = log
    }
}

/// How a worker does its jobs.
public struct WorkerRules: Sendable {
    let prompt: String
    /// The try of this number is the last.
    let attempts: Int64
    /// How long a job belongs to its worker: longer than everything that is done with it.
    let lease: Duration
    /// A job that has waited for longer ends.
    let maximumAge: Duration
    /// Calls of the provider in a day.
    let dailyLimit: Int64?
    /// Of a result.
    let maximumPixels: Int
    /// Between two looks for work, and two tries to keep a result.
    let pause: Duration

    public init(
        prompt: String, attempts: Int64, lease: Duration, maximumAge: Duration, dailyLimit: Int64?,
        maximumPixels: Int, pause: Duration = .seconds(1)
    ) {
        self.prompt = prompt
        self.attempts = attempts
        self.lease = lease
        self.maximumAge = maximumAge
        self.dailyLimit = dailyLimit
        self.maximumPixels = maximumPixels
        self.pause = pause
    }
}
