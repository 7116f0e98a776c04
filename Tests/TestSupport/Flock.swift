import Glibc

/// A file that we hold locked, as another process would.
public final class Flock: Sendable {
    private let descriptor: Int32

    public init(_ path: String) throws {
        descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else {
            throw NeverCame(description: "\(path) is not locked")
        }
    }

    deinit { close(descriptor) }

    public func release() { flock(descriptor, LOCK_UN) }
}
