internal import Database

extension Store {
    /// Whether the database can be read and written now, at this program's schema.
    ///
    /// - Parameter patience: how long it may wait for its turn.
    public func check(within patience: Duration? = nil) throws(StoreError) {
        let version = try write(within: patience) { transaction throws(DatabaseError) in
            try Migrator.version(of: transaction.connection)
        }
        guard version == Migrator.current else { throw .schema(found: version, expected: Migrator.current) }
    }
}
