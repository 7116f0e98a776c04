internal import SQLite

extension Store {
    /// Whether the database can be read and written now, at this program's schema.
    public func check() throws(StoreError) {
        let version = try write { transaction throws(SQLiteError) in
            try Migrator.version(of: transaction.connection)
        }
        guard version == Migrator.current else { throw .schema(found: version, expected: Migrator.current) }
    }
}
