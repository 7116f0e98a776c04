private import Crypto

/// A browser that is signed in.
public struct Session: Equatable, Sendable {
    public let profile: Profile
    public let createdAt: Instant
    /// About when it was used last; noted once a minute.
    public let usedAt: Instant
    /// The same on the pages and addresses of admins; the sign-in counts as a use.
    public let adminUsedAt: Instant
    public let expiresAt: Instant

    /// What a session is used for.
    public enum Area: Equatable, Sendable { case site, admin }

    /// What began further ahead than clocks differ was begun by another clock, and is over.
    private static let lead = Duration.seconds(3600)
    static let adminIdle = Duration.seconds(3600)
    static let adminLifetime = Duration.seconds(12 * 3600)
    /// Between two notes of a use.
    static let pause = Duration.seconds(60)

    /// Whether the session is good there now: for admins it is over an hour after they did something, and after 12 hours.
    public func isGood(for area: Area, at now: Instant) -> Bool {
        switch area {
        case .site: now < expiresAt && Self.isOfThisClock(createdAt, at: now)
        case .admin:
            isGood(for: .site, at: now) && Self.isOfThisClock(adminUsedAt, at: now)
                && createdAt.distance(to: now) < Self.adminLifetime && adminUsedAt.distance(to: now) < Self.adminIdle
        }
    }

    static func isOfThisClock(_ time: Instant, at now: Instant) -> Bool { now.distance(to: time) <= lead }

    /// Whether the last use that was noted is so long ago that this one should be; also when the clock went back.
    public func isWorthNoting(in area: Area, at now: Instant) -> Bool {
        let noted =
            switch area {
            case .site: usedAt
            case .admin: adminUsedAt
            }
        return !(.zero..<Self.pause).contains(noted.distance(to: now))
    }
}

/// That a session was used.
public struct SessionUse: Equatable, Sendable {
    public let session: SessionHash
    public let area: Session.Area
    public let at: Instant

    public init(_ session: SessionHash, in area: Session.Area, at now: Instant) {
        self.session = session
        self.area = area
        at = now
    }
}

/// A login: who, through which session of the issuer's, with what and roughly from where.
public struct NewSession: Equatable, Sendable {
    public let profile: Profile
    /// The issuer's `sid`.
    public let issuerSession: String?
    /// Such as `Firefox on Linux`.
    public let agent: String?
    /// Such as `203.0.113.*`.
    public let network: String?
    /// When the issuer asked for the password, if that was not for this login.
    public let authenticatedAt: Instant?

    public init(
        _ profile: Profile, issuerSession: String? = nil, agent: String? = nil, network: String? = nil,
        authenticatedAt: Instant? = nil
    ) {
        self.profile = profile
        self.authenticatedAt = authenticatedAt
        // The issuer's own are far shorter: one that cannot be kept is as good as none.
        self.issuerSession = issuerSession.flatMap { (1...255).contains($0.utf8.count) ? $0 : nil }
        self.agent = agent
        self.network = network
    }
}

/// A session as its user sees it in a list.
public struct SessionSummary: Equatable, Sendable {
    /// Names it, and resumes nothing.
    public let name: String
    public let agent: String?
    public let network: String?
    public let createdAt: Instant
    public let usedAt: Instant
    public let expiresAt: Instant
}

extension SessionHash {
    /// 16 hexadecimal digits: enough to tell the sessions of one user apart.
    public var name: String { hexadecimal(Array(bytes.prefix(8))) }
}
