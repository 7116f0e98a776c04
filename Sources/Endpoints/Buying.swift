internal import Core
internal import HTTP
private import Threads
internal import Webhook

/// Opens checkouts and follows them, for the API and the pages alike.
struct Buying: Sendable {
    /// How often Polar is asked about one checkout, at most.
    static let questionInterval = Duration.seconds(5)
    /// How long somebody who looks at a checkout waits for the answer.
    static let questionPatience = Duration.milliseconds(1500)

    let dependencies: CheckoutDependencies

    private var store: Store { dependencies.store }

    /// An open checkout with Polar's session: a new one, or the one of the same quantity and price that is open already.
    ///
    /// Our row comes first, so that a sale can always be traced; then Polar; then the row learns of the session, and the
    /// client's key of its answer. Whoever sends the key again before that goes on with the same row. Before all of that
    /// comes a place among those who may wait for Polar: without one nothing happens, not even a write.
    func open(
        _ quantity: Int64, for profile: Profile, under keyed: Keyed<OpenedCheckout>?, _ request: Request
    ) throws(RequestError) -> Once<OpenedCheckout> {
        let result = try dependencies.places.enter { () throws(RequestError) in
            try openInPlace(quantity, for: profile, under: keyed, request)
        }
        guard let result else { throw .polarBusy }
        return result
    }

    private func openInPlace(
        _ quantity: Int64, for profile: Profile, under keyed: Keyed<OpenedCheckout>?, _ request: Request
    ) throws(RequestError) -> Once<OpenedCheckout> {
        let now = dependencies.now()
        let id = Checkout.ID(random: dependencies.random(16))
        let (checkouts, scope) = (store.checkouts, dependencies.scope)
        let result: Once<OpenCheckoutOutcome> =
            if let keyed {
                try stored(checkouts.open(id, of: quantity, for: profile, in: scope, under: keyed, at: now))
            } else {
                .now(try stored(checkouts.open(id, of: quantity, for: profile, in: scope, at: now)))
            }
        switch result {
        case .before(let earlier): return .before(earlier)
        case .now(.reused(let checkout)):
            guard let session = checkout.session else { preconditionFailure("An open checkout has its session") }
            return .now(OpenedCheckout(checkout: checkout, session: session, isNew: false))
        case .now(.limited(let wait)):
            throw .tooManyCheckouts(retryAfterSeconds: max(1, wait.components.seconds + 1))
        case .now(.opened(let checkout)):
            return .now(try begin(checkout, resuming: false, for: profile, under: keyed, request))
        case .now(.resumed(let checkout)):
            return .now(try begin(checkout, resuming: true, for: profile, under: keyed, request))
        }
    }

    private func begin(
        _ checkout: Checkout, resuming: Bool, for profile: Profile, under keyed: Keyed<OpenedCheckout>?,
        _ request: Request
    ) throws(RequestError) -> OpenedCheckout {
        let session: Checkout.OpenSession
        do throws(PolarFailure) {
            session = try self.session(for: checkout, resuming: resuming, profile, request)
        } catch {
            try stored(store.checkouts.failed(checkout.id, under: keyed?.key))
            throw .polar(error)
        }
        let opened = OpenedCheckout(checkout: checkout, session: session, isNew: true)
        try stored(store.checkouts.created(opened, under: keyed, at: dependencies.now()))
        dependencies.note(
            "checkout.opened",
            ["checkout.id": session.id, "user.id": profile.user, "checkout.quantity": checkout.quantity], request)
        return opened
    }

    private func session(
        for checkout: Checkout, resuming: Bool, _ profile: Profile, _ request: Request
    ) throws(PolarFailure) -> Checkout.OpenSession {
        if resuming, let found = try dependencies.findSession(checkout) { return found }
        return try dependencies.createSession(
            CheckoutRequest(
                checkout: checkout, profile: profile, remoteAddress: request.remoteAddress,
                publicURL: dependencies.publicURL))
    }

    /// The caller's checkout as it stands. If the webhook is late, Polar is asked, and what it says is applied the same way.
    ///
    /// Nobody waits for that longer than a moment, whatever hangs: what is learned later shows at the next look.
    func follow(_ id: String, _ request: Request) throws(RequestError) -> Checkout {
        let user = try request.profile().user
        guard let id = Checkout.PolarID(id), let checkout = try find(id, of: user) else { throw .notFound }
        guard checkout.isWorthAsking else { return checkout }
        _ = dependencies.places.aside(atMost: Self.questionPatience) { ask(about: id, request) }
        return try find(id, of: user) ?? checkout
    }

    private func ask(about id: Checkout.PolarID, _ request: Request) {
        do throws(RequestError) {
            guard try isOurTurn(to: id), let report = report(on: id, request) else { return }
            try apply(report, request)
        } catch {
            if let line = error.logLine { dependencies.log(line.of(request: request.id)) }
        }
    }

    private func find(_ id: Checkout.PolarID, of user: UserID) throws(RequestError) -> Checkout? {
        try stored(store.checkouts.find(id, of: user, in: dependencies.scope.environment, at: dependencies.now()))
    }

    private func isOurTurn(to id: Checkout.PolarID) throws(RequestError) -> Bool {
        try stored(store.checkouts.claimQuestion(about: id, every: Self.questionInterval, at: dependencies.now()))
    }

    /// `nil` if Polar does not say: our row stands, and the webhook or the next question will tell.
    private func report(on id: Checkout.PolarID, _ request: Request) -> CheckoutReport? {
        do throws(PolarFailure) {
            return try dependencies.report(id)
        } catch {
            dependencies.log(LogLine(.warning, "checkout.not_followed", error.facts).of(request: request.id))
            return nil
        }
    }

    private func apply(_ report: CheckoutReport, _ request: Request) throws(RequestError) {
        for order in report.orders {
            let outcome = try stored(store.orders.apply(order, in: dependencies.scope, at: dependencies.now()))
            dependencies.log(outcome.logLine(["order.id": order.id, "order.source": "api"]).of(request: request.id))
        }
        try stored(store.checkouts.note(report.checkout, in: dependencies.scope.environment))
    }
}

extension Checkout {
    /// Whether Polar may know more than we do.
    fileprivate var isWorthAsking: Bool {
        switch status {
        case .open, .confirmed: true
        case .succeeded: orderState == nil
        case .creating, .expired, .failed: false
        }
    }
}
