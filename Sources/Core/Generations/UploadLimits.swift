/// What one user may have of this machine, and all together of the provider; `nil`: as much as there is.
public struct UploadLimits: Equatable, Sendable {
    /// `USER_IMAGE_BYTES`: of one user's image files, originals and results.
    public var imageBytes: Int64?
    /// `USER_WAITING_JOBS`: of one user's.
    public var waitingJobs: Int64?
    /// `USER_FREE_FAILURES`: failures of one user's pictures that are given back in a day (UTC).
    public var freeFailures: Int64?
    /// `GENERATION_DAILY_LIMIT`: calls of the provider in a day (UTC), of all users.
    public var dailyCalls: Int64?

    public static let none = UploadLimits()
}

/// Why a picture is not taken now, although there are credits.
public enum UploadRefusal: Equatable, Sendable {
    /// The day's calls of the provider are used up, or will be by those who wait already.
    case closed(until: Instant)
    case tooManyWaiting(limit: Int64)
    case imagesFull(limitBytes: Int64)
}

/// What a user's next upload would meet.
public struct UploadStanding: Equatable, Sendable {
    public let refusal: UploadRefusal?
    /// Whether a picture that fails by its own fault would cost its credit.
    public let isAtOwnRisk: Bool

    public static let free = UploadStanding(refusal: nil, isAtOwnRisk: false)
}
