/// Where engines speak differently: each difference has a name, and no use case asks which engine it is.
public protocol Dialect: Sendable {
    /// Begins a transaction that reads one consistent state.
    var beginReading: String { get }
    /// One row with the number of the schema that is there, 0 in a new database.
    var schemaVersion: String { get }
    func setSchemaVersion(_ version: Int64) -> String
    /// Where the bytes begin in others, counted from 1; 0 if they do not stand there.
    func position(of part: String, in whole: String) -> String
    /// A row of text for whatever the database is kept in that is not what the engine wrote.
    var damages: String { get }
    /// A row for each reference that leads nowhere: the table, and the table that it should lead to.
    var danglingReferences: String { get }
}
