private import Threads

/// Connections that only read: as many as there were ever threads reading at once. They do not wait for writes.
public final class ReadPool: Sendable {
    private let connect: @Sendable () throws(DatabaseError) -> Connection
    private let idle = Monitor<[Connection]>([])

    /// - Parameter connect: opens one more.
    public init(connect: @escaping @Sendable () throws(DatabaseError) -> Connection) throws(DatabaseError) {
        self.connect = connect
        try read { _ throws(DatabaseError) in }
    }

    /// Runs `body` on one consistent state of the database. No network, no file, nothing slow inside.
    public func read<Result>(
        _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        let connection: Connection
        if let free = idle.withLock({ $0.popLast() }) { connection = free } else { connection = try connect() }
        try connection.execute(connection.dialect.beginReading)
        // A connection that failed is closed rather than trusted again.
        let result = try body(connection)
        try connection.execute("COMMIT")
        idle.withLock { $0.append(connection) }
        return result
    }
}
