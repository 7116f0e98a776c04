public import Core

extension Store {
    /// For a program that serves: when a commit may have happened or not, it says so, stops and is started anew.
    public convenience init(_ settings: StoreSettings, log: JSONLog) throws(StoreError) {
        try self.init(settings) { error in
            log(LogLine(.error, "store.broken", ["store.reason": error.description]))
            System.stop()
        }
    }

    /// Whether the issuer's tokens say if an address is verified, as it was noted and from now on.
    public func emailClaims(of issuer: String, log: JSONLog) throws(StoreError) -> EmailClaimHabit {
        EmailClaimHabit(seenAt: try emailClaimSeen(from: issuer)) { [self] now in
            do throws(StoreError) { try noteEmailClaim(from: issuer, at: now) } catch {
                log(LogLine(.warning, "issuer.not_noted", ["store.reason": error.description]))
            }
        }
    }
}
