public import Core

/// `/account`: the balance, and a statement of every credit.
public struct AccountPage: Sendable {
    let frame: Frame
    let balance: String
    let debt: String?
    let debtNote: String?
    let trial: String?
    let who: String
    let hasEntries: Bool
    let entries: [Row]
    /// The cursor of the next page.
    let older: String?
    let sessions: SessionList?

    struct Row {
        let time: Moment
        let text: String
        let detail: String?
        let amount: String
        let look: String
        let balance: String
    }

    /// - Parameter who: the name or address that the issuer gave, else the id.
    public init(
        _ account: Account, who: String, entries page: Page<LedgerEntry>, sessions: SessionList? = nil,
        formToken: String, now: Instant
    ) {
        frame = Frame("Account", person: Person(account, formToken: formToken), place: .account)
        balance = Format.credits(account.balance.rawValue)
        debt = account.debt > .zero ? Format.credits(account.debt.rawValue) : nil
        debtNote =
            account.debt > .zero
            ? """
            An order was refunded after its credits were spent. Your next purchase pays what is owed first, and so does \
            every credit that comes back.
            """ : nil
        trial = account.trialNote
        self.who = who
        entries = page.items.map { Row($0, now: now) }
        hasEntries = !page.items.isEmpty
        older = page.nextCursor.map { String($0) }
        self.sessions = sessions
    }

    public var html: String { Renderer.page("account", self) }
}

extension Account {
    fileprivate var trialNote: String? {
        switch trial {
        case .unverified:
            "Free credits are for verified e-mail addresses. Verify yours at the sign-in service, then sign in again."
        case .repeated: "The free credits of your e-mail address were given before, to another account."
        case .limited: "No free credits were left on the day of your first visit."
        case .given, .givenUnnoted, .some(.none), nil:
            hasFreeTrial ? "Your free trial runs for a week from your first visit." : nil
        }
    }
}

extension AccountPage.Row {
    init(_ entry: LedgerEntry, now: Instant) {
        time = Moment(entry.createdAt, now: now)
        text = entry.kind.words
        detail = entry.reason
        amount = Format.signed(entry.amount.rawValue)
        look = entry.amount > .zero ? "more" : "less"
        balance = Format.number(entry.balanceAfter.rawValue)
    }
}

extension LedgerEntry.Kind {
    /// What happened, as its user would say it.
    public var words: String {
        switch self {
        case .trial: "Free trial"
        case .purchase: "Credits bought"
        case .charge: "Image generation"
        case .refund: "Given back: a generation failed"
        case .clawback: "Taken back: the order was refunded"
        case .repayment: "Owed credits paid"
        case .restoration: "Given back: the refund did not go through"
        case .adjustment: "Correction by support"
        }
    }
}
