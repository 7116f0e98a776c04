private import CSQLite
internal import Database
private import Glibc

extension DatabaseError {
    /// Reads the failure off `connection`, which still holds it until the next call.
    init(_ code: Int32, on connection: OpaquePointer?, sql: String) {
        guard let connection = unsafe connection else {
            self.init(code: code, message: unsafe String(cString: sqlite3_errstr(code)), sql: sql)
            return
        }
        self.init(
            code: unsafe sqlite3_extended_errcode(connection),
            message: unsafe String(cString: sqlite3_errmsg(connection)),
            sql: sql)
    }

    /// - Parameter code: extended; its low byte names the family of the failure.
    ///
    /// Source: https://www.sqlite.org/rescode.html
    private init(code: Int32, message: String, sql: String) {
        let kind: Kind =
            switch code & 0xFF {
            case SQLITE_BUSY: .busy
            case SQLITE_FULL: .full
            case SQLITE_CONSTRAINT: .brokenRule
            case SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_INTERRUPT: .passing
            case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY: .unreachable
            case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
            case _: .misuse
            }
        self.init(kind, message: "SQLite \(code): \(message)", sql: sql)
    }

    /// Of the system, not of SQLite.
    init(errno code: Int32, doing what: String) {
        let kind: Kind = [ENOSPC, EDQUOT].contains(code) ? .full : .unreachable
        unsafe self.init(kind, message: String(cString: strerror(code)), sql: what)
    }
}
