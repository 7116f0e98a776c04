private import CSQLite

extension Connection {
    /// Writes a copy of the database as it is at one moment, while others go on writing.
    ///
    /// - Parameter path: no file stands there yet. The copy is one file, without a WAL beside it.
    ///
    /// Source: https://www.sqlite.org/c3ref/backup_finish.html
    public func copy(to path: String) throws(SQLiteError) {
        let copy = try Connection(path: path, mode: .copy)
        try unsafe withHandles(copy) { (source, target) throws(SQLiteError) in
            guard let backup = unsafe sqlite3_backup_init(target, "main", source, "main") else {
                throw unsafe SQLiteError(sqlite3_errcode(target), on: target, sql: "backup")
            }
            // All pages in one step: one read transaction, so nobody's commit makes it begin again.
            let code = unsafe sqlite3_backup_step(backup, -1)
            let end = unsafe sqlite3_backup_finish(backup)
            guard code == SQLITE_DONE, end == SQLITE_OK else {
                throw unsafe SQLiteError(code == SQLITE_DONE ? end : code, on: target, sql: "backup")
            }
        }
        try copy.execute("PRAGMA journal_mode = DELETE")
    }
}
