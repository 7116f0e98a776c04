import Foundation

/// A directory of its own, which goes with the last reference.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws { path = try Places.temporaryDirectory() }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
