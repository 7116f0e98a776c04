private import Threads

/// Connections that only read: as many as there were ever threads reading at once. They do not wait for writes.
public final class Readers: Sendable {
    private let path: String
    private let idle = Monitor(Pool())

    public init(path: String) throws(SQLiteError) {
        self.path = path
        try read { _ throws(SQLiteError) in }
    }

    /// Runs `body` on one consistent state of the database. No network, no file, nothing slow inside: a long read keeps
    /// the WAL from being taken back.
    public func read<Result>(
        _ body: (Connection) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        let connection = try connection()
        try connection.execute("BEGIN")
        do throws(SQLiteError) {
            let result = try body(connection)
            try connection.execute("COMMIT")
            idle.withLock { $0.connections.append(connection) }
            return result
        } catch {
            // A connection that failed is closed rather than trusted again.
            throw error
        }
    }

    private func connection() throws(SQLiteError) -> Connection {
        if let connection = idle.withLock({ $0.connections.popLast() }) { return connection }
        return try Connection(path: path, mode: .read)
    }

    /// Sendable because a connection is in the pool or with one thread, never both.
    private struct Pool: @unchecked Sendable {
        var connections: [Connection] = []
    }
}
