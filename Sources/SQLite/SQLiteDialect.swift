internal import Database

struct SQLiteDialect: Dialect {
    var beginReading: String { "BEGIN" }
    var schemaVersion: String { "PRAGMA user_version" }
    func setSchemaVersion(_ version: Int64) -> String { "PRAGMA user_version = \(version)" }
    func position(of part: String, in whole: String) -> String { "instr(\(whole), \(part))" }
    var damages: String { "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'" }
    var danglingReferences: String { #"SELECT "table", parent FROM pragma_foreign_key_check"# }
}
