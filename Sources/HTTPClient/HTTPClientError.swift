/// Why there is no whole answer. The texts are libcurl's own: they name no secret.
public enum HTTPClientError: Error, Equatable, Sendable {
    /// Refused, unresolved, no TLS, or a call that is none: nothing of the request reached the peer.
    case notSent(String)
    /// The whole time was used up. Whether the peer acted is unknown.
    case timedOut
    /// The answer was larger than allowed and was dropped. The peer acted.
    case tooLarge
    /// Sent, but no whole answer came back. Whether the peer acted is unknown.
    case cutShort(String)
}
