private import Core

/// An address on this site to go back to: it starts with one slash and leads nowhere else.
public struct LocalPath: Equatable, Sendable {
    public let text: String

    public static let start = LocalPath(trusted: "/")

    /// `nil` unless it is a path of at most 2048 printable ASCII bytes. Browsers read `//host` and `/\host` as another
    /// site, and leave control characters out before they look.
    public init?(_ text: String) {
        guard text.utf8.starts(with: "/".utf8), !text.utf8.starts(with: "//".utf8), text.utf8.count <= 2048,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") })
        else { return nil }
        self.text = text
    }

    private init(trusted text: String) { self.text = text }
}
