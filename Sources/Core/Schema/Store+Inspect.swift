public import Database

/// How the database is set up, whatever its schema.
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
    /// Looks at a database without changing it.
    public static func inspect(_ place: any Place) throws(StoreError) -> DatabaseFacts {
        do throws(DatabaseError) {
            let found = try place.condition()
            return DatabaseFacts(
                schema: found.schema, expectedSchema: Migrator.current, journalMode: found.journalMode,
                synchronous: found.synchronous, walBytes: found.logBytes)
        } catch {
            throw StoreError(error)
        }
    }
}
