import CSQLite
import Threads

/// Every statement that connections to one file run, with the most steps of SQLite's machine that one run took: those
/// that are opened after ``watch(_:)``, in whichever part of the program.
///
/// Source: https://www.sqlite.org/c3ref/auto_extension.html, https://www.sqlite.org/c3ref/trace_v2.html
enum StatementLog {
    private static let files = Monitor<[String: [String: Int]]>([:])

    private static let isInstalled: Bool = {
        typealias Entry = @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeRawPointer?) -> Int32
        let entry: Entry = { connection, _, _ in
            guard let path = unsafe StatementLog.path(of: connection), files.withLock({ $0[path] != nil }) else {
                return 0
            }
            return unsafe sqlite3_trace_v2(connection, UInt32(SQLITE_TRACE_PROFILE), StatementLog.note, nil)
        }
        return unsafe sqlite3_auto_extension(unsafeBitCast(entry, to: (@convention(c) () -> Void).self)) == SQLITE_OK
    }()

    private static let note:
        @convention(c) (
            UInt32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
        ) -> Int32 = { _, _, statement, _ in
            let statement = OpaquePointer(statement)
            let steps = Int(unsafe sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1))
            guard let text = unsafe sqlite3_sql(statement), let path = unsafe path(of: sqlite3_db_handle(statement))
            else { return 0 }
            let sql = unsafe String(cString: text)
            files.withLock { files in
                let most = files[path]?[sql] ?? 0
                files[path]?[sql] = max(most, steps)
            }
            return 0
        }

    private static func path(of connection: OpaquePointer?) -> String? {
        unsafe sqlite3_db_filename(connection, "main").map { unsafe String(cString: $0) }
    }

    static func watch(_ path: String) {
        precondition(isInstalled)
        files.withLock { $0[path] = [:] }
    }

    /// What was run since, and no more is noted.
    static func end(_ path: String) -> [String: Int] { files.withLock { $0.removeValue(forKey: path) } ?? [:] }
}

/// How SQLite would run a statement: what it says of each step, the triggers' included.
@safe final class Planner {
    private let connection: OpaquePointer

    init?(_ path: String) {
        var handle: OpaquePointer?
        guard unsafe sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK, let handle = unsafe handle
        else { return nil }
        unsafe connection = unsafe handle
        unsafe credits_configure(handle, SQLITE_DBCONFIG_TRIGGER_EQP, 1)
    }

    deinit { _ = unsafe sqlite3_close_v2(connection) }

    func plan(of sql: String) -> [String] {
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(connection, "EXPLAIN QUERY PLAN " + sql, -1, &statement, nil) == SQLITE_OK
        else { return ["cannot be explained: \(unsafe String(cString: sqlite3_errmsg(connection)))"] }
        defer { _ = unsafe sqlite3_finalize(statement) }
        var steps: [String] = []
        while unsafe sqlite3_step(statement) == SQLITE_ROW {
            if let text = unsafe sqlite3_column_text(statement, 3) { steps.append(unsafe String(cString: text)) }
        }
        return steps
    }
}
