/// A file system of its own with little room; it goes with the value.
public final class SmallDisk: Sendable {
    public let path: String

    /// `nil` without root.
    public init?(bytes: Int, at path: String) throws {
        self.path = path
        let options = "size=\(bytes),mode=0777"
        let mounted = try Program("/bin/mount").run(["-t", "tmpfs", "-o", options, "none", path])
        guard mounted.status == 0 else { return nil }
    }

    deinit { _ = try? Program("/bin/umount").run(["-l", path]) }
}
