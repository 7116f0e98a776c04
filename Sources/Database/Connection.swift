/// One connection to a database, whatever its engine. It is not `Sendable`: one thread at a time has it.
///
/// A statement's parameters are `$1` to `$n`, as often and in whichever order it likes. The engine prepares a statement once and keeps it.
open class Connection {
    /// Where the engines speak differently.
    public let dialect: any Dialect

    public init(dialect: any Dialect) { self.dialect = dialect }

    /// Runs one statement and hands over every row. This is all that an engine has to do.
    open func run(_ sql: String, _ values: [Value], row: (borrowing Row) -> Void) throws(DatabaseError) {
        preconditionFailure("An engine's connection runs its statements")
    }

    /// The number of rows that the last INSERT, UPDATE or DELETE touched.
    open var changes: Int { preconditionFailure("An engine's connection counts what it touched") }

    /// Runs one statement and drops its rows.
    public final func execute(_ sql: String, _ values: Value...) throws(DatabaseError) {
        try run(sql, values) { _ in }
    }

    /// Runs one statement and decodes every row.
    public final func query<Element>(
        _ sql: String, _ values: Value..., decode: (borrowing Row) -> Element
    ) throws(DatabaseError) -> [Element] {
        try query(sql, values, decode: decode)
    }

    public final func query<Element>(
        _ sql: String, _ values: [Value], decode: (borrowing Row) -> Element
    ) throws(DatabaseError) -> [Element] {
        var elements: [Element] = []
        try run(sql, values) { elements.append(decode($0)) }
        return elements
    }

    /// Runs one statement whose first row holds one whole number, such as a count.
    public final func integer(_ sql: String, _ values: Value...) throws(DatabaseError) -> Int64 {
        try query(sql, values) { $0.integer(0) }[0]
    }

    /// Runs one statement and hands over every row, without keeping any.
    public final func forEach(
        _ sql: String, _ values: Value..., body: (borrowing Row) -> Void
    ) throws(DatabaseError) {
        try run(sql, values, row: body)
    }
}
