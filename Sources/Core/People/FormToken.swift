private import Crypto

/// What a form token is bound to.
public enum SessionIdentity: Equatable, Sendable {
    case own(SessionHash)
    /// The issuer's cookie; without a `sid` it is only known whose.
    case issuer(sessionID: String?, user: UserID)

    /// Each kind under a name of its own, so that none can pass for another.
    fileprivate var message: [UInt8] {
        switch self {
        case .own(let hash): Array("session:".utf8) + hash.bytes
        case .issuer(let sessionID?, let user): Array("sid:\(user.text)\n\(sessionID)".utf8)
        case .issuer(nil, let user): Array("sub:\(user.text)".utf8)
        }
    }
}

/// Makes the token that forms carry: another site can neither read nor compute it.
public struct FormTokenKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    public init(bytes: [UInt8]) {
        precondition(bytes.count == 32)
        self.bytes = bytes
    }

    /// 43 bytes of base64url.
    public func token(for identity: SessionIdentity) -> String {
        Base64.urlEncoded(hmacSHA256(key: bytes, message: identity.message))
    }

    public func isToken(_ text: String, for identity: SessionIdentity) -> Bool {
        constantTimeEqual(Array(text.utf8), Array(token(for: identity).utf8))
    }

    /// For the cookie of a login: a key of its own, so that neither can pass for the other.
    public var loginKey: LoginKey { LoginKey(bytes: hmacSHA256(key: bytes, message: Array("login-cookie".utf8))) }

    public var description: String { "‹key›" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// The token of a session, as a form brings it back.
public enum FormToken {
    /// Whether the form carries the session's token, in a time that does not tell how far it is right. An empty
    /// token is nobody's.
    public static func matches(_ given: String?, _ expected: String) -> Bool {
        guard let given, !expected.isEmpty else { return false }
        return constantTimeEqual(Array(given.utf8), Array(expected.utf8))
    }
}

/// Signs the cookies of logins, so that a code is exchanged only for a login that was begun here.
public struct LoginKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    public func signature(of text: [UInt8]) -> String { Base64.urlEncoded(hmacSHA256(key: bytes, message: text)) }

    public var description: String { "‹key›" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
