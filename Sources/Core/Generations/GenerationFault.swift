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
    /// Not reached, overloaded or broken. It may have said when to come again.
    case unavailable(String, retryAfter: Duration?)
    /// It does not know us, or not the model: the same for every picture until an operator looks.
    case misconfigured(String)
    /// An answer without a picture in it.
    case unreadable(String)
    /// We stopped waiting, for this process ends.
    case stopped
}

/// Why a picture could not be freed of what does not belong to it. The texts are for the log alone.
public enum CleaningFault: Error, Equatable, Sendable {
    case unreadable(String)
    /// The tools failed, not the picture.
    case unavailable(String)
    case stopped
}
