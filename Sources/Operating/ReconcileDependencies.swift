public import Core

/// What a reconciliation works with.
public struct ReconcileDependencies: Sendable {
    let store: Store
    let scope: OrderScope
    /// `CREDITS_PUBLIC_URL`
    let publicURL: String
    let polar: any PolarReading
    let now: @Sendable () -> Instant
    let log: @Sendable (LogLine) -> Void

    public init(
        store: Store, scope: OrderScope, publicURL: String, polar: any PolarReading,
        now: @escaping @Sendable () -> Instant, log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.store = store
        self.scope = scope
        self.publicURL = publicURL
        self.polar = polar
        self.now = now
        self.log = log
    }
}

/// What one run is to look at.
public struct ReconcileWish: Sendable {
    /// Orders made since then, in place of the watermark.
    public let since: Instant?
    /// Once a day: the last 30 days of orders, 90 days of refunds, and every order here that was refunded.
    public let isDeep: Bool
    /// Only say what would be done.
    public let isDryRun: Bool

    public init(since: Instant? = nil, isDeep: Bool = false, isDryRun: Bool = false) {
        self.since = since
        self.isDeep = isDeep
        self.isDryRun = isDryRun
    }

    var operation: Operation { isDeep ? .reconcileDeep : .reconcile }
}

/// From when on orders and refunds are read.
struct ReconcileWindow: Equatable {
    /// Orders made since.
    let orders: ReconcileSpan
    /// Refunds made since: what was pending for some days moves no credits until it succeeds.
    let refunds: ReconcileSpan

    static let overlap = Duration.seconds(2 * 3600)
    static let firstLook = Duration.seconds(30 * 86_400)
    static let refundOverlap = Duration.seconds(3 * 86_400)
    static let deepRefunds = Duration.seconds(90 * 86_400)

    /// - Parameters:
    ///   - ordersRead: up to when earlier runs have read all orders; `nil` if there was none.
    ///   - refundsRead: likewise.
    init(_ wish: ReconcileWish, ordersRead: Instant?, refundsRead: Instant?, at now: Instant) {
        func before(_ instant: Instant, _ duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }
        let firstLook = before(now, Self.firstLook)
        /// A clock that was set back must not hide what happened since.
        func usual(_ read: Instant?) -> Instant {
            wish.isDeep ? firstLook : read.map { before(min($0, now), Self.overlap) } ?? firstLook
        }
        orders = ReconcileSpan(
            start: wish.since ?? usual(ordersRead), read: ordersRead,
            reach: ordersRead.map { min($0, now) } ?? firstLook)
        let refundsStart = before(wish.since ?? usual(refundsRead), Self.refundOverlap)
        refunds = ReconcileSpan(
            start: wish.isDeep ? min(refundsStart, before(now, Self.deepRefunds)) : refundsStart, read: refundsRead,
            reach: before(refundsRead.map { min($0, now) } ?? firstLook, Self.refundOverlap))
    }
}

/// From when on one list is read, and what the next run may take for read.
struct ReconcileSpan: Equatable {
    let start: Instant
    /// What earlier runs have left.
    let read: Instant?
    /// A later start than this leaves a gap, which stays to be read.
    fileprivate let reach: Instant

    /// - Parameter end: up to when this run has read all since the start.
    func watermark(_ end: Instant?) -> Instant? {
        guard let end, start <= reach else { return read }
        return max(end, reach)
    }
}
