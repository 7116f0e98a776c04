public import Core

/// What is asked of Polar to find what no webhook told.
public struct PolarReading: Sendable {
    public typealias Reading<Question, Answer> = @Sendable (Question) throws(PolarFailure) -> Answer

    let orders: @Sendable (_ after: Instant, _ page: Int) throws(PolarFailure) -> PolarPage<OrderSnapshot>
    let order: Reading<Order.ID, OrderSnapshot?>
    let refunds: Reading<Int, PolarPage<RefundNotice>>
    let lostDisputes: Reading<Int, PolarPage<DisputeNotice>>
    let disputes: Reading<Order.ID, [DisputeNotice]>
    let checkout: Reading<Checkout.PolarID, CheckoutReport?>
    let endpoints: @Sendable () throws(PolarFailure) -> [WebhookEndpoint]

    public init(
        orders: @escaping @Sendable (_ after: Instant, _ page: Int) throws(PolarFailure) -> PolarPage<OrderSnapshot>,
        order: @escaping Reading<Order.ID, OrderSnapshot?>,
        refunds: @escaping Reading<Int, PolarPage<RefundNotice>>,
        lostDisputes: @escaping Reading<Int, PolarPage<DisputeNotice>>,
        disputes: @escaping Reading<Order.ID, [DisputeNotice]>,
        checkout: @escaping Reading<Checkout.PolarID, CheckoutReport?>,
        endpoints: @escaping @Sendable () throws(PolarFailure) -> [WebhookEndpoint]
    ) {
        self.orders = orders
        self.order = order
        self.refunds = refunds
        self.lostDisputes = lostDisputes
        self.disputes = disputes
        self.checkout = checkout
        self.endpoints = endpoints
    }
}

public struct ReconcileParts: Sendable {
    let store: Store
    let scope: OrderScope
    /// `CREDITS_PUBLIC_URL`
    let publicURL: String
    let polar: PolarReading
    let now: @Sendable () -> Instant
    let log: @Sendable (LogLine) -> Void

    public init(
        store: Store, scope: OrderScope, publicURL: String, polar: PolarReading,
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

/// From when on orders and refunds are read, and what the next run may take for read.
struct ReconcileWindow: Equatable {
    /// Orders made since.
    let orders: Instant
    /// Refunds made since: what was pending for some days moves no credits until it succeeds.
    let refunds: Instant
    /// Up to when all was read, once this run has read all.
    let watermark: Instant?

    static let overlap = Duration.seconds(2 * 3600)
    static let firstLook = Duration.seconds(30 * 86_400)
    static let refundOverlap = Duration.seconds(3 * 86_400)
    static let deepRefunds = Duration.seconds(90 * 86_400)

    /// - Parameter watermark: up to when earlier runs have read all; `nil` if there was none.
    init(_ wish: ReconcileWish, watermark: Instant?, at now: Instant) {
        func before(_ instant: Instant, _ duration: Duration) -> Instant { instant.advanced(by: .zero - duration) }
        let firstLook = before(now, Self.firstLook)
        // A clock that was set back must not hide what happened since.
        let known = watermark.map { min($0, now) }
        let usual = wish.isDeep ? firstLook : known.map { before($0, Self.overlap) } ?? firstLook
        orders = wish.since ?? usual
        let beforeOrders = before(orders, Self.refundOverlap)
        refunds = wish.isDeep ? min(beforeOrders, before(now, Self.deepRefunds)) : beforeOrders
        // A later start than the usual one leaves a gap, which stays to be read.
        self.watermark = orders <= (known ?? firstLook) ? now : watermark
    }
}
