public import Images

/// What the image service is asked for.
public struct GenerationInput: Equatable, Sendable {
    public let bytes: [UInt8]
    public let kind: ImageKind
    public let prompt: String

    public init(bytes: [UInt8], kind: ImageKind, prompt: String) {
        self.bytes = bytes
        self.kind = kind
        self.prompt = prompt
    }
}

/// Why the image service made no picture. The texts are for the log alone: they are the service's own words.
public enum GenerationFault: Error, Equatable, Sendable {
    /// Its safety rules refuse this picture, whoever asks.
    case refused(String)
    case timedOut
    /// Broken just now. It may have said when to come again.
    case unavailable(String, retryAfter: Duration?)
    /// Not reached, overloaded or out of quota: whatever the picture.
    case limited(String, retryAfter: Duration?)
    /// It does not know us, or not the model: the same for every picture until an operator looks.
    case misconfigured(String)
    /// It cannot do this one, and does not say that it was its rules.
    case failed(String)
    /// An answer without a picture in it.
    case unreadable(String)
    /// We stopped waiting, for this process ends.
    case stopped
}

/// Why nothing can be made now, of whatever picture: no job's fault.
public struct Outage: Equatable, Sendable {
    public enum Cause: String, Sendable {
        case unavailable, timeout, limited, misconfigured
        /// Our own disk or tools.
        case ours
    }

    public let cause: Cause
    /// For the log alone.
    public let reason: String
    /// When the provider wants to hear of us again, at the earliest.
    public let retryAfter: Duration?
    /// Whether one picture alone can bring it about: then it must not keep all others waiting.
    public private(set) var mayBeOfThePicture: Bool

    public init(_ cause: Cause, _ reason: String, retryAfter: Duration? = nil) {
        self.cause = cause
        self.reason = reason
        self.retryAfter = retryAfter
        mayBeOfThePicture = cause == .unavailable || cause == .timeout
    }

    /// The disk does not give the original: this one, or any.
    public static func unreadableOriginal(_ reason: String) -> Outage {
        var outage = Outage(.ours, reason)
        outage.mayBeOfThePicture = true
        return outage
    }

    var isOfTheProvider: Bool { cause != .ours }

    /// Whether the provider did nothing for the call. One that took too long may be on its bill.
    var isFreeOfCost: Bool {
        switch cause {
        case .unavailable, .limited, .misconfigured: true
        case .timeout, .ours: false
        }
    }

    /// What its user is told of a generation that ends for it.
    public var failure: GenerationFailure {
        switch cause {
        case .timeout: .providerTimeout
        case .unavailable, .limited, .misconfigured, .ours: .providerUnavailable
        }
    }
}

/// Why a picture could not be freed of what does not belong to it. The texts are for the log alone.
public enum CleaningFault: Error, Equatable, Sendable {
    case unreadable(String)
    /// The tools broke or took too long over it, and may do better next time.
    case broken(String)
    /// The tools cannot be used at all.
    case unavailable(String)
    case stopped
}
