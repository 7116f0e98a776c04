internal import Core
internal import JSON

/// One run: reads list after list, and applies what it finds. What Polar refuses or does not answer ends one list, not
/// the others.
final class ReconcileRun {
    private(set) var report: ReconcileReport
    private let parts: ReconcileParts
    private let wish: ReconcileWish
    private let window: ReconcileWindow
    private let end: Instant
    /// An order that was read once need not be read again.
    private var seen: Set<Order.ID> = []

    /// Polar is asked for so many pages of a list at most: 20,000 items.
    static let mostPages = 200
    static let mostSingleOrders = 2000
    static let mostCheckouts = 200
    static let checkoutAge = Duration.seconds(120)

    init(_ parts: ReconcileParts, _ wish: ReconcileWish, _ window: ReconcileWindow, until end: Instant) {
        self.parts = parts
        self.wish = wish
        self.window = window
        self.end = end
        report = ReconcileReport(isDryRun: wish.isDryRun, since: window.orders)
    }

    private var store: Store { parts.store }

    func readOrders() throws(StoreError) {
        _ = try pages(of: "orders") { page throws(PolarFailure) in
            try parts.polar.orders(window.orders, page)
        } each: { order throws(StoreError) in
            try apply(order)
            return true
        }
    }

    func readRefunds() throws(StoreError) {
        var refunded: [Order.ID] = []
        _ = try pages(of: "refunds") { page throws(PolarFailure) in
            try parts.polar.refunds(page)
        } each: { refund throws(StoreError) in
            guard refund.createdAt >= window.refunds else { return false }
            if !seen.contains(refund.order), refunded.count < Self.mostSingleOrders { refunded.append(refund.order) }
            return true
        }
        try readOrders(refunded, "refunds")
    }

    /// A refund that bounced is not among the refunds any more.
    func readRefundedOrders() throws(StoreError) {
        let orders = try store.refundedOrders(
            since: parts.now().advanced(by: .zero - ReconcileWindow.deepRefunds), in: parts.scope.environment,
            limit: Self.mostSingleOrders)
        try readOrders(orders, "refunded orders")
    }

    private func readOrders(_ ids: [Order.ID], _ what: String) throws(StoreError) {
        for id in ids where !seen.contains(id) {
            guard isInTime(what) else { return }
            guard try readOrder(id, what) else { return }
        }
    }

    /// - Returns: `false` if it is no use to ask on.
    private func readOrder(_ id: Order.ID, _ what: String) throws(StoreError) -> Bool {
        guard let order = read(what, { () throws(PolarFailure) in try parts.polar.order(id) }) else {
            return !isHopeless
        }
        if let order { try apply(order) } else { report.lagging += 1 }
        return true
    }

    // MARK: Disputes

    /// Polar sends no event for a lost dispute, and does not change the order.
    func readDisputes() throws(StoreError) {
        let known = try store.lostDisputes(in: parts.scope.environment)
        var lost: Set<Order.ID> = []
        let isComplete = try pages(of: "disputes") { page throws(PolarFailure) in
            try parts.polar.lostDisputes(page)
        } each: { dispute throws(StoreError) in
            let isNew = lost.insert(dispute.order).inserted
            if dispute.isLost, isNew, !known.contains(dispute.order) { try noteLost(dispute) }
            return true
        }
        guard isComplete else { return }
        for order in known.subtracting(lost).sorted(by: { $0.text < $1.text }).prefix(Self.mostSingleOrders) {
            guard isInTime("disputes") else { return }
            try lookAgain(at: order)
        }
    }

    private func noteLost(_ dispute: DisputeNotice) throws(StoreError) {
        if try store.standing(of: dispute.order) == nil {
            // Neither a webhook nor the list of orders told of it.
            guard try readOrder(dispute.order, "disputes"), !wish.isDryRun else { return }
        }
        try note(dispute)
    }

    private func lookAgain(at order: Order.ID) throws(StoreError) {
        let answer = read("disputes") { () throws(PolarFailure) in try parts.polar.disputes(order) }
        guard let disputes = answer, let clock = disputes.map(\.clock).max() else { return }
        guard disputes.allSatisfy({ !$0.isLost }) else { return }
        try note(DisputeNotice(order: order, isLost: false, clock: clock))
    }

    private func note(_ dispute: DisputeNotice) throws(StoreError) {
        guard let standing = try store.standing(of: dispute.order) else { return }
        let outcome =
            wish.isDryRun
            ? try store.previewDispute(dispute, in: parts.scope, at: parts.now())
            : try store.noteDispute(
                on: dispute.order, isLost: dispute.isLost, at: dispute.clock, in: parts.scope, now: parts.now())
        guard let outcome, outcome != .stale else { return }
        report.disputes += 1
        take(outcome, of: dispute.order, standing)
    }

    // MARK: Checkouts

    /// As the return page does for a buyer who has come back.
    func readCheckouts() throws(StoreError) {
        let ids = try store.unsettledCheckouts(
            olderThan: Self.checkoutAge, in: parts.scope.environment, limit: Self.mostCheckouts, at: parts.now())
        for id in ids {
            guard isInTime("checkouts") else { return }
            if !wish.isDryRun {
                guard try store.claimQuestion(about: id, every: Self.checkoutAge, at: parts.now()) else { continue }
            }
            report.checkouts += 1
            guard let answer = read("checkouts", { () throws(PolarFailure) in try parts.polar.checkout(id) }) else {
                if isHopeless { return }
                continue
            }
            guard let answer else { report.lagging += 1; continue }
            for order in answer.orders { try apply(order) }
            if !wish.isDryRun { try store.note(answer.checkout, in: parts.scope.environment) }
        }
    }

    // MARK: The endpoint

    /// While it is switched off, Polar does not even keep what it would send.
    func readEndpoint() throws(StoreError) {
        guard let endpoints = read("webhook endpoint", parts.polar.endpoints) else { return }
        let ours = endpoints.filter { $0.leads(to: parts.publicURL) }
        report.endpoint = ours.isEmpty ? .missing : ours.contains(where: \.isEnabled) ? .enabled : .disabled
        let isEnabled = report.endpoint == .enabled
        if !isEnabled {
            parts.log(
                LogLine(
                    .error, "webhook.endpoint_not_enabled",
                    ["endpoint.state": report.endpoint.rawValue, "endpoint.path": WebhookEndpoint.path]))
        }
        if !wish.isDryRun {
            try store.note(
                .webhookEndpoint,
                [
                    "enabled": .bool(isEnabled), "state": .string(report.endpoint.rawValue),
                    "url": .string(parts.publicURL + WebhookEndpoint.path),
                ], at: parts.now())
        }
    }

    // MARK: One order

    private func apply(_ order: OrderSnapshot) throws(StoreError) {
        guard seen.insert(order.id).inserted else { return }
        report.orders += 1
        let standing = try store.standing(of: order)
        guard standing.likeness != .settled else { return }
        var outcome =
            wish.isDryRun
            ? try store.preview(order, in: parts.scope, at: parts.now())
            : try store.apply(order, in: parts.scope, at: parts.now())
        if outcome == .stale, standing.likeness == .same {
            // A webhook told the same, and with the settings of then nothing came of it.
            outcome =
                try store.reconsider(order.id, in: parts.scope, isRehearsal: wish.isDryRun, at: parts.now()) ?? outcome
        }
        take(outcome, of: order.id, standing)
    }

    private func take(_ outcome: OrderOutcome, of order: Order.ID, _ standing: OrderStanding) {
        switch outcome {
        case .applied(let change):
            let moved = change.entries.reduce(Credits.zero) { $0 + $1.amount } - change.debt
            report.add(
                ReconcileReport.Change(
                    order: order, user: change.user, before: standing.target,
                    target: standing.target + moved.rawValue, debt: change.debt.rawValue))
        // A snapshot of the API is always a little older than the event of the same state.
        case .stale: if standing.likeness == .different { report.lagging += 1 }
        case .parked: if standing.likeness != .same { report.parked += 1 }
        case .unchanged, .recorded: break
        case .otherEnvironment: fail("orders", "order \(order.text) belongs to Polar's other environment")
        }
        let isNews = standing.likeness != .same && standing.likeness != .settled
        if !wish.isDryRun, isNews { parts.log(outcome.logLine(["order.id": order, "order.source": "reconcile"])) }
    }

    // MARK: Asking

    /// Reads a list until there is no more of it, or `each` has seen enough.
    ///
    /// - Returns: whether all was read.
    private func pages<Item>(
        of what: String, _ read: (Int) throws(PolarFailure) -> PolarPage<Item>,
        each: (Item) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        for number in 1...Self.mostPages {
            guard isInTime(what) else { return false }
            guard let page = self.read(what, { () throws(PolarFailure) in try read(number) }) else { return false }
            if page.unreadable > 0 { fail(what, "\(page.unreadable) could not be read") }
            for item in page.items {
                guard try each(item) else { return page.unreadable == 0 }
            }
            if page.isLast { return page.unreadable == 0 }
        }
        fail(what, "there are more than \(Self.mostPages) pages")
        return false
    }

    /// The last failure was of a kind that the next question meets as well.
    private var isHopeless = false

    private func read<Answer>(_ what: String, _ ask: () throws(PolarFailure) -> Answer) -> Answer? {
        do throws(PolarFailure) {
            return try ask()
        } catch {
            switch error {
            case .unavailable, .timedOut: isHopeless = true
            case .refused(let status, _): isHopeless = [401, 403, 429].contains(status)
            case .unreadable: isHopeless = false
            }
            fail(what, error.description)
            return nil
        }
    }

    private func isInTime(_ what: String) -> Bool {
        guard parts.now() >= end else { return true }
        fail(what, "there was no time left")
        return false
    }

    private func fail(_ what: String, _ reason: String) {
        report.add(ReconcileReport.Failure(what: what, reason: reason))
        parts.log(LogLine(.error, "reconcile.not_read", ["reconcile.what": what, "reconcile.reason": reason]))
    }
}
