public import Core
private import Threads

/// Notes in the database when sessions were used, behind the requests that use them: none waits for it, and a database that
/// cannot be written to keeps nobody out. A program that is killed forgets the last ten seconds.
public final class SessionUses: Sendable {
    private static let interval = Duration.seconds(10)
    /// What comes beyond waits for its next use.
    private static let most = 10_000

    private let store: Store
    private let log: JSONLog
    private let waiting = Monitor<[SessionHash: SessionUse]>([:])

    public init(keptIn store: Store, log: JSONLog) {
        self.store = store
        self.log = log
        System.repeatedly(after: Self.interval) { [weak self] in
            self?.keep()
            return self != nil
        }
    }

    public func note(_ use: SessionUse) {
        waiting.withLock { waiting in
            guard waiting.count < Self.most || waiting[use.session] != nil else { return }
            // A use by an admin counts for both: it stands, with the time of the last one.
            if waiting[use.session]?.area == .admin, use.area == .site { return }
            waiting[use.session] = use
        }
    }

    public func keep() {
        let uses = waiting.withLock { waiting in
            defer { waiting = [:] }
            return Array(waiting.values)
        }
        do throws(StoreError) { try store.sessions.note(uses) } catch {
            log(LogLine(.warning, "sessions.not_noted", ["store.reason": error.description]))
        }
    }
}
