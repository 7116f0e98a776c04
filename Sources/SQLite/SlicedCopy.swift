internal import Database
private import Glibc

/// A copy of the database in slices, each read in a short transaction of its own, so that the log can be taken back in between.
///
/// The next transaction begins before the one before it ends. As long as there is one, SQLite's own locks keep everybody
/// from putting newer frames into the main file, and from beginning the log anew over frames that it has not. So each page
/// that changed between the two beginnings has its frame in the log, and is copied once more. Once a slice leaves nothing
/// to copy, the copy is the state that its transaction sees.
///
/// Source: https://www.sqlite.org/walformat.html#wal_locks
@safe final class SlicedCopy {
    static let firstSlice = Duration.milliseconds(20)
    /// A reader may not stay for longer.
    private static let longestSlice = Duration.seconds(4)
    private static let pagesAtOnce = 256
    /// So much is given to the disk at once: else the next commit waits behind a long queue.
    private static let unsyncedBytes = 4 << 20
    private static let tries = 1000

    /// They read in turn.
    private let connections: [SQLiteConnection]
    private var reading = 0
    /// Of the transaction that is open.
    private var index: LogIndex?
    private let log: LogReader
    private let pageSize: Int
    private let target: Int32
    private var unsynced = 0
    /// By number, the newest frame of each page that the main file may not have yet.
    private var logged: [Int: Int] = [:]
    /// By number less 1: whether the copy has not the page, or has an older one.
    private var isMissing: [Bool] = []
    private var place = 0
    /// Every page was copied once.
    private var isThrough = false

    /// - Parameter target: a file that is empty.
    /// - Returns: `nil` for a database without a log.
    init?(of database: String, to target: Int32) throws(DatabaseError) {
        connections = [
            try SQLiteConnection(path: database, mode: .read), try SQLiteConnection(path: database, mode: .read),
        ]
        guard try connections[0].bytesOfFile(2, at: 18) == [2, 2] else { return nil }
        // Whoever reads a database makes its log.
        _ = try connections[0].integer("PRAGMA page_count")
        pageSize = Int(try connections[0].integer("PRAGMA page_size"))
        log = try LogReader(of: database, pageSize: pageSize)
        self.target = target
    }

    /// - Returns: `false` if it is not to be had this way. Something may be in `target` then.
    static func make(
        of database: String, to target: Int32, slice: Duration = firstSlice
    ) throws(DatabaseError) -> Bool {
        guard let copy = try SlicedCopy(of: database, to: target) else { return false }
        var patience = slice
        while patience < longestSlice {
            guard try copy.goOn() else { return false }
            guard try !copy.copySlice(within: patience) else { return true }
            // In a longer one, more of what changes was changed before.
            if copy.isThrough { patience = patience * 5 / 4 }
        }
        return false
    }

    var snapshot: SQLiteConnection { connections[reading] }

    /// Begins to read the newest state, and notes what has changed since.
    ///
    /// - Returns: `false` if that cannot be told.
    func goOn() throws(DatabaseError) -> Bool {
        let next = index == nil ? reading : 1 - reading
        guard let (newest, pages) = try begin(on: connections[next]) else { return false }
        guard try note(newest, pages: pages) else { return false }
        if index != nil { try snapshot.execute("COMMIT") }
        (reading, index) = (next, newest)
        return true
    }

    /// - Returns: where the log ended when the transaction began, which is open by now, and how many pages it sees.
    private func begin(on connection: SQLiteConnection) throws(DatabaseError) -> (LogIndex, pages: Int)? {
        for _ in 0..<Self.tries {
            // Asked of the one before: should the file have been replaced since that was opened, they never agree.
            let before = try snapshot.logIndex()
            try connection.execute("BEGIN")
            let pages = Int(try connection.integer("PRAGMA page_count"))
            if let index = try connection.logIndex(), index.header == before?.header { return (index, pages) }
            // Somebody committed in between.
            try connection.execute("COMMIT")
        }
        return nil
    }

    private func note(_ newest: LogIndex, pages: Int) throws(DatabaseError) -> Bool {
        var first = newest.taken + 1
        if let index, index.salts == newest.salts {
            guard newest.frames >= index.frames else { return false }
            first = index.frames + 1
        } else if index != nil {
            // The log was begun anew, which the locks allow only if all of it was in the main file; what is new is not.
            guard logged.isEmpty, newest.taken == 0 else { return false }
        }
        logged = logged.filter { $0.value > newest.taken }
        isMissing.removeLast(max(isMissing.count - pages, 0))
        isMissing += repeatElement(true, count: pages - isMissing.count)
        place = min(place, pages)
        for frame in stride(from: first, through: newest.frames, by: 1) {
            guard let page = try log.pageNumber(of: frame, salts: newest.salts) else { return false }
            if frame > newest.taken { logged[page] = frame }
            if page <= pages { isMissing[page - 1] = true }
        }
        return true
    }

    /// - Returns: whether all is copied by now.
    func copySlice(within patience: Duration) throws(DatabaseError) -> Bool {
        let end = ContinuousClock.now + patience
        while let first = isMissing[place...].firstIndex(of: true) ?? isMissing.firstIndex(of: true) {
            isThrough = isThrough || first < place
            place = first + isMissing[first...].prefix(Self.pagesAtOnce).prefix(while: \.self).count
            try copy(first..<place)
            guard ContinuousClock.now < end else { return false }
        }
        guard ftruncate(target, off_t(isMissing.count * pageSize)) == 0 else {
            throw DatabaseError(errno: errno, doing: "end the copy")
        }
        return true
    }

    private func copy(_ pages: Range<Int>) throws(DatabaseError) {
        let offset = pages.lowerBound * pageSize
        var bytes = try snapshot.bytesOfFile(pages.count * pageSize, at: offset)
        for page in pages {
            isMissing[page] = false
            guard let frame = logged[page + 1] else { continue }
            let start = page * pageSize - offset
            bytes.replaceSubrange(start..<start + pageSize, with: try log.page(of: frame))
        }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: $0[written...])
                return unsafe pwrite(target, rest.baseAddress, rest.count, off_t(offset + written))
            }
            guard count > 0 || errno == EINTR else { throw DatabaseError(errno: errno, doing: "write the copy") }
            written += max(count, 0)
        }
        unsynced += bytes.count
        guard unsynced >= Self.unsyncedBytes else { return }
        guard fdatasync(target) == 0 else { throw DatabaseError(errno: errno, doing: "write the copy") }
        unsynced = 0
    }
}
