private import CSQLite
private import Glibc

/// What SQLite said when it refused: the extended result code, its text, and the SQL at hand.
///
/// Bound values are left out, so an error can be logged whole.
///
/// Source: https://www.sqlite.org/rescode.html
public struct SQLiteError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: Int32
    public let message: String
    public let sql: String

    init(code: Int32, message: String, sql: String) {
        self.code = code
        self.message = message
        self.sql = sql
    }

    /// Of the system, not of SQLite.
    init(errno code: Int32, doing what: String) {
        unsafe self.init(code: code, message: String(cString: strerror(code)), sql: what)
    }

    /// A rule of ours that SQLite cannot see was broken by the program: the change is rolled back.
    public init(brokenRule: String, at key: String) { self.init(code: 0, message: brokenRule, sql: key) }

    /// It was not begun in time, and never will be.
    public static let noTurn = SQLiteError(
        code: SQLITE_BUSY, message: "others held the database for too long; nothing was written",
        sql: "wait for the turn")

    /// Somebody else has the lock.
    var isBusy: Bool { primaryCode == SQLITE_BUSY }

    /// The low byte of `code`, which names the family of the failure.
    public var primaryCode: Int32 { code & 0xFF }

    /// Nothing was written and the same may work later: a full disk, somebody's lock, a rule of the schema.
    public var isTransient: Bool {
        [SQLITE_FULL, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_NOMEM, SQLITE_CONSTRAINT, SQLITE_INTERRUPT]
            .contains(primaryCode)
    }

    /// The file cannot be read, written or believed: nothing more may be written on top of it.
    public var isOfTheFile: Bool {
        [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CANTOPEN, SQLITE_READONLY].contains(primaryCode)
    }

    /// The file is not what SQLite wrote.
    public var isDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB].contains(primaryCode) }

    /// The disk has no room.
    public var isFull: Bool { primaryCode == SQLITE_FULL }

    public var description: String { "SQLite \(code): \(message) in «\(sql)»" }
}
