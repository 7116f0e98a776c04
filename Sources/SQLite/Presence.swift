internal import Database
private import Glibc

/// Tells who has a database in hand. Everybody who opens it is present; whoever replaces the file must be alone.
/// The kernel ends a presence with its process.
@safe final class Presence: Sendable {
    private let descriptor: Int32

    /// Waits while somebody is alone with the database.
    init(at database: String) throws(DatabaseError) {
        descriptor = try Self.open(database)
        guard Self.lock(descriptor, LOCK_SH) else { throw DatabaseError(errno: errno, doing: "lock the presence file") }
    }

    /// - Returns: `nil` if anybody is present.
    init?(aloneAt database: String) throws(DatabaseError) {
        descriptor = try Self.open(database)
        guard !Self.lock(descriptor, LOCK_EX | LOCK_NB) else { return }
        guard errno == EWOULDBLOCK else { throw DatabaseError(errno: errno, doing: "lock the presence file") }
        return nil
    }

    deinit { close(descriptor) }

    /// The file beside the database; it stays empty. Locks on the database itself are SQLite's.
    private static func open(_ database: String) throws(DatabaseError) -> Int32 {
        let descriptor = unsafe Glibc.open(database + ".open", O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else { throw DatabaseError(errno: errno, doing: "open the presence file") }
        return descriptor
    }

    private static func lock(_ descriptor: Int32, _ operation: Int32) -> Bool {
        while flock(descriptor, operation) != 0 { guard errno == EINTR else { return false } }
        return true
    }
}
