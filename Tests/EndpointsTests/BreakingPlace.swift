import Database
import SQLite
import Synchronization

/// A database that stops working when it is told to.
final class BreakingPlace: Place {
    private let file: SQLiteFile
    private let broken = Mutex<DatabaseError.Kind?>(nil)

    init(_ file: SQLiteFile) { self.file = file }

    /// What every call fails of, until it is `nil` again.
    var failure: DatabaseError.Kind? {
        get { broken.withLock { $0 } }
        set { broken.withLock { $0 = newValue } }
    }

    fileprivate func check() throws(DatabaseError) {
        if let failure { throw DatabaseError(failure, message: "broken", sql: "") }
    }

    func open(
        commitGroup: Int, broken: @escaping @Sendable (DatabaseError) -> Void
    ) throws(DatabaseError) -> any Engine {
        BreakingEngine(try file.open(commitGroup: commitGroup, broken: broken), self)
    }

    func migrate<Result: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result {
        try file.migrate(body)
    }

    func condition() throws(DatabaseError) -> Condition { try file.condition() }
}

private final class BreakingEngine: Engine {
    private let engine: any Engine
    private let place: BreakingPlace

    init(_ engine: any Engine, _ place: BreakingPlace) {
        self.engine = engine
        self.place = place
    }

    func read<Result>(_ body: (Connection) throws(DatabaseError) -> Result) throws(DatabaseError) -> Result {
        try place.check()
        return try engine.read(body)
    }

    func examine<Result>(
        room: Int64?, _ body: (Connection) throws(DatabaseError) -> Result
    ) throws(DatabaseError) -> Result {
        try place.check()
        return try engine.examine(room: room, body)
    }

    func write<Result: Sendable>(
        within patience: Duration?,
        _ body: @escaping @Sendable (borrowing Transaction) throws(DatabaseError) -> Result
    ) throws(WriteError) -> Result {
        do { try place.check() } catch { throw .failed(error) }
        return try engine.write(within: patience, body)
    }

    var work: WriteWork { engine.work }
    var logBytes: Int64 { engine.logBytes }
}
