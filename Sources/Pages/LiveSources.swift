private import Synchronization

/// Templates and stylesheets as they are now instead of as they were when this was built: for whoever works on them.
public enum LiveSources {
    /// The bytes of a file of the repository by its path from the root; `nil` if there is none.
    public typealias Read = @Sendable (_ path: String) -> [UInt8]?

    private static let reader = Mutex<Read?>(nil)

    /// From now on every page reads its files anew.
    public static func follow(_ read: @escaping Read) { reader.withLock { $0 = read } }

    static var read: Read? { reader.withLock { $0 } }
}
