public import Core
internal import Interface
public import Threads

extension Site {
    /// Everything that `checkout` serves: the balance and the statement, buying, and the pages for both.
    public init(_ dependencies: CheckoutDependencies) {
        let credits = CreditsAPI(dependencies: dependencies)
        let checkouts = CheckoutsAPI(dependencies: dependencies)
        let pages = BuyingPages(dependencies: dependencies)
        let health = Health(store: dependencies.store, freeBytes: dependencies.freeBytes)
        self.init(
            of: .checkout,
            [
                "getCredits": credits.show, "listEntries": credits.entries, "createCheckout": checkouts.create,
                "getCheckout": checkouts.show, "buyPage": pages.buy, "returnPage": pages.comeBack,
                "accountPage": pages.account, "checkoutHealth": Health.healthz, "readiness": health.readyz,
            ], forms: ["buy": pages.order, "endSessions": SessionPages(dependencies: dependencies).end], dependencies)
    }
}

/// What the endpoints of `checkout` work with.
public struct CheckoutDependencies: Dependencies {
    public typealias CreateSession = @Sendable (CheckoutRequest) throws(PolarFailure) -> Checkout.OpenSession
    /// The session that Polar made for our row before; `nil` if it made none.
    public typealias FindSession = @Sendable (Checkout) throws(PolarFailure) -> Checkout.OpenSession?
    public typealias Report = @Sendable (Checkout.PolarID) throws(PolarFailure) -> CheckoutReport?

    let store: Store
    let scope: OrderScope
    let publicURL: String
    let createSession: CreateSession
    let findSession: FindSession
    let report: Report
    /// For whoever waits for Polar.
    let places: Bulkhead
    let freeBytes: @Sendable () -> Int64?
    let now: @Sendable () -> Instant
    let random: @Sendable (Int) -> [UInt8]
    let log: @Sendable (LogLine) -> Void

    public init(
        store: Store, scope: OrderScope, publicURL: String, createSession: @escaping CreateSession,
        findSession: @escaping FindSession, report: @escaping Report, places: Bulkhead,
        freeBytes: @escaping @Sendable () -> Int64?,
        now: @escaping @Sendable () -> Instant, random: @escaping @Sendable (Int) -> [UInt8],
        log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.store = store
        self.scope = scope
        self.publicURL = publicURL
        self.createSession = createSession
        self.findSession = findSession
        self.report = report
        self.places = places
        self.freeBytes = freeBytes
        self.now = now
        self.random = random
        self.log = log
    }
}
