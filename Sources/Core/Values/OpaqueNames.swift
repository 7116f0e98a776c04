private import Crypto

/// An opaque name that nobody can guess, for a form that must count once.
public enum RandomKey {
    /// - Parameter bytes: 16 of them, random.
    public static func text(_ bytes: [UInt8]) -> String { Base64.urlEncoded(bytes) }
}

/// A name of a content: another content has another one.
public enum ContentTag {
    /// 32 hexadecimal digits.
    public static func text(_ bytes: [UInt8]) -> String { String(hexadecimal(sha256(bytes)).prefix(32)) }
}
