public import Core
public import Database
private import SQLite

/// The engine of this installation: what a setting names is a file of SQLite's.
public func databaseFile(at path: String) -> any DatabaseFile { SQLiteFile(path) }

extension StoreSettings {
    public var file: any DatabaseFile { databaseFile(at: database) }
}

extension Store {
    /// - Parameter broken: a tool that ends with its answer need not be told: the method that asked tells.
    public convenience init(
        _ settings: StoreSettings, broken: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) throws(StoreError) {
        try self.init(
            at: settings.file, commitGroup: settings.commitGroup, trialsADay: settings.trialsADay, broken: broken)
    }

    /// For a program that serves: when a commit may have happened or not, it says so, stops and is started anew.
    public convenience init(_ settings: StoreSettings, log: JSONLog) throws(StoreError) {
        try self.init(settings) { error in
            log(LogLine(.error, "store.broken", ["store.reason": error.description]))
            System.stop()
        }
    }

    /// Whether the issuer's tokens say if an address is verified, as it was noted and from now on.
    public func emailClaims(of issuer: String, log: JSONLog) throws(StoreError) -> EmailClaimHabit {
        EmailClaimHabit(seenAt: try sessions.emailClaimSeen(from: issuer)) { [self] now in
            do throws(StoreError) { try sessions.noteEmailClaim(from: issuer, at: now) } catch {
                log(LogLine(.warning, "issuer.not_noted", ["store.reason": error.description]))
            }
        }
    }
}
