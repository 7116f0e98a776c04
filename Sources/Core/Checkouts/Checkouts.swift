internal import Database

/// What became of the wish to buy.
public enum OpenCheckoutOutcome: Equatable, Sendable {
    /// Our row is there; Polar is to be asked for its session.
    case opened(Checkout)
    /// Our row was there: Polar may have made its session before, and is asked for that one first.
    case resumed(Checkout)
    /// One of the same user, quantity and price is open already.
    case reused(Checkout)
    /// Too many within a minute or an hour.
    case limited(retryAfter: Duration)
}

/// What the store can be asked of checkouts.
public struct Checkouts: Home {
    let store: Store

    /// At most so many checkouts a minute and an hour for one user.
    static let limits: [(count: Int, window: Duration)] = [(5, .seconds(60)), (20, .seconds(3600))]
    /// How far ahead of a request's time a row of ours may honestly lie: the request has waited for its turn meanwhile.
    /// What lies further ahead was written while the clock was wrong, and counts for nothing.
    static let honestLead = Duration.seconds(10)

    /// Promises a price: finds an open checkout of the same user, quantity and price, or adds the row of a new one.
    ///
    /// - Parameter id: of the new row, if there will be one.
    public func open(
        _ id: Checkout.ID, of quantity: Int64, for profile: Profile, in scope: OrderScope, at now: Instant
    ) throws(StoreError) -> OpenCheckoutOutcome {
        precondition(BillingSettings.quantityBounds.contains(quantity))
        return try write { transaction throws(DatabaseError) in
            try People.see(profile, on: .signedIn(daily: store.trialsADay), at: now, in: transaction)
            return try Checkouts.openOrReuse(
                id, of: quantity, for: profile.user, in: scope, at: now, transaction: transaction)
        }
    }

    /// The same under its client's key, which leads to the row until ``checkoutCreated`` or for good.
    public func open(
        _ id: Checkout.ID, of quantity: Int64, for profile: Profile, in scope: OrderScope,
        under keyed: Keyed<OpenedCheckout>, at now: Instant
    ) throws(StoreError) -> Once<OpenCheckoutOutcome> {
        precondition(BillingSettings.quantityBounds.contains(quantity))
        let key = keyed.key
        return try write { transaction throws(DatabaseError) in
            switch try RequestKeys.state(of: key, at: now, on: transaction.connection) {
            case .earlier(let earlier): return .before(earlier)
            case .free: break
            case .unfinished(let unfinished):
                guard let checkout = try Checkouts.begun(unfinished, on: transaction.connection) else { break }
                try RequestKeys.claim(key, for: checkout.id, at: now, in: transaction)
                return .now(.resumed(checkout))
            }
            try People.see(profile, on: .signedIn(daily: store.trialsADay), at: now, in: transaction)
            let outcome = try Checkouts.openOrReuse(
                id, of: quantity, for: profile.user, in: scope, at: now, transaction: transaction)
            switch outcome {
            case .opened(let checkout), .resumed(let checkout):
                try RequestKeys.claim(key, for: checkout.id, at: now, in: transaction)
            case .reused(let checkout):
                let opened = checkout.session.map { OpenedCheckout(checkout: checkout, session: $0, isNew: false) }
                try RequestKeys.keep(opened.flatMap(keyed.answer), for: key, at: now, in: transaction)
            case .limited: break
            }
            return .now(outcome)
        }
    }

    /// Notes what Polar answered: the session's id, address and secret.
    public func created(_ id: Checkout.ID, _ session: Checkout.OpenSession) throws(StoreError) {
        try write { transaction throws(DatabaseError) in
            try Checkouts.open(id, session, in: transaction)
        }
    }

    /// The same together with what the client is told under its key.
    public func created(
        _ opened: OpenedCheckout, under keyed: Keyed<OpenedCheckout>?, at now: Instant
    ) throws(StoreError) {
        try write { transaction throws(DatabaseError) in
            try Checkouts.open(opened.checkout.id, opened.session, in: transaction)
            // Whoever came later and was faster has told another session.
            guard let keyed, transaction.connection.changes == 1 else { return }
            try RequestKeys.keep(keyed.answer(opened), for: keyed.key, at: now, in: transaction)
        }
    }

    /// Polar made no session, or none that we know of: the row stays as a trace. Under the same key it is gone on with.
    public func failed(_ id: Checkout.ID, under key: RequestKey? = nil) throws(StoreError) {
        try write { transaction throws(DatabaseError) in
            try transaction.connection.execute(
                "UPDATE checkouts SET status = 'failed' WHERE id = $1 AND status = 'creating'", .text(id.text))
            if let key { try RequestKeys.release(key, in: transaction) }
        }
    }

    /// The checkout of that session, if it is the user's.
    public func find(
        _ id: Checkout.PolarID, of user: UserID, in environment: Environment, at now: Instant
    ) throws(StoreError) -> Checkout? {
        let found = try read { connection throws(DatabaseError) in try Checkouts.find(id, on: connection) }
        guard let found, found.environment == environment, found.checkout.user == user else { return nil }
        return found.checkout.expired(by: now)
    }

    /// Notes what Polar says of a checkout.
    public func note(_ snapshot: CheckoutSnapshot, in environment: Environment) throws(StoreError) {
        try write { transaction throws(DatabaseError) in
            try Checkouts.note(snapshot, in: environment, transaction: transaction)
        }
    }

    /// Whether it is this caller's turn to ask Polar about the checkout: one within `interval` is enough.
    public func claimQuestion(
        about id: Checkout.PolarID, every interval: Duration, at now: Instant
    ) throws(StoreError) -> Bool {
        try write { transaction throws(DatabaseError) in
            try transaction.connection.execute(
                "UPDATE checkouts SET asked_ms = $1 WHERE polar_id = $2 AND (asked_ms <= $3 OR asked_ms > $4)",
                .integer(now.rawValue), .text(id.text), .integer(now.advanced(by: .zero - interval).rawValue),
                .integer(now.advanced(by: interval).rawValue))
            return transaction.connection.changes == 1
        }
    }
}

extension Checkout {
    /// Past its time an open checkout can no longer be paid, whether Polar has said so yet or not.
    fileprivate func expired(by now: Instant) -> Checkout {
        guard status == .open, let session, session.expiresAt <= now else { return self }
        var checkout = self
        checkout.status = .expired
        return checkout
    }
}

/// The checkouts table.
extension Checkouts {
    struct Found {
        let checkout: Checkout
        let environment: Environment
    }

    static func find(_ id: Checkout.PolarID, on connection: Connection) throws(DatabaseError) -> Found? {
        try connection.query(
            "SELECT \(columns) FROM checkouts c WHERE polar_id = $1", .text(id.text), decode: Found.init
        ).first
    }

    /// One without a session.
    static func begun(_ id: Checkout.ID, on connection: Connection) throws(DatabaseError) -> Checkout? {
        try connection.query(
            "SELECT \(columns) FROM checkouts c WHERE id = $1 AND status IN ('creating', 'failed')", .text(id.text),
            decode: Found.init
        ).first?.checkout
    }

    static func open(
        _ id: Checkout.ID, _ session: Checkout.OpenSession, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try transaction.connection.execute(
            """
            UPDATE checkouts SET status = 'open', polar_id = $1, url = $2, client_secret = $3, expires_ms = $4
            WHERE id = $5 AND status IN ('creating', 'failed')
            """,
            .text(session.id.text), .text(session.url), .text(session.clientSecret),
            .integer(session.expiresAt.rawValue), .text(id.text))
    }

    static func openOrReuse(
        _ id: Checkout.ID, of quantity: Int64, for user: UserID, in scope: OrderScope, at now: Instant,
        transaction: borrowing Transaction
    ) throws(DatabaseError) -> OpenCheckoutOutcome {
        let settings = try BillingSettings.current(on: transaction.connection)
        if let open = try open(
            of: quantity, for: user, settings: settings, in: scope, at: now, on: transaction.connection)
        {
            return .reused(open)
        }
        if let wait = try wait(for: user, at: now, on: transaction.connection) {
            return .limited(retryAfter: wait)
        }
        return .opened(
            try insert(
                id, of: quantity, for: user, settings: settings, in: scope, at: now, transaction: transaction))
    }

    /// How long the user has to wait before the next one, or `nil`.
    static func wait(
        for user: UserID, at now: Instant, on connection: Connection
    ) throws(DatabaseError) -> Duration? {
        var longest: Duration?
        for limit in Checkouts.limits {
            let start = now.advanced(by: .zero - limit.window)
            // The one whose leaving the window makes room.
            let blocking = try connection.query(
                """
                SELECT created_ms FROM checkouts WHERE user_id = $1 AND created_ms > $2 AND created_ms <= $3
                ORDER BY created_ms DESC LIMIT 1 OFFSET $4
                """,
                .text(user.text), .integer(start.rawValue), .integer(now.advanced(by: Checkouts.honestLead).rawValue),
                .integer(Int64(limit.count - 1))
            ) { $0.instant(0) }.first
            guard let blocking else { continue }
            longest = max(longest ?? .zero, min(start.distance(to: blocking), limit.window))
        }
        return longest
    }

    static func open(
        of quantity: Int64, for user: UserID, settings: BillingSettings, in scope: OrderScope, at now: Instant,
        on connection: Connection
    ) throws(DatabaseError) -> Checkout? {
        try connection.query(
            """
            SELECT \(columns) FROM checkouts c
            WHERE user_id = $1 AND status = 'open' AND quantity = $2 AND pack_price_cents = $3 AND credits_per_pack = $4
              AND currency = $5 AND product_id = $6 AND environment = $7 AND expires_ms > $8
            ORDER BY created_ms DESC LIMIT 1
            """,
            .text(user.text), .integer(quantity), .integer(settings.packPriceCents), .integer(settings.creditsPerPack),
            .text(settings.currency), .text(scope.product.text), .text(scope.environment.rawValue),
            .integer(now.advanced(by: .seconds(60)).rawValue), decode: Found.init
        ).first?.checkout
    }

    static func insert(
        _ id: Checkout.ID, of quantity: Int64, for user: UserID, settings: BillingSettings, in scope: OrderScope,
        at now: Instant, transaction: borrowing Transaction
    ) throws(DatabaseError) -> Checkout {
        let lock = PriceLock(
            product: scope.product, credits: quantity * settings.creditsPerPack,
            amount: quantity * settings.packPriceCents, currency: settings.currency)
        try transaction.connection.execute(
            """
            INSERT INTO checkouts (id, environment, user_id, product_id, quantity, pack_price_cents, credits_per_pack,
                                   credits, amount_cents, currency, status, created_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'creating', $11)
            """,
            .text(id.text), .text(scope.environment.rawValue), .text(user.text), .text(scope.product.text),
            .integer(quantity), .integer(settings.packPriceCents), .integer(settings.creditsPerPack),
            .integer(lock.credits), .integer(lock.amount), .text(lock.currency), .integer(now.rawValue))
        return Checkout(
            id: id, user: user, quantity: quantity, lock: lock, status: .creating, createdAt: now, session: nil,
            granted: 0, orderState: nil)
    }

    /// A newer word of Polar's on a checkout of ours; an older one changes nothing.
    static func note(
        _ snapshot: CheckoutSnapshot, in environment: Environment, transaction: borrowing Transaction
    ) throws(DatabaseError) {
        // What succeeded or expired does not come back, whatever the order of the deliveries.
        try transaction.connection.execute(
            """
            UPDATE checkouts SET status = $1, status_us = $2
            WHERE polar_id = $3 AND environment = $4 AND status_us <= $2 AND status NOT IN ('succeeded')
              AND NOT (status = 'expired' AND $1 <> 'succeeded')
            """,
            .text(snapshot.status.rawValue), .integer(snapshot.clock.rawValue), .text(snapshot.id.text),
            .text(environment.rawValue))
    }

    /// A sale is over when it is paid: the order settles its checkout, whatever was or will be said of it, for good.
    static func settle(
        _ id: Checkout.PolarID, in environment: Environment, transaction: borrowing Transaction
    ) throws(DatabaseError) {
        try transaction.connection.execute(
            """
            UPDATE checkouts SET status = 'succeeded', has_paid_order = 1
            WHERE polar_id = $1 AND environment = $2 AND has_paid_order = 0
            """, .text(id.text), .text(environment.rawValue))
    }

    private static let columns = """
        c.id, c.user_id, c.quantity, c.product_id, c.credits, c.amount_cents, c.currency, c.status, c.created_ms,
        c.polar_id, c.url, c.client_secret, c.expires_ms, c.environment,
        (SELECT CAST(coalesce(sum(p.target_credits), 0) AS BIGINT) FROM payments p WHERE p.checkout_id = c.polar_id),
        (SELECT max(p.state) FROM payments p WHERE p.checkout_id = c.polar_id)
        """
}

extension Checkouts.Found {
    init(_ row: borrowing Row) {
        var session: Checkout.OpenSession?
        if let id = row.optional(9, Checkout.PolarID.init) {
            session = Checkout.OpenSession(
                id: id, url: row.text(10), clientSecret: row.text(11), expiresAt: row.instant(12))
        }
        environment = row.value(13, Environment.init)
        checkout = Checkout(
            id: row.value(0, Checkout.ID.init), user: row.value(1, UserID.init), quantity: row.integer(2),
            lock: PriceLock(
                product: row.value(3, Product.ID.init), credits: row.integer(4), amount: row.integer(5),
                currency: row.text(6)),
            status: row.value(7, Checkout.Status.init), createdAt: row.instant(8), session: session,
            granted: row.integer(14),
            orderState: row.optional(15, Checkout.OrderState.init))
    }
}
