/// Proof that a write transaction is open. Whatever changes credits asks for one; engines alone make it.
public struct Transaction: ~Copyable {
    public let connection: Connection

    @_spi(Engine) public init(connection: Connection) { self.connection = connection }
}

/// Why a change did not happen, or may not have.
public enum WriteError: Error, Equatable, Sendable {
    /// Nothing of it was written.
    case failed(DatabaseError)
    /// The commit failed: after a crash it may stand or not. No further write is taken; the process must end and the
    /// caller must ask again with the same idempotency key.
    case unknown(DatabaseError)
}
