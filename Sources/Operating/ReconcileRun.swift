internal import Core
internal import JSON

/// One run: reads list after list, and applies what it finds. What Polar refuses or does not answer ends one list, not
/// the others.
final class ReconcileRun {
    private(set) var report: ReconcileReport
    private let dependencies: ReconcileDependencies
    private let wish: ReconcileWish
    private let window: ReconcileWindow
    private let start: Instant
    private let end: Instant
    /// An order that was read once need not be read again.
    private var seen: Set<Order.ID> = []

    /// So many pages more than Polar said at first, for what is made meanwhile: then the list does not end.
    static let mostPagesMore: Int64 = 100
    static let mostTries = 10
    static let mostCheckouts = 200
    static let checkoutAge = Duration.seconds(120)

    init(
        _ dependencies: ReconcileDependencies, _ wish: ReconcileWish, _ window: ReconcileWindow, from start: Instant,
        until end: Instant
    ) {
        self.dependencies = dependencies
        self.wish = wish
        self.window = window
        self.start = start
        self.end = end
        report = ReconcileReport(isDryRun: wish.isDryRun, since: window.orders.start)
    }

    private var store: Store { dependencies.store }

    // MARK: Orders

    /// Oldest first, a slice for each page: the next one begins with the last order of this one. So neither what is made
    /// meanwhile nor the order among equals moves anything past us, and what was read stays read if the next page fails.
    func reconcileOrders() throws(StoreError) {
        var from = window.orders.start
        var number = 1
        var isWhole = true
        report.ordersEnd = from
        while isInTime("orders") {
            guard let page = orders(from, until: nil, page: number) else { return }
            isWhole = isWhole && page.unreadable == 0
            try apply(page.items)
            guard !page.isLast else {
                if isWhole { report.ordersEnd = start }
                return
            }
            guard let last = page.items.last?.createdAt else { return }
            if last < from {
                // From right before the slice: what comes after them is on a later page.
                number += 1
                continue
            }
            number = 1
            if last == from {
                guard try reconcileMoment(from) else { return }
                from = from.advanced(by: .milliseconds(1))
            } else {
                from = last
            }
            if isWhole { report.ordersEnd = min(from, start) }
        }
    }

    /// More orders of one moment than a page holds. Among equals Polar keeps no order from page to page, so they are
    /// counted, and asked for again until all have come.
    ///
    /// - Returns: whether they have.
    private func reconcileMoment(_ moment: Instant) throws(StoreError) -> Bool {
        var found: Set<Order.ID> = []
        var total: Int64 = 0
        for _ in 0..<Self.mostTries {
            for number in 1... {
                guard isInTime("orders"),
                    let page = orders(moment, until: moment.advanced(by: .milliseconds(1)), page: number)
                else { return false }
                found.formUnion(page.items.map(\.id))
                total = max(total, page.total)
                try apply(page.items)
                guard page.unreadable == 0 else { return false }
                if page.isLast { break }
            }
            if found.count >= total { return true }
        }
        fail("orders", "\(total) of one moment, of which \(found.count) came")
        return false
    }

    private func orders(_ from: Instant, until: Instant?, page: Int) -> PolarPage<OrderSnapshot>? {
        let slice = OrderSlice(product: dependencies.scope.product, start: from, end: until)
        let answer = read("orders", try dependencies.polar.orders(slice, page: page))
        guard let answer else { return nil }
        if answer.unreadable > 0 { fail("orders", "\(answer.unreadable) could not be read") }
        let times = answer.items.map { $0.createdAt ?? from }
        guard zip(times, times.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            fail("orders", "the list is not in the order that was asked for")
            return nil
        }
        return answer
    }

    // MARK: Refunds

    /// Newest first, for Polar has no filter by their time; of each order that does not show them yet, the order.
    func reconcileRefunds() throws(StoreError) {
        var areOrdersRead = true
        let isWhole = try pages(of: "refunds") { page throws(PolarFailure) in
            try dependencies.polar.refunds(page: page)
        } each: { refunds throws(StoreError) in
            let inside = refunds.filter { $0.createdAt >= window.refunds.start }
            if try !reconcileOrders(try store.orders.behind(inside), "refunds") { areOrdersRead = false }
            return inside.count == refunds.count
        }
        if isWhole, areOrdersRead { report.refundsEnd = start }
    }

    /// A refund that bounced is not among the refunds any more.
    func reconcileRefundedOrders() throws(StoreError) {
        let orders = try store.orders.refunded(
            since: dependencies.now().advanced(by: .zero - ReconcileWindow.deepRefunds),
            in: dependencies.scope.environment)
        _ = try reconcileOrders(orders, "refunded orders")
    }

    /// - Returns: whether all were read.
    private func reconcileOrders(_ ids: [Order.ID], _ what: String) throws(StoreError) -> Bool {
        var isWhole = true
        for id in ids where !seen.contains(id) {
            guard isInTime(what) else { return false }
            switch try reconcileOrder(id, what) {
            case .read: break
            case .failed: isWhole = false
            case .hopeless: return false
            }
        }
        return isWhole
    }

    private enum Single {
        case read, failed
        /// It is no use to ask on.
        case hopeless
    }

    private func reconcileOrder(_ id: Order.ID, _ what: String) throws(StoreError) -> Single {
        guard let order = read(what, try dependencies.polar.order(id)) else {
            return isHopeless ? .hopeless : .failed
        }
        if let order { try apply([order]) } else { report.lagging += 1 }
        return .read
    }

    // MARK: Disputes

    /// Polar sends no event for a lost dispute, and does not change the order.
    func reconcileDisputes() throws(StoreError) {
        let known = try store.orders.lostDisputes(in: dependencies.scope.environment)
        var lost: Set<Order.ID> = []
        let isComplete = try pages(of: "disputes") { page throws(PolarFailure) in
            try dependencies.polar.lostDisputes(page: page)
        } each: { disputes throws(StoreError) in
            for dispute in disputes {
                let isNew = lost.insert(dispute.order).inserted
                if dispute.isLost, isNew, !known.contains(dispute.order) { try noteLost(dispute) }
            }
            return true
        }
        guard isComplete else { return }
        for order in known.subtracting(lost).sorted(by: { $0.text < $1.text }) {
            guard isInTime("disputes") else { return }
            try lookAgain(at: order)
        }
    }

    private func noteLost(_ dispute: DisputeNotice) throws(StoreError) {
        if try store.orders.standing(of: dispute.order) == nil {
            // Neither a webhook nor the list of orders told of it.
            guard try reconcileOrder(dispute.order, "disputes") == .read, !wish.isDryRun else { return }
        }
        try note(dispute)
    }

    private func lookAgain(at order: Order.ID) throws(StoreError) {
        let answer = read("disputes", try dependencies.polar.disputes(over: order))
        guard let disputes = answer, let clock = disputes.map(\.clock).max() else { return }
        guard disputes.allSatisfy({ !$0.isLost }) else { return }
        try note(DisputeNotice(order: order, isLost: false, clock: clock))
    }

    private func note(_ dispute: DisputeNotice) throws(StoreError) {
        guard let standing = try store.orders.standing(of: dispute.order) else { return }
        let outcome = try store.orders.note(
            dispute, in: dependencies.scope, isDryRun: wish.isDryRun, at: dependencies.now())
        guard let outcome, outcome != .stale else { return }
        report.disputes += 1
        take(outcome, of: dispute.order, standing)
    }

    // MARK: Checkouts

    /// As the return page does for a buyer who has come back.
    func reconcileCheckouts() throws(StoreError) {
        let ids = try store.checkouts.unsettled(
            olderThan: Self.checkoutAge, in: dependencies.scope.environment, limit: Self.mostCheckouts,
            at: dependencies.now())
        for id in ids {
            guard isInTime("checkouts") else { return }
            if !wish.isDryRun {
                guard try store.checkouts.claimQuestion(about: id, every: Self.checkoutAge, at: dependencies.now())
                else {
                    continue
                }
            }
            report.checkouts += 1
            guard let answer = read("checkouts", try dependencies.polar.report(on: id))
            else {
                if isHopeless { return }
                continue
            }
            guard let answer else { report.lagging += 1; continue }
            try apply(answer.orders)
            if !wish.isDryRun { try store.checkouts.note(answer.checkout, in: dependencies.scope.environment) }
        }
    }

    // MARK: The endpoint

    /// While it is switched off, Polar does not even keep what it would send.
    func checkEndpoint() throws(StoreError) {
        guard let endpoints = read("webhook endpoint", try dependencies.polar.webhookEndpoints()) else { return }
        let ours = endpoints.filter { $0.leads(to: dependencies.publicURL) }
        report.endpoint = ours.isEmpty ? .missing : ours.contains(where: \.isEnabled) ? .enabled : .disabled
        let isEnabled = report.endpoint == .enabled
        if !isEnabled {
            dependencies.log(
                LogLine(
                    .error, "webhook.endpoint_not_enabled",
                    ["endpoint.state": report.endpoint.rawValue, "endpoint.path": WebhookEndpoint.path]))
        }
        if !wish.isDryRun {
            try store.operations.note(
                .webhookEndpoint,
                [
                    "enabled": .bool(isEnabled), "state": .string(report.endpoint.rawValue),
                    "url": .string(dependencies.publicURL + WebhookEndpoint.path),
                ], at: dependencies.now())
        }
    }

    // MARK: What was found

    private func apply(_ orders: [OrderSnapshot]) throws(StoreError) {
        let unseen = orders.filter { seen.insert($0.id).inserted }
        report.orders += unseen.count
        let done = try store.orders.reconcile(
            unseen, in: dependencies.scope, isDryRun: wish.isDryRun, at: dependencies.now())
        for one in done { take(one.outcome, of: one.order, one.standing) }
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
        if !wish.isDryRun, isNews {
            dependencies.log(outcome.logLine(["order.id": order, "order.source": "reconcile"]))
        }
    }

    // MARK: Asking

    /// Reads a list until there is no more of it, or `each` has seen enough.
    ///
    /// - Returns: whether all was read.
    private func pages<Item>(
        of what: String, _ read: (Int) throws(PolarFailure) -> PolarPage<Item>,
        each: ([Item]) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        var isWhole = true
        var most: Int64?
        for number in 1... {
            guard isInTime(what) else { return false }
            guard let page = self.read(what, try read(number)) else { return false }
            if page.unreadable > 0 {
                fail(what, "\(page.unreadable) could not be read")
                isWhole = false
            }
            let goesOn = try each(page.items)
            guard !isHopeless else { return false }
            guard goesOn, !page.isLast else { return isWhole }
            let length = Int64(max(1, page.items.count + page.unreadable))
            most = most ?? page.total / length + Self.mostPagesMore
            guard Int64(number) < most ?? 0 else { break }
        }
        fail(what, "the list does not end")
        return false
    }

    /// The last failure was of a kind that the next question meets as well.
    private var isHopeless = false

    private func read<Answer>(_ what: String, _ ask: @autoclosure () throws(PolarFailure) -> Answer) -> Answer? {
        do throws(PolarFailure) {
            let answer = try ask()
            isHopeless = false
            return answer
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
        guard dependencies.now() >= end else { return true }
        fail(what, "there was no time left")
        return false
    }

    private func fail(_ what: String, _ reason: String) {
        report.add(ReconcileReport.Failure(what: what, reason: reason))
        dependencies.log(LogLine(.error, "reconcile.not_read", ["reconcile.what": what, "reconcile.reason": reason]))
    }
}
