internal import Database

/// The one connection of a process that writes: within the ``Lane``, one immediate transaction at a time.
///
/// Sendable because the thread of its ``GroupCommit`` alone touches it.
final class SQLiteCommitter: Committer, @unchecked Sendable {
    /// Of one try to begin, while the lane is held: then it is somebody else's turn to try.
    private static let lockPatience = Duration.milliseconds(500)

    private let writer: SQLiteConnection
    private let lane: Lane
    private let log: WriteAheadLog
    private var logShortened: WriteAheadLog.Try?

    init(path: String) throws(DatabaseError) {
        writer = try SQLiteConnection(path: path, mode: .write, busyTimeout: Self.lockPatience)
        lane = try Lane(database: path)
        log = WriteAheadLog(of: path)
    }

    var connection: Connection { writer }
    var isInTransaction: Bool { writer.isInTransaction }

    func withTurn(_ body: () -> Void) { lane.withTurn(body) }
    func begin() throws(DatabaseError) { try writer.execute("BEGIN IMMEDIATE") }
    func commit() throws(DatabaseError) { try writer.execute("COMMIT") }
    func rollBack() throws(DatabaseError) { try writer.execute("ROLLBACK") }

    /// Those who asked need not wait for readers.
    func tidy() { log.shorten(on: writer, lockPatience: Self.lockPatience, tried: &logShortened) }
}
