public import Core

/// The browsers in which somebody is signed in, each with a button that ends it.
public struct SessionList: Sendable {
    let rows: [Row]
    /// Nothing to end all of: then the one button says it.
    let isOne: Bool
    let formToken: String

    struct Row {
        let name: String
        let what: String
        let network: String?
        let begun: Moment
        let used: Moment
        let isCurrent: Bool
        let button: String
    }

    /// `nil` where there are none: somebody may be signed in by the issuer's own token.
    public init?(_ sessions: [SessionSummary], current: String?, formToken: String, now: Instant) {
        guard !sessions.isEmpty else { return nil }
        rows = sessions.map { session in
            let isCurrent = current.map { $0.utf8.elementsEqual(session.name.utf8) } ?? false
            return Row(
                name: session.name, what: session.agent ?? "A browser", network: session.network,
                begun: Moment(session.createdAt, now: now), used: Moment(session.usedAt, now: now),
                isCurrent: isCurrent, button: isCurrent ? "Sign out here" : "Sign out")
        }
        isOne = sessions.count == 1
        self.formToken = formToken
    }
}
