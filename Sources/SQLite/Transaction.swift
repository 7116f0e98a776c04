/// Proof that a write transaction is open. Whatever changes credits asks for one; only ``Writer`` makes it,
/// and ``Connection/change(_:)`` for a file that nobody else has in hand.
public struct Transaction: ~Copyable {
    public let connection: Connection

    init(connection: Connection) { self.connection = connection }
}

/// Why a change did not happen, or may not have.
public enum WriteError: Error, Equatable, Sendable {
    /// Nothing of it was written.
    case failed(SQLiteError)
    /// The commit failed: after a crash it may stand or not. No further write is taken; the process must end and the
    /// caller must ask again with the same idempotency key.
    case unknown(SQLiteError)
}
