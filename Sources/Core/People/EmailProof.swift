private import Synchronization

/// What the issuer says of somebody's e-mail address.
public enum EmailProof: String, Equatable, Sendable {
    case verified
    /// It says no, or nothing although it says it of others; also where there is no address.
    case unverified
    /// Its tokens never say.
    case unclaimed
}

/// Whether the issuer's tokens carry `email_verified`: where they do, leaving it out proves nothing.
///
/// Known for as long as one of them did within 30 days, and noted once a day.
public final class EmailClaimHabit: Sendable {
    private static let memory = Duration.seconds(30 * 86_400)
    private static let pause = Duration.seconds(86_400)

    private let seenAt: Mutex<Instant?>
    private let note: @Sendable (Instant) -> Void

    /// - Parameters:
    ///   - seenAt: when a token carried it last, as far as was noted.
    ///   - note: keeps it for the next start.
    public init(seenAt: Instant?, note: @escaping @Sendable (Instant) -> Void) {
        self.seenAt = Mutex(seenAt)
        self.note = note
    }

    /// The profile as it counts here.
    public func judged(_ profile: Profile, at now: Instant) -> Profile {
        switch profile.proof {
        case .verified, .unverified:
            see(at: now)
            return profile
        case .unclaimed:
            let isHabit = seenAt.withLock { $0.map { $0.distance(to: now) < Self.memory } ?? false }
            return isHabit
                ? Profile(user: profile.user, email: profile.email, name: profile.name, proof: .unverified) : profile
        }
    }

    private func see(at now: Instant) {
        let isNews = seenAt.withLock { seenAt in
            if let seenAt, (.zero..<Self.pause).contains(seenAt.distance(to: now)) { return false }
            seenAt = now
            return true
        }
        if isNews { note(now) }
    }
}
