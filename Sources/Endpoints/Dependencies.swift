internal import Core
internal import HTTP

/// What the handlers of every site are given.
protocol Dependencies: Sendable {
    var store: Store { get }
    var now: @Sendable () -> Instant { get }
    var random: @Sendable (Int) -> [UInt8] { get }
    var log: @Sendable (LogLine) -> Void { get }
}

extension Dependencies {
    /// Says that something was changed.
    func note(_ event: String, _ facts: [String: any LogValue], _ request: Request) {
        log(LogLine(.notice, event, facts).of(request: request.id))
    }

    /// For a form that must count once.
    func key() -> String { RandomKey.text(random(16)) }

    /// The caller's, who is known from now on.
    func account(of request: Request) throws(RequestError) -> Account {
        let profile = try request.profile()
        return try stored(store.people.account(of: profile, at: now()))
    }
}
