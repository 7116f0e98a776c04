/// The issuer's word that somebody is signed out there.
public struct Logout: Equatable, Sendable {
    /// Each counts once.
    public let id: String
    public let whose: Whose
    /// Until then it could come again.
    public let goodUntil: Instant

    /// Which sessions are over.
    public enum Whose: Equatable, Sendable {
        case user(UserID)
        /// The issuer's own session.
        case session(String)
        case both(UserID, session: String)
    }

    public init(id: String, whose: Whose, goodUntil: Instant) {
        self.id = id
        self.whose = whose
        self.goodUntil = goodUntil
    }
}
