private import CSQLite
internal import Database

/// A prepared statement: finalized when nobody holds it any more.
@safe final class Statement: Cells {
    private let handle: OpaquePointer
    private let sql: String
    var isRunning = false
    /// Where SQLite has the parameter `$1`, `$2` …: it numbers them as they appear.
    private let places: [Int32]

    init(_ sql: String, on connection: OpaquePointer) throws(DatabaseError) {
        var handle: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle = unsafe handle else {
            throw unsafe DatabaseError(code, on: connection, sql: sql)
        }
        unsafe self.handle = unsafe handle
        self.sql = sql
        let count = unsafe sqlite3_bind_parameter_count(handle)
        places = (0..<count).map { unsafe sqlite3_bind_parameter_index(handle, "$\($0 + 1)") }
        precondition(!places.contains(0), "The parameters of «\(sql)» are not $1 to $\(count)")
    }

    deinit { _ = unsafe sqlite3_finalize(handle) }

    func bind(_ values: [Value]) throws(DatabaseError) {
        precondition(values.count == places.count, "Wrong number of values for «\(sql)»")
        for (index, value) in zip(places, values) {
            let code: Int32
            switch value {
            case .integer(let integer):
                code = unsafe sqlite3_bind_int64(handle, index, integer)
            case .text(var text):
                code = text.withUTF8 { utf8 in
                    unsafe utf8.withMemoryRebound(to: CChar.self) {
                        unsafe credits_bind_text(handle, index, $0.baseAddress, UInt64($0.count))
                    }
                }
            case .blob(let bytes) where bytes.isEmpty:
                code = unsafe sqlite3_bind_zeroblob(handle, index, 0)
            case .blob(let bytes):
                code = unsafe credits_bind_blob(handle, index, bytes, UInt64(bytes.count))
            case .null:
                code = unsafe sqlite3_bind_null(handle, index)
            }
            guard code == SQLITE_OK else { throw unsafe DatabaseError(code, on: sqlite3_db_handle(handle), sql: sql) }
        }
    }

    /// Moves to the next row; `false` when there is none.
    func step() throws(DatabaseError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw unsafe DatabaseError(code, on: sqlite3_db_handle(handle), sql: sql)
        }
    }

    /// Ready for the next use; what was bound is let go, for it may be somebody's image.
    func reset() {
        // The code repeats what `step` has thrown already.
        _ = unsafe sqlite3_reset(handle)
        _ = unsafe sqlite3_clear_bindings(handle)
    }

    subscript(index: Int32) -> Value {
        switch unsafe sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER:
            return .integer(unsafe sqlite3_column_int64(handle, index))
        case SQLITE_TEXT:
            return .text(unsafe String(decoding: bytes(index), as: UTF8.self))
        case SQLITE_BLOB:
            return .blob(unsafe Array(bytes(index)))
        case SQLITE_NULL:
            return .null
        case let type:
            preconditionFailure("Column type \(type) is not used: tables are STRICT and hold no REAL")
        }
    }

    /// The bytes SQLite holds for a column. They live until the next step.
    private func bytes(_ index: Int32) -> UnsafeRawBufferPointer {
        // Ask for the pointer first: sqlite3_column_bytes may convert, which would move it.
        let start = unsafe sqlite3_column_blob(handle, index)
        let count = unsafe Int(sqlite3_column_bytes(handle, index))
        return unsafe UnsafeRawBufferPointer(start: start, count: count)
    }
}
