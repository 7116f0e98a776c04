internal import SQLite

/// How the file of the database is, whatever its schema.
public struct DatabaseFacts: Equatable, Sendable {
    public let schema: Int64
    /// What this program works with.
    public let expectedSchema: Int64
    /// `wal`, if all is right.
    public let journalMode: String
    /// 2 (FULL): a commit is on the disk when it is acknowledged.
    public let synchronous: Int64
    /// Of the write-ahead log.
    public let walBytes: Int64
    /// Beyond it somebody reads without an end.
    public static let mostWalBytes: Int64 = 64 << 20
}

extension Store {
    /// Looks at a database file without changing it.
    public static func inspect(path: String) throws(StoreError) -> DatabaseFacts {
        do throws(SQLiteError) {
            let connection = try Connection(path: path, mode: .write)
            func text(_ pragma: String) throws(SQLiteError) -> String {
                try connection.query("SELECT * FROM pragma_\(pragma)") { $0.text(0) }.first ?? ""
            }
            func integer(_ pragma: String) throws(SQLiteError) -> Int64 {
                try connection.query("SELECT * FROM pragma_\(pragma)") { $0.integer(0) }.first ?? -1
            }
            return DatabaseFacts(
                schema: try integer("user_version"), expectedSchema: Migrator.current,
                journalMode: try text("journal_mode"), synchronous: try integer("synchronous"),
                walBytes: WriteAheadLog(of: path).bytes)
        } catch {
            throw StoreError(error)
        }
    }

    /// What became of a delivery; `nil` if it never came.
    public func verdict(on webhook: String) throws(StoreError) -> Verdict? {
        try read { connection throws(SQLiteError) in try Deliveries.verdict(on: webhook, on: connection) }
    }
}
