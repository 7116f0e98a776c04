internal import Database
private import JSON

/// One order of Polar's, as it was applied last.
struct Payment: Equatable {
    let snapshot: OrderSnapshot
    let environment: Environment
    var user: UserID?
    /// What the order was sold for, once that was decided.
    var pack: Int64?
    /// What its entries sum to, the debt that it left counted as taken.
    var target: Int64
    /// What it took back but did not find.
    var debt: Credits
    var dispute: Dispute
    var isDismissed: Bool
    /// Whether it was paid when it was seen last, before this snapshot.
    let wasPaid: Bool
    /// Who the order is for, on an admin's word.
    var assignedUser: UserID?
    /// Why an admin dismissed it.
    var note: String?
    /// Its row, if it has one.
    let kept: Kept?

    /// What only the row knows.
    struct Kept: Equatable {
        let createdAt: Instant
        let sale: Sale?
    }

    /// What Polar said last of a dispute over the order.
    struct Dispute: Equatable {
        var isLost = false
        /// Polar's time of that; 0 if there never was one.
        var clock = PolarClock(rawValue: 0)
    }

    /// Whose the order is for good: an admin said so, or credits were decided for that user.
    var owner: UserID? { assignedUser ?? (pack == nil ? nil : user) }

    /// A status that nobody knows says neither; then what was so before goes on.
    private var standsPaid: Bool { snapshot.status == nil ? snapshot.saysPaid || wasPaid : snapshot.saysPaid }

    /// Whether it ever moved credits that still count.
    var hasEntries: Bool { target > 0 || debt > .zero }

    init(_ snapshot: OrderSnapshot, earlier: Payment?, environment: Environment) {
        self.snapshot = snapshot
        self.environment = environment
        user = earlier?.user
        pack = earlier?.pack
        target = earlier?.target ?? 0
        debt = earlier?.debt ?? .zero
        dispute = earlier?.dispute ?? Dispute()
        isDismissed = earlier?.isDismissed ?? false
        wasPaid = earlier?.standsPaid ?? false
        assignedUser = earlier?.assignedUser
        note = earlier?.note
        kept = earlier?.kept
    }
}

enum Payments {
    static func find(_ id: Order.ID, on connection: Connection) throws(DatabaseError) -> Payment? {
        try connection.query(
            "SELECT \(columns) FROM payments WHERE order_id = $1", .text(id.text), decode: Payment.init
        )
        .first
    }

    static func state(of id: Order.ID, on connection: Connection) throws(DatabaseError) -> PaymentState? {
        try connection.query("SELECT state FROM payments WHERE order_id = $1", .text(id.text)) {
            $0.value(0, PaymentState.init)
        }.first
    }

    /// Whether it is applied, and the checkout of ours that it came of knows that it is paid.
    static func isSettled(_ id: Order.ID, on connection: Connection) throws(DatabaseError) -> Bool {
        try !connection.query(
            """
            SELECT 1 FROM payments p WHERE order_id = $1 AND state = 'applied' AND NOT EXISTS (
                SELECT 1 FROM checkouts
                WHERE polar_id = p.checkout_id AND environment = p.environment AND has_paid_order = 0)
            """, .text(id.text)
        ) { $0.integer(0) }.isEmpty
    }

    static func wasGranted(_ id: Order.ID, on connection: Connection) throws(DatabaseError) -> Bool {
        try connection.query(
            "SELECT 1 FROM ledger_entry WHERE order_id = $1 AND kind = 'purchase' LIMIT 1", .text(id.text)
        ) { $0.integer(0) }.isEmpty == false
    }

    /// A row that is as it should be already is not written. With it goes what is counted of the sale.
    static func save(
        _ payment: Payment, outcome: OrderOutcome, at now: Instant, in transaction: borrowing Transaction
    ) throws(DatabaseError) {
        let order = payment.snapshot
        let (state, reason) = PaymentState.after(outcome)
        let createdAt = payment.kept?.createdAt ?? order.createdAt ?? now
        try transaction.connection.execute(
            """
            INSERT INTO payments (order_id, environment, user_id, checkout_id, state, reason, status, currency, net_cents,
                                  total_cents, refunded_cents, pack_credits, target_credits, debt_credits, clock_us,
                                  snapshot, created_ms, updated_ms, dispute_lost, dispute_us, assigned_user, note)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
            ON CONFLICT (order_id) DO UPDATE SET
                user_id = $3, checkout_id = $4, state = $5, reason = $6, status = $7, currency = $8, net_cents = $9,
                total_cents = $10, refunded_cents = $11, pack_credits = $12, target_credits = $13, debt_credits = $14,
                clock_us = $15, snapshot = $16, updated_ms = $18, dispute_lost = $19, dispute_us = $20,
                assigned_user = $21, note = $22
            WHERE (payments.user_id, payments.checkout_id, payments.state, payments.reason, payments.status,
                   payments.currency, payments.net_cents, payments.total_cents, payments.refunded_cents,
                   payments.pack_credits, payments.target_credits, payments.debt_credits, payments.clock_us,
                   payments.snapshot, payments.dispute_lost, payments.dispute_us, payments.assigned_user,
                   payments.note)
                IS DISTINCT FROM ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $19, $20, $21, $22)
            """,
            .text(order.id.text), .text(payment.environment.rawValue), .optional(payment.user?.text),
            .optional(order.checkout?.text), .text(state.rawValue), .optional(reason),
            .optional(order.status?.rawValue),
            .optional(order.currency), .optional(order.amounts?.net), .optional(order.amounts?.total),
            .optional(order.amounts?.refunded), .optional(payment.pack), .integer(payment.target),
            .integer(payment.debt.rawValue), .integer(order.clock.rawValue), .text(order.json.text),
            .integer(createdAt.rawValue), .integer(now.rawValue),
            .integer(payment.dispute.isLost ? 1 : 0), .integer(payment.dispute.clock.rawValue),
            .optional(payment.assignedUser?.text), .optional(payment.note))
        let sale = Sale(
            in: payment.environment, currency: order.currency, state, reason: reason, status: order.status?.rawValue,
            net: order.amounts?.net, refunded: order.amounts?.refunded, at: createdAt)
        try Sale.count(payment.kept?.sale, sale, on: now.day, in: transaction)
    }

    static let columns = """
        snapshot, clock_us, environment, user_id, pack_credits, target_credits, debt_credits, dispute_lost, state,
        dispute_us, assigned_user, note, reason, status, currency, net_cents, refunded_cents, created_ms
        """
}

extension Payment {
    init(_ row: borrowing Row) {
        let clock = PolarClock(rawValue: row.integer(1))
        snapshot = row.value(0) { (try? JSON(Array($0.utf8))).flatMap { OrderSnapshot($0, at: clock) } }
        environment = row.value(2, Environment.init)
        user = row.optional(3, UserID.init)
        pack = row.optionalInteger(4)
        target = row.integer(5)
        debt = Credits(rawValue: row.integer(6))
        dispute = Dispute(isLost: row.integer(7) == 1, clock: PolarClock(rawValue: row.integer(9)))
        let state = row.value(8, PaymentState.init)
        isDismissed = state == .dismissed
        // Nothing else that does not say so itself is parked.
        wasPaid = snapshot.saysPaid || isDismissed || state == .parked
        assignedUser = row.optional(10, UserID.init)
        note = row.optionalText(11)
        kept = Kept(
            createdAt: row.instant(17),
            sale: Sale(
                in: environment, currency: row.optionalText(14), state, reason: row.optionalText(12),
                status: row.optionalText(13), net: row.optionalInteger(15), refunded: row.optionalInteger(16),
                at: row.instant(17)))
    }
}
