internal import Database
private import Glibc

/// The turn to write, shared by every process that opens the database: one holds it at a time, and the kernel gives
/// it back when its holder dies.
///
/// SQLite's busy time-out is no queue: among eight writers one can starve for seconds. And every commit and every
/// checkpoint happens while the lane is held, so that none meets another (https://www.sqlite.org/wal.html#walresetbug).
@safe final class Lane {
    private let descriptor: Int32

    /// The file beside the database; it stays empty.
    init(database: String) throws(DatabaseError) {
        descriptor = unsafe open(database + ".lane", O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            throw DatabaseError(errno: errno, doing: "open the lane")
        }
    }

    deinit { close(descriptor) }

    func withTurn(_ body: () -> Void) {
        while flock(descriptor, LOCK_EX) != 0 {
            precondition(errno == EINTR, "The lane cannot be locked: \(errno)")
        }
        defer { flock(descriptor, LOCK_UN) }
        body()
    }
}
