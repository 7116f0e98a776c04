private import Glibc

/// The file beside the database that takes every commit first. It is taken back by checkpoints, which wait for readers: a
/// reader that stays, or many that overlap, let it grow.
public struct WriteAheadLog: Sendable {
    /// From here on it is emptied as soon as readers let it.
    static let longBytes: Int64 = 16 << 20
    /// How long everybody waits for the readers, and how long once it is twice as long.
    private static let patience = Duration.milliseconds(250)
    private static let lastPatience = Duration.seconds(1)
    /// When it is tried again: after so much time, or so much more.
    private static let pause = Duration.seconds(1)
    private static let moreBytes: Int64 = 8 << 20

    /// A try that readers were in the way of.
    struct Try {
        let at: ContinuousClock.Instant
        let bytes: Int64
    }

    private let path: String

    public init(of database: String) { path = database + "-wal" }

    /// 0 without a file.
    public var bytes: Int64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Empties it if it is long. Whoever calls holds the lane and no transaction.
    ///
    /// New readers find everything in the database by then, so that the old ones alone are waited for.
    ///
    /// - Parameter lockPatience: of the connection, afterwards as before.
    func shorten(on connection: Connection, lockPatience: Duration, tried: inout Try?) {
        let (now, bytes) = (ContinuousClock.now, bytes)
        guard bytes > Self.longBytes else { return }
        if let tried, tried.at.duration(to: now) < Self.pause, bytes < tried.bytes + Self.moreBytes { return }
        tried = Try(at: now, bytes: bytes)
        connection.waitForLocks(atMost: bytes > 2 * Self.longBytes ? Self.lastPatience : Self.patience)
        // Busy, or a fault that the next commit meets as well and tells of.
        try? connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.waitForLocks(atMost: lockPatience)
    }
}
