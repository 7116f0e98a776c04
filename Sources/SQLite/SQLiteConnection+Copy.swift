private import CSQLite
internal import Database
private import Glibc

extension SQLiteConnection {
    /// Writes a copy of the database as it is at one moment, while others go on writing.
    ///
    /// Nobody's log grows meanwhile: see ``SlicedCopy``.
    ///
    /// - Parameter path: no file stands there yet. The copy is one file, without a WAL beside it.
    static func copy(
        of database: String, to path: String, slice: Duration = SlicedCopy.firstSlice
    ) throws(DatabaseError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw DatabaseError(errno: errno, doing: "make the copy") }
        defer { close(descriptor) }
        try fill(path, descriptor, from: database, slice: slice)
        guard fsync(descriptor) == 0 else { throw DatabaseError(errno: errno, doing: "keep the copy") }
    }

    /// A copy that nobody else sees and that goes with the connection, or with the process.
    ///
    /// - Parameter path: where it stands while it is made. One that somebody left there who died is taken over.
    static func privateCopy(of database: String, by path: String) throws(DatabaseError) -> SQLiteConnection {
        let descriptor = try claim(path)
        defer { close(descriptor) }
        let copy: SQLiteConnection
        do throws(DatabaseError) {
            try fill(path, descriptor, from: database, slice: SlicedCopy.firstSlice)
            copy = try SQLiteConnection(path: path, mode: .copy)
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
        guard unsafe unlink(path) == 0 else { throw DatabaseError(errno: errno, doing: "hide the copy") }
        return copy
    }

    /// An empty file under a lock that SQLite knows nothing of: one copy is made there at a time.
    private static func claim(_ path: String) throws(DatabaseError) -> Int32 {
        while true {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            var status = stat()
            guard descriptor >= 0 else { throw DatabaseError(errno: errno, doing: "make the copy") }
            guard flock(descriptor, LOCK_EX) == 0, unsafe fstat(descriptor, &status) == 0 else {
                defer { close(descriptor) }
                throw DatabaseError(errno: errno, doing: "make the copy")
            }
            // Who had it before has hidden it meanwhile, and reads it.
            guard status.st_nlink > 0 else {
                close(descriptor)
                continue
            }
            guard ftruncate(descriptor, 0) == 0 else {
                defer { close(descriptor) }
                throw DatabaseError(errno: errno, doing: "make the copy")
            }
            return descriptor
        }
    }

    /// - Parameter descriptor: of the file at `path`, which is empty.
    private static func fill(
        _ path: String, _ descriptor: Int32, from database: String, slice: Duration
    ) throws(DatabaseError) {
        if try !SlicedCopy.make(of: database, to: descriptor, slice: slice) {
            guard ftruncate(descriptor, 0) == 0 else { throw DatabaseError(errno: errno, doing: "make the copy") }
            try SQLiteConnection(path: path, mode: .copy).fill(from: database)
        }
        try takeOffLog(descriptor)
    }

    /// The copy says of itself, as its original does, that it has a write-ahead log. To have SQLite change that would make
    /// one under the copy's name for a moment, which whoever still reads the copy of before takes for its own.
    ///
    /// Source: https://www.sqlite.org/fileformat2.html#file_format_version_numbers
    private static func takeOffLog(_ descriptor: Int32) throws(DatabaseError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw DatabaseError(errno: errno, doing: "make the copy") }
        let noLog: [UInt8] = [1, 1]
        guard status.st_size > 0, unsafe pwrite(descriptor, noLog, 2, 18) != 2 else { return }
        throw DatabaseError(errno: errno, doing: "make the copy")
    }

    /// In one read transaction, during which the log grows: for a database without a log, and for one that changes faster than
    /// it can be copied.
    ///
    /// Source: https://www.sqlite.org/c3ref/backup_finish.html
    private func fill(from database: String) throws(DatabaseError) {
        // What fails half-way is thrown away whole. A journal on the disk would be found by whoever still reads the copy
        // of before, which had the same name. (OFF does nothing on a connection that is on its guard.)
        try execute("PRAGMA journal_mode = MEMORY")
        try execute("PRAGMA synchronous = OFF")
        let source = try SQLiteConnection(path: database, mode: .read)
        try unsafe source.withHandle { (source) throws(DatabaseError) in
            try unsafe withHandle { (target) throws(DatabaseError) in
                guard let backup = unsafe sqlite3_backup_init(target, "main", source, "main") else {
                    throw unsafe DatabaseError(sqlite3_errcode(target), on: target, sql: "backup")
                }
                // All pages in one step: nobody's commit makes it begin again.
                let code = unsafe sqlite3_backup_step(backup, -1)
                let end = unsafe sqlite3_backup_finish(backup)
                guard code == SQLITE_DONE, end == SQLITE_OK else {
                    throw unsafe DatabaseError(code == SQLITE_DONE ? end : code, on: target, sql: "backup")
                }
            }
        }
    }
}
