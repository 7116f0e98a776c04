private import Glibc

/// A directory for temporary files that nobody else's program looks into.
public struct ScratchDirectory: Sendable {
    public let path: String

    /// In `/tmp`, for its owner alone; `nil` if there can be none.
    public init?() {
        var template = Array("/tmp/polar-credits-\(String(repeating: "X", count: 6))".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes it with all that is in it; links are removed and not followed. Nobody writes there any more.
    public func remove() { Self.remove(path) }

    private static func remove(_ path: String) {
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { return }
        if facts.st_mode & S_IFMT == S_IFDIR {
            unsafe chmod(path, 0o700)
            for name in (try? Directory(path).names()) ?? [] { remove(path + "/" + name) }
            unsafe rmdir(path)
        } else {
            unsafe unlink(path)
        }
    }
}
