private import JSON
internal import SQLite

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
    let hasLostDispute: Bool
    let isDismissed: Bool

    /// Whose the order is for good: credits were decided for that user.
    var owner: UserID? { pack == nil ? nil : user }

    init(_ snapshot: OrderSnapshot, earlier: Payment?, environment: Environment) {
        self.snapshot = snapshot
        self.environment = environment
        user = earlier?.user
        pack = earlier?.pack
        target = earlier?.target ?? 0
        debt = earlier?.debt ?? .zero
        hasLostDispute = earlier?.hasLostDispute ?? false
        isDismissed = earlier?.isDismissed ?? false
    }
}

enum Payments {
    static func find(_ id: Order.ID, on connection: Connection) throws(SQLiteError) -> Payment? {
        try connection.query("SELECT \(columns) FROM payments WHERE order_id = ?", .text(id.text), decode: Payment.init)
            .first
    }

    static func wasGranted(_ id: Order.ID, on connection: Connection) throws(SQLiteError) -> Bool {
        try connection.query(
            "SELECT 1 FROM ledger_entry WHERE order_id = ? AND kind = 'purchase' LIMIT 1", .text(id.text)
        ) { $0.integer(0) }.isEmpty == false
    }

    static func save(
        _ payment: Payment, outcome: OrderOutcome, at now: Instant, in transaction: borrowing Transaction
    ) throws(SQLiteError) {
        let order = payment.snapshot
        let (state, reason): (String, String?) =
            switch outcome {
            case .recorded(.dismissed): ("dismissed", RecordedReason.dismissed.rawValue)
            case .recorded(let reason): ("recorded", reason.rawValue)
            case .parked(let reason): ("parked", reason.rawValue)
            case .applied, .unchanged, .stale, .otherEnvironment: ("applied", nil)
            }
        try transaction.connection.execute(
            """
            INSERT INTO payments (order_id, environment, user_id, checkout_id, state, reason, status, currency, net_cents,
                                  total_cents, refunded_cents, pack_credits, target_credits, debt_credits, clock_us,
                                  snapshot, created_ms, updated_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            ON CONFLICT (order_id) DO UPDATE SET
                user_id = ?3, checkout_id = ?4, state = ?5, reason = ?6, status = ?7, currency = ?8, net_cents = ?9,
                total_cents = ?10, refunded_cents = ?11, pack_credits = ?12, target_credits = ?13, debt_credits = ?14,
                clock_us = ?15, snapshot = ?16, updated_ms = ?18
            """,
            .text(order.id.text), .text(payment.environment.rawValue), .optional(payment.user?.text),
            .optional(order.checkout?.text), .text(state), .optional(reason), .optional(order.status?.rawValue),
            .optional(order.currency), .optional(order.amounts?.net), .optional(order.amounts?.total),
            .optional(order.amounts?.refunded), .optional(payment.pack), .integer(payment.target),
            .integer(payment.debt.rawValue), .integer(order.clock.rawValue), .text(order.json.text),
            .integer((order.createdAt ?? now).rawValue), .integer(now.rawValue))
    }

    static let columns = """
        snapshot, clock_us, environment, user_id, pack_credits, target_credits, debt_credits, dispute_lost, state
        """
}

extension Payment {
    init(_ row: borrowing Row) {
        guard let json = try? JSON(Array(row.text(0).utf8)),
            let snapshot = OrderSnapshot(json, at: PolarClock(rawValue: row.integer(1))),
            let environment = Environment(rawValue: row.text(2))
        else { preconditionFailure("A payment holds what no version of this program writes") }
        self.snapshot = snapshot
        self.environment = environment
        user = row.optionalText(3).flatMap(UserID.init)
        pack = row.optionalInteger(4)
        target = row.integer(5)
        debt = Credits(rawValue: row.integer(6))
        hasLostDispute = row.integer(7) == 1
        isDismissed = row.text(8) == "dismissed"
    }
}
