import Images
import Testing

@testable import Core

// What tests of generations say often. Times are seconds after the first moment.
extension TestStore {
    static func at(_ seconds: Int64) -> Instant { now.advanced(by: .seconds(seconds)) }

    static func generation(_ number: UInt8) -> Generation.ID {
        Generation.ID(random: [UInt8](repeating: number, count: 16))
    }

    static func image(_ number: UInt8) -> StoredImage {
        StoredImage(
            blob: BlobID(contentOf: [number]), bytes: 1000 + Int64(number),
            facts: ImageFacts(kind: .jpeg, width: 640, height: 480))
    }

    /// Takes all but so many of the trial's credits away.
    func leave(_ credits: Int64, _ name: String = "ada") throws {
        try seen(name)
        _ = try adjust(credits - 10, name, key: "leave \(name)")
    }

    func refundOnFailure(_ isOn: Bool) throws { try set(["refund_on_failure": isOn ? 1 : 0]) }

    @discardableResult
    func submit(_ number: UInt8, _ name: String = "ada", at seconds: Int64 = 0) throws -> SubmitOutcome {
        try store.generations.submit(
            Self.generation(number), of: Self.image(number), for: Profile(user: user(name)), at: Self.at(seconds))
    }

    /// The same under a client's key; the answer that is kept is the generation's number.
    @discardableResult
    func submit(
        _ number: UInt8, _ name: String = "ada", key: String, body: String = "", at seconds: Int64 = 0
    ) throws -> Once<SubmitOutcome> {
        let user = try user(name)
        let key = try #require(RequestKey(key, of: user, method: "POST", path: "/", body: Array(body.utf8)))
        return try store.generations.submit(
            Self.generation(number), of: Self.image(number), for: Profile(user: user),
            under: Keyed(key) { $0.isQueued ? KeptAnswer(number) : nil }, at: Self.at(seconds))
    }

    /// A minute's lease on what is next.
    @discardableResult
    func job(
        at seconds: Int64 = 0, maximumAttempts: Int64 = 3, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Job {
        switch try store.jobs.claim(for: .seconds(60), maximumAttempts: maximumAttempts, at: Self.at(seconds)) {
        case .job(let job): return job
        case .nothing, .dailyLimitReached:
            Issue.record("there is no job", sourceLocation: sourceLocation)
            throw NoJob()
        }
    }

    struct NoJob: Error {}

    @discardableResult
    func fail(
        _ job: Job, _ failure: GenerationFailure = .providerUnavailable, maximumAttempts: Int64 = 3,
        at seconds: Int64 = 0
    ) throws -> FailOutcome {
        try store.jobs.fail(job, failure, maximumAttempts: maximumAttempts, at: Self.at(seconds))
    }

    func complete(_ job: Job, thumbnail: UInt8? = nil, at seconds: Int64 = 0) throws -> ReportOutcome {
        try store.jobs.complete(
            job, with: Self.image(200), thumbnail: thumbnail.map(Self.image), at: Self.at(seconds))
    }

    func retry(
        _ number: UInt8, _ name: String = "ada", within limits: UploadLimits = .none, at seconds: Int64 = 0
    ) throws -> RetryOutcome {
        let result = try store.generations.retry(
            Self.generation(number), of: user(name), under: nil, within: limits, at: Self.at(seconds))
        guard case .now(let outcome) = result else { preconditionFailure("Nothing comes before without a key") }
        return outcome
    }

    func delete(_ number: UInt8, _ name: String = "ada", at seconds: Int64 = 0) throws -> DeleteOutcome {
        try store.generations.delete(Self.generation(number), of: user(name), at: Self.at(seconds))
    }

    /// `status charge refunded attempts`, deleted or not.
    func row(_ number: UInt8) throws -> String? {
        try texts(
            """
            SELECT status || ' ' || charge || ' ' || refunded || ' ' || attempts FROM generations
            WHERE id = '\(Self.generation(number).text)'
            """
        ).first ?? nil
    }
}

extension KeptAnswer {
    init(_ number: UInt8) {
        self.init(status: 202, contentType: "text/plain", location: "/\(number)", body: [number])
    }
}

extension FailOutcome {
    var retryTime: Instant? {
        guard case .retry(let time) = self else { return nil }
        return time
    }
}

extension SubmitOutcome {
    var isQueued: Bool {
        guard case .queued = self else { return false }
        return true
    }
}
