private import Crypto

/// The CSRF token of a session, as a form brings it back.
public enum FormToken {
    /// Whether the form carries the session's token, in a time that does not tell how far it is right. An empty
    /// token is nobody's.
    public static func matches(_ given: String?, _ expected: String) -> Bool {
        guard let given, !expected.isEmpty else { return false }
        return constantTimeEqual(Array(given.utf8), Array(expected.utf8))
    }
}

/// An opaque name that nobody can guess, for a form that must count once.
public enum RandomKey {
    /// - Parameter bytes: 16 of them, random.
    public static func text(_ bytes: [UInt8]) -> String { Base64.urlEncoded(bytes) }
}
