/// Why a database refused: what that means to whoever asked, the engine's own words, and the SQL at hand.
///
/// Bound values are left out, so an error can be logged whole.
public struct DatabaseError: Error, Equatable, Sendable, CustomStringConvertible {
    public let kind: Kind
    /// In the engine's words, with its code.
    public let message: String
    public let sql: String

    public enum Kind: Equatable, Sendable {
        /// Somebody else has the lock.
        case busy
        /// It was not begun in time, and never will be.
        case noTurn
        /// The disk has no room.
        case full
        /// A rule of the schema, or one of ours that the schema cannot see.
        case brokenRule
        /// Another transaction was faster: the same change may work if it is run again from the start.
        case conflict
        /// Nothing is wrong but the moment, such as no memory.
        case passing
        /// What the database is kept in cannot be read or written.
        case unreachable
        /// What the database is kept in is not what the engine wrote.
        case damaged
        /// The statement makes no sense to the engine.
        case misuse
    }

    public init(_ kind: Kind, message: String, sql: String) {
        self.kind = kind
        self.message = message
        self.sql = sql
    }

    /// A rule of ours that the schema cannot see was broken by the program: the change is rolled back.
    public init(brokenRule: String, at key: String) { self.init(.brokenRule, message: brokenRule, sql: key) }

    public static let noTurn = DatabaseError(
        .noTurn, message: "others held the database for too long; nothing was written", sql: "wait for the turn")

    /// Nothing was written and the same may work later: a full disk, somebody's lock, a rule of the schema.
    public var isTransient: Bool {
        switch kind {
        case .busy, .noTurn, .full, .brokenRule, .conflict, .passing: true
        case .unreachable, .damaged, .misuse: false
        }
    }

    /// What the database is kept in cannot be read, written or believed: nothing more may be written on top of it.
    public var isOfTheFile: Bool { kind == .unreachable || kind == .damaged }

    public var description: String { "\(message) in «\(sql)»" }
}
