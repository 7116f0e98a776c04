private import CSQLite
internal import Database

/// What SQLite keeps to itself in ordinary use: the main file without the log, and where the log ends.
extension SQLiteConnection {
    /// Of the main file as it is now; zeros beyond its end.
    ///
    /// Through SQLite's own descriptor: to close another one would drop the locks of this process on the file.
    func bytesOfFile(_ count: Int, at offset: Int) throws(DatabaseError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try unsafe withFile { file, methods in
            let code = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe methods.xRead(file, buffer.baseAddress, Int32(count), sqlite3_int64(offset))
            }
            let shortRead = SQLITE_IOERR | 2 << 8
            return code == shortRead ? SQLITE_OK : code
        }
        return bytes
    }

    /// - Returns: `nil` while somebody writes it, or nobody has yet.
    func logIndex() throws(DatabaseError) -> LogIndex? {
        var index: LogIndex?
        try unsafe withFile { file, methods in
            var start: UnsafeMutableRawPointer?
            let code = unsafe methods.xShmMap(file, 0, LogIndex.regionBytes, 0, &start)
            guard let start = unsafe start else { return code }
            func word(_ number: Int) -> UInt32 { unsafe start.load(fromByteOffset: number * 4, as: UInt32.self) }
            // Whoever restarts the log writes the header before this count, so that it is read the other way round.
            let taken = word(24)
            unsafe methods.xShmBarrier(file)
            let first = (0..<12).map(word)
            unsafe methods.xShmBarrier(file)
            if first == (12..<24).map(word) { index = LogIndex(header: first, taken: Int(taken)) }
            return code
        }
        return index
    }

    /// - Parameter body: returns a code of SQLite's.
    private func withFile(
        _ body: (UnsafeMutablePointer<sqlite3_file>, sqlite3_io_methods) -> Int32
    ) throws(DatabaseError) {
        try unsafe withHandle { (handle) throws(DatabaseError) in
            var file: UnsafeMutablePointer<sqlite3_file>?
            var code = unsafe sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file)
            if let file = unsafe file, let methods = unsafe file.pointee.pMethods {
                code = unsafe body(file, methods.pointee)
            }
            guard code == SQLITE_OK else { throw unsafe DatabaseError(code, on: nil, sql: "read the file") }
        }
    }
}
