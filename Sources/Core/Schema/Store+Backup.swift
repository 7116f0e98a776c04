public import Database

/// What a copy of the database holds, as far as somebody who restores it must know.
public struct CopyFacts: Equatable, Sendable {
    public let schema: Int64
    /// The newest entry's number, 0 without any.
    public let lastEntry: Int64
    public let users: Int64
    /// What `ledger verify` says of the copy.
    public let faults: [LedgerFault]
}

/// What one kind of entry moved.
public struct KindTotal: Equatable, Sendable {
    public let kind: LedgerEntry.Kind
    public let entries: Int64
    public let users: Int64
    /// Signed, as in the ledger.
    public let credits: Int64
}

extension Store {
    /// Writes a copy of the database as it is now to a new file, while everything runs.
    public static func copy(_ file: any DatabaseFile, to path: String) throws(StoreError) {
        do throws(DatabaseError) { try file.copy(to: path) } catch { throw StoreError(error) }
    }

    /// Looks at a copy that nobody else has in hand, and recomputes its ledger.
    ///
    /// - Throws: `schema` for one of a newer program's.
    public static func facts(ofCopy copy: any DatabaseFile) throws(StoreError) -> CopyFacts {
        try look(at: copy) { connection throws(DatabaseError) in
            let schema = try Migrator.version(of: connection)
            // An older schema lacks what verify asks for; it is verified once it is migrated.
            let faults = schema == Migrator.current ? try Verification.faults(on: connection) : []
            return CopyFacts(
                schema: schema,
                lastEntry: try connection.integer("SELECT coalesce(max(id), 0) FROM ledger_entry"),
                users: try connection.integer("SELECT count(*) FROM users"), faults: faults)
        }
    }

    /// - Throws: if a newer program wrote the copy.
    public static func expectKnownSchema(ofCopy copy: any DatabaseFile) throws(StoreError) {
        try look(at: copy) { _ throws(DatabaseError) in }
    }

    /// Every image file that the copy refers to.
    public static func blobs(ofCopy copy: any DatabaseFile) throws(StoreError) -> [BlobID] {
        try look(at: copy) { connection throws(DatabaseError) in
            // One of an older program has no thumbnails.
            let hasThumbnails = try Migrator.version(of: connection) >= Migration.thumbnails.version
            let columns = ["result_blob"] + (hasThumbnails ? ["thumbnail_blob"] : [])
            let isKept =
                try Migrator.version(of: connection) >= Migration.fairness.version ? "input_removed = 0" : "0 = 0"
            let inputs = "SELECT input_blob FROM generations WHERE input_blob IS NOT NULL AND \(isKept)"
            let others = columns.map { "SELECT \($0) FROM generations WHERE \($0) IS NOT NULL" }
            return try connection.query(([inputs] + others).joined(separator: " UNION ")) { BlobID($0.text(0)) }
                .compactMap(\.self)
        }
    }

    /// Runs `body` while no program has the database in hand.
    ///
    /// - Returns: `nil` if one does.
    public static func alone<Result, Failure: Error>(
        with file: any DatabaseFile, refused: (StoreError) -> Failure, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try file.alone(refused: { refused(StoreError($0)) }, body)
    }

    /// Makes a copy fit for use before it is put in place, all in one step: of this schema, without the leases of workers
    /// that are gone, without sessions, and without whom the newer state has revoked or forgotten.
    public static func settle(
        _ copy: any DatabaseFile, knowing newer: Revocations?, at now: Instant
    ) throws(StoreError) -> Settled {
        do throws(DatabaseError) {
            return try copy.change { transaction throws(DatabaseError) in
                let connection = transaction.connection
                try expectKnown(connection, at: copy)
                _ = try Migrator.migrate(in: transaction)
                try connection.execute("UPDATE generations SET lease_end_ms = 0 WHERE status = 'processing'")
                let leases = Int64(connection.changes)
                // Any of them may have ended since.
                try connection.execute("DELETE FROM sessions")
                let revoked = try newer.map { newer throws(DatabaseError) in
                    try newer.revoke(at: now, in: transaction)
                }
                let forgotten = try newer.map { newer throws(DatabaseError) in
                    try newer.forget(at: now, in: transaction)
                }
                let admins = try Revocations.admins(on: connection)
                return Settled(
                    endedLeases: leases, revokedAdmins: revoked ?? [], forgottenUsers: forgotten ?? [], admins: admins,
                    newerAdmins: newer.map { $0.admins.filter { !admins.contains($0) } } ?? [])
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// What a newer state than the backup's knows of who was revoked and forgotten.
    ///
    /// - Parameter entry: the newest of the backup's ledger.
    /// - Returns: `nil` if nothing of the backup stands there: a new server's database knows nobody.
    public static func revocations(in copy: any DatabaseFile, after entry: Int64) throws(StoreError) -> Revocations? {
        try look(at: copy) { connection throws(DatabaseError) in
            let descends =
                entry > 0
                ? try connection.integer("SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE id = $1)", .integer(entry))
                : try connection.integer("SELECT EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM admins)")
            guard descends == 1 else { return nil }
            return Revocations(
                admins: try Revocations.admins(on: connection),
                forgotten: try Revocations.forgotten(on: connection))
        }
    }

    /// What the ledger of a database that was replaced holds beyond an entry: what a restore gives up, as far as it
    /// does not come back from Polar.
    public static func entries(of copy: any DatabaseFile, after entry: Int64) throws(StoreError) -> [KindTotal] {
        try look(at: copy) { connection throws(DatabaseError) in
            try connection.query(
                """
                SELECT kind, count(*), count(DISTINCT user_id), CAST(sum(amount) AS BIGINT)
                FROM ledger_entry WHERE id > $1
                GROUP BY kind ORDER BY kind
                """, .integer(entry)
            ) { row in
                LedgerEntry.Kind(rawValue: row.text(0)).map {
                    KindTotal(
                        kind: $0, entries: row.integer(1), users: row.integer(2), credits: row.integer(3))
                }
            }.compactMap(\.self)
        }
    }

    /// At a file that nobody else has in hand.
    private static func look<Result>(
        at copy: any DatabaseFile, _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(StoreError) -> Result {
        do throws(DatabaseError) {
            return try copy.look { connection throws(DatabaseError) in
                try expectKnown(connection, at: copy)
                return try body(connection)
            }
        } catch {
            throw StoreError(error)
        }
    }

    private static func expectKnown(_ connection: Connection, at copy: any DatabaseFile) throws(DatabaseError) {
        let version = try Migrator.version(of: connection)
        guard version <= Migrator.current else {
            throw DatabaseError(brokenRule: "a newer program wrote it (schema \(version))", at: copy.path)
        }
    }
}
