private import Crypto

/// The secret that a signed-in browser holds. It prints as nothing; the database knows its hash alone.
public struct SessionToken: Sendable, CustomStringConvertible, CustomReflectable {
    public static let lifetime = Duration.seconds(14 * 86_400)

    private let bytes: [UInt8]

    public init(random bytes: [UInt8]) {
        precondition(bytes.count == 32)
        self.bytes = bytes
    }

    /// `nil` unless it is 32 bytes of base64url.
    public init?(cookie: String) {
        guard cookie.utf8.count == 43, let bytes = Base64.urlDecoded(cookie), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Only for `Set-Cookie`.
    public var cookie: String { Base64.urlEncoded(bytes) }

    /// Random already: a plain hash cannot be guessed back.
    public var hash: SessionHash { SessionHash(bytes: sha256(bytes)) }

    public var description: String { "‹session›" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Names a session without being able to resume it.
public struct SessionHash: Hashable, Sendable {
    let bytes: [UInt8]
}
