public import Core
internal import JSON

/// Brings the credits of every order to what Polar's API says, through the same ``Core/Store/apply(_:in:at:)`` as
/// everything else: what webhooks did not tell, because they were lost, or because there is none of that kind.
public struct Reconciliation: Sendable {
    private let dependencies: ReconcileDependencies

    public init(dependencies: ReconcileDependencies) { self.dependencies = dependencies }

    /// - Throws: if our own store does not work. What Polar does not answer stands in the report.
    public func run(_ wish: ReconcileWish) throws(StoreError) -> ReconcileReport {
        let start = dependencies.now()
        let earlier = try dependencies.store.operations.report(on: wish.operation)?.facts
        let ordersRead = earlier?["watermark_ms"]?.integer.map(Instant.init(rawValue:))
        let refundsRead = earlier?["refunds_watermark_ms"]?.integer.map(Instant.init(rawValue:))
        // Before they had one each, the watermark of orders was that of refunds too.
        let window = ReconcileWindow(wish, ordersRead: ordersRead, refundsRead: refundsRead ?? ordersRead, at: start)
        let run = ReconcileRun(
            dependencies, wish, window, from: start, until: start.advanced(by: wish.isDeep ? Self.deepTime : Self.time))
        try run.checkEndpoint()
        try run.reconcileOrders()
        try run.reconcileRefunds()
        if wish.isDeep { try run.reconcileRefundedOrders() }
        try run.reconcileDisputes()
        try run.reconcileCheckouts()
        if !wish.isDryRun { try note(run.report, wish, window, earlier: earlier) }
        return run.report
    }

    /// A run ends before the timer starts the next.
    private static let time = Duration.seconds(4 * 60)
    private static let deepTime = Duration.seconds(45 * 60)

    private func note(
        _ report: ReconcileReport, _ wish: ReconcileWish, _ window: ReconcileWindow, earlier: JSON?
    ) throws(StoreError) {
        let now = dependencies.now()
        let orders = window.orders.watermark(report.ordersEnd)?.rawValue
        let refunds = window.refunds.watermark(report.refundsEnd)?.rawValue
        let success = report.isWhole ? now.rawValue : earlier?["succeeded_ms"]?.integer
        try dependencies.store.operations.note(
            wish.operation,
            .object(
                report.members + [
                    .init("watermark_ms", .optional(orders)), .init("refunds_watermark_ms", .optional(refunds)),
                    .init("succeeded_ms", .optional(success)),
                ]), at: now)
        dependencies.log(
            LogLine(
                report.isWhole ? report.corrected == 0 ? .info : .notice : .error, "reconcile.ended",
                [
                    "reconcile.orders": report.orders, "reconcile.corrected": report.corrected,
                    "reconcile.credits": report.credits, "reconcile.lagging": report.lagging,
                    "reconcile.failures": report.failures.count, "reconcile.deep": wish.isDeep,
                ]))
    }
}
