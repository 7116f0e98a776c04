internal import Database

/// One step of the schema. Once released, it is never edited: a mistake gets a further step.
struct Migration {
    /// Position in the list, counted from 1, and the version that the database has afterwards.
    let version: Int64
    let name: String
    let sql: [String]

    static let all: [Migration] = [
        ledger, orders, people, generations, administration, lists, thumbnails, keys, fairness, sessions, sales, upkeep,
        engines, sums,
    ]
}

enum Migrator {
    /// Applies what is missing and returns the names applied. Only `creditctl migrate` does.
    ///
    /// All of it is one transaction: of a database between two steps neither the old nor the new programs would be any good.
    static func migrate(
        _ place: any Place, _ migrations: [Migration] = Migration.all
    ) throws(WriteError) -> [String] {
        precondition(migrations.map(\.version) == (1...).prefix(migrations.count).map(Int64.init))
        return try place.migrate { transaction throws(DatabaseError) in try migrate(migrations, in: transaction) }
    }

    static func migrate(
        _ migrations: [Migration] = Migration.all, in transaction: borrowing Transaction
    ) throws(DatabaseError) -> [String] {
        // Read inside the transaction: another process may have migrated while this one waited.
        let version = try version(of: transaction.connection)
        let missing = migrations.filter { $0.version > version }
        for migration in missing {
            for statement in migration.sql { try transaction.connection.execute(statement) }
            let connection = transaction.connection
            try connection.execute(connection.dialect.setSchemaVersion(migration.version))
        }
        return missing.map(\.name)
    }

    static func version(of connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.integer(connection.dialect.schemaVersion)
    }

    static var current: Int64 { Int64(Migration.all.count) }
}
