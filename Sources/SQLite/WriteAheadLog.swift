internal import Database
private import Glibc

/// The file beside the database that takes every commit first. It is taken back by checkpoints, which wait for readers: a
/// reader that stays, or many that overlap, let it grow.
struct WriteAheadLog: Sendable {
    /// From here on it is emptied as soon as readers let it.
    static let longBytes: Int64 = 16 << 20
    /// How long everybody waits for the readers, and how long once it is twice as long.
    private static let patience = Duration.milliseconds(250)
    private static let lastPatience = Duration.seconds(1)
    private static let moreBytes: Int64 = 8 << 20

    /// A try that readers were in the way of. The next comes after four times as long as it took, or when there is much
    /// more: not each commit waits for a reader who stays.
    struct Try {
        let end: ContinuousClock.Instant
        let length: Duration
        let bytes: Int64

        func isTimeForAnother(_ now: ContinuousClock.Instant, _ bytes: Int64) -> Bool {
            end.duration(to: now) >= length * 4 || bytes >= self.bytes + moreBytes
        }
    }

    private let path: String

    init(of database: String) { path = database + "-wal" }

    /// 0 without a file.
    var bytes: Int64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Empties it if it is long. Whoever calls holds the lane and no transaction.
    ///
    /// New readers find everything in the database by then, so that the old ones alone are waited for.
    ///
    /// - Parameter lockPatience: of the connection, afterwards as before.
    func shorten(on connection: SQLiteConnection, lockPatience: Duration, tried: inout Try?) {
        let (start, bytes) = (ContinuousClock.now, bytes)
        guard bytes > Self.longBytes else { return }
        if let tried, !tried.isTimeForAnother(start, bytes) { return }
        connection.waitForLocks(atMost: bytes > 2 * Self.longBytes ? Self.lastPatience : Self.patience)
        // Busy, or a fault that the next commit meets as well and tells of.
        try? connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.waitForLocks(atMost: lockPatience)
        let end = ContinuousClock.now
        tried = Try(end: end, length: start.duration(to: end), bytes: bytes)
    }
}
