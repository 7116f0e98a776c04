import Foundation

/// Where things are, seen from a test.
public enum Places {
    /// The directory of the built executables: the test bundle lies among them.
    public static let products: String = {
        let bundle = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: bundle ?? CommandLine.arguments[0]).deletingLastPathComponent().path
    }()

    /// The root of the repository.
    public static let repository: String =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Where pictures of pages are left for people to look at, if `SITE_SCREENSHOTS` names a directory.
    public static let screenshots = ProcessInfo.processInfo.environment["SITE_SCREENSHOTS"]

    /// A new empty directory with a short path, for the address of a unix socket has room for 107 bytes only.
    public static func temporaryDirectory() throws -> String {
        let path = "/tmp/credits-\(UUID().uuidString.prefix(13).lowercased())"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        return path
    }

    public static func bytes(of path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    public static func text(of path: String) throws -> String { String(decoding: try bytes(of: path), as: UTF8.self) }

    public static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
}
