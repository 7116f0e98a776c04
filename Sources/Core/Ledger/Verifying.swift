internal import Database
private import JSON

extension Ledger {
    /// Recomputes every balance, target, charge and debt from the entries and the rows, on one state of the database.
    ///
    /// The engine walks the rows; memory does not grow with the ledger. Each check names its first 1000 faults.
    ///
    /// - Parameter room: bytes free beside the database, for a copy to look at.
    /// - Returns: nothing, if all is as the rules of credits say.
    public func verify(room: Int64? = nil) throws(StoreError) -> [LedgerFault] {
        do throws(DatabaseError) {
            return try store.engine.examine(room: room) { connection throws(DatabaseError) in
                try Verification.faults(on: connection)
            }
        } catch {
            throw StoreError(error)
        }
    }
}

extension Verification {
    static func faults(on connection: Connection) throws(DatabaseError) -> [LedgerFault] {
        var verification = Verification(connection: connection)
        do throws(DatabaseError) {
            try verification.checkEverything()
        } catch {
            // A page that the engine cannot make sense of is what was looked for.
            guard error.kind == .damaged else { throw error }
            verification.faults.append(.fileDamaged(error.description))
        }
        return verification.faults
    }

    private mutating func checkEverything() throws(DatabaseError) {
        try checkFile()
        // What the engine cannot read, nobody can recompute.
        guard faults.isEmpty else { return }
        try checkUsers()
        try checkEntries()
        try checkDays()
        try checkSums()
        try checkOrders()
        try checkPayments()
        try checkGenerations()
    }
}

/// One look over everything. The generations' part stands in Verifying+Generations.swift.
struct Verification {
    static let limit = 1000

    let connection: Connection
    var faults: [LedgerFault] = []

    mutating func checkFile() throws(DatabaseError) {
        try find(connection.dialect.damages) { .fileDamaged($0.text(0)) }
        try find(connection.dialect.danglingReferences) { .referenceDangles(table: $0.text(0), parent: $0.text(1)) }
    }

    mutating func checkUsers() throws(DatabaseError) {
        try find("SELECT id, balance FROM users WHERE balance < 0 LIMIT \(Self.limit)") {
            .balanceBelowZero(user: $0.text(0), balance: $0.integer(1))
        }
        try find(
            """
            SELECT id, balance, total FROM (
                SELECT id, balance, CAST((SELECT coalesce(sum(amount), 0) FROM ledger_entry
                                          WHERE user_id = users.id) AS BIGINT) AS total
                FROM users) AS sums
            WHERE balance <> total LIMIT \(Self.limit)
            """
        ) { .balanceIsNotItsSum(user: $0.text(0), balance: $0.integer(1), sum: $0.integer(2)) }
        try find(
            """
            SELECT id, balance, newest FROM (
                SELECT id, balance, coalesce((SELECT balance_after FROM ledger_entry WHERE user_id = users.id
                                              ORDER BY id DESC LIMIT 1), 0) AS newest
                FROM users) AS ends
            WHERE balance <> newest LIMIT \(Self.limit)
            """
        ) { .balanceIsNotTheNewest(user: $0.text(0), balance: $0.integer(1), newest: $0.integer(2)) }
        try find(
            """
            SELECT id, debt, owed FROM (
                SELECT id, debt,
                       CAST((SELECT coalesce(sum(debt_credits), 0) FROM payments WHERE user_id = users.id)
                            + (SELECT coalesce(sum(amount), 0) FROM ledger_entry
                               WHERE user_id = users.id AND kind = 'repayment') AS BIGINT) AS owed
                FROM users) AS debts
            WHERE debt <> owed LIMIT \(Self.limit)
            """
        ) { .debtIsNotOwed(user: $0.text(0), debt: $0.integer(1), owed: $0.integer(2)) }
    }

    mutating func checkEntries() throws(DatabaseError) {
        try find(
            """
            SELECT id, user_id, previous, amount, balance_after FROM (
                SELECT id, user_id, amount, balance_after,
                       lag(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY id) AS previous
                FROM ledger_entry) AS chain
            WHERE balance_after <> previous + amount LIMIT \(Self.limit)
            """
        ) {
            .entryDoesNotContinue(
                entry: $0.integer(0), user: $0.text(1), before: $0.integer(2), amount: $0.integer(3),
                after: $0.integer(4))
        }
        try find("SELECT id, user_id, balance_after FROM ledger_entry WHERE balance_after < 0 LIMIT \(Self.limit)") {
            .entryBelowZero(entry: $0.integer(0), user: $0.text(1), after: $0.integer(2))
        }
        try find(
            "SELECT user_id FROM ledger_entry WHERE kind = 'trial' GROUP BY 1 HAVING count(*) > 1 LIMIT \(Self.limit)"
        ) { .secondTrial(user: $0.text(0)) }
        try find(
            """
            SELECT id, kind, idempotency_key FROM (
                SELECT id, kind, idempotency_key,
                       CASE kind WHEN 'trial' THEN 'trial:' || user_id
                                 WHEN 'charge' THEN 'generation:' || generation_id || ':charge:'
                                 WHEN 'refund' THEN 'generation:' || generation_id || ':refund:'
                                 WHEN 'adjustment' THEN 'adjustment:'
                                 ELSE 'order:' || order_id || ':target:' END AS beginning
                FROM ledger_entry) AS named
            WHERE substr(idempotency_key, 1, length(beginning)) <> beginning
                AND NOT (kind = 'repayment' AND idempotency_key LIKE 'generation:%:refund:%:repayment')
            LIMIT \(Self.limit)
            """
        ) { .entryNamesAnotherEvent(entry: $0.integer(0), kind: $0.text(1), key: $0.text(2)) }
    }

    mutating func checkDays() throws(DatabaseError) {
        try find(
            """
            SELECT day, kind, CAST(sum(kept) AS BIGINT), CAST(sum(total) AS BIGINT) FROM (
                SELECT day, key AS kind, amount AS kept, count AS counted, 0 AS total, 0 AS number
                FROM \(Sums.rows) AS summed WHERE name = 'ledger'
                UNION ALL
                SELECT created_ms / 86400000, kind, 0, 0, sum(amount), count(*) FROM ledger_entry GROUP BY 1, 2)
                    AS days
            GROUP BY 1, 2 HAVING sum(kept) <> sum(total) OR sum(counted) <> sum(number) LIMIT \(Self.limit)
            """
        ) { .dayMiscounted(day: $0.integer(0), kind: $0.text(1), kept: $0.integer(2), sum: $0.integer(3)) }
    }

    mutating func checkOrders() throws(DatabaseError) {
        try find(
            """
            SELECT DISTINCT order_id FROM ledger_entry e
            WHERE order_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = e.order_id)
            LIMIT \(Self.limit)
            """
        ) { .orderWithoutPayment(order: $0.text(0)) }
        try find(
            """
            SELECT p.order_id, e.id, e.user_id FROM ledger_entry e JOIN payments p ON p.order_id = e.order_id
            WHERE e.user_id IS DISTINCT FROM p.user_id LIMIT \(Self.limit)
            """
        ) { .orderOfAnotherUser(order: $0.text(0), entry: $0.integer(1), user: $0.text(2)) }
        try find(
            """
            SELECT order_id FROM ledger_entry WHERE order_id IS NOT NULL AND kind = 'purchase'
            GROUP BY 1 HAVING count(*) > 1 LIMIT \(Self.limit)
            """
        ) { .secondPurchase(order: $0.text(0)) }
    }

    /// Decides every order anew, from the snapshot that was applied last.
    mutating func checkPayments() throws(DatabaseError) {
        try find(
            """
            SELECT p.order_id, p.state, p.snapshot, p.clock_us, p.pack_credits, p.target_credits, p.debt_credits,
                   p.dispute_lost, p.currency,
                   (SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM ledger_entry e
                    WHERE e.order_id = p.order_id AND e.kind <> 'repayment'),
                   c.product_id, c.credits, c.amount_cents, c.currency, p.assigned_user IS NOT NULL
            FROM payments p LEFT JOIN checkouts c ON c.polar_id = p.checkout_id
            """
        ) { StoredPayment($0).faults }
    }

    mutating func find(
        _ sql: String, fault: (borrowing Row) -> LedgerFault?
    ) throws(DatabaseError) {
        try find(sql) { row in fault(row).map { [$0] } ?? [] }
    }

    private mutating func find(
        _ sql: String, faults: (borrowing Row) -> [LedgerFault]
    ) throws(DatabaseError) {
        var found: [LedgerFault] = []
        try connection.forEach(sql) { row in
            if found.count < Self.limit { found += faults(row) }
        }
        self.faults += found
    }
}

/// A payment, its entries' sum and its checkout's promise, as they stand.
private struct StoredPayment {
    let order: String
    let isApplied: Bool
    let snapshot: OrderSnapshot?
    let pack: Int64?
    let target: Int64
    let debt: Int64
    let hasLostDispute: Bool
    let currency: String?
    let sum: Int64
    let lock: PriceLock?
    let isAssigned: Bool

    init(_ row: borrowing Row) {
        order = row.text(0)
        isApplied = row.text(1) == PaymentState.applied.rawValue
        let clock = PolarClock(rawValue: row.integer(3))
        // What does not read becomes a fault of its own.
        snapshot = (try? JSON(Array(row.text(2).utf8))).flatMap { OrderSnapshot($0, at: clock) }
        pack = row.optionalInteger(4)
        target = row.integer(5)
        debt = row.integer(6)
        hasLostDispute = row.integer(7) == 1
        currency = row.optionalText(8)
        sum = row.integer(9)
        lock = row.optional(10, Product.ID.init).map { product in
            PriceLock(product: product, credits: row.integer(11), amount: row.integer(12), currency: row.text(13))
        }
        isAssigned = row.integer(14) == 1
    }

    var faults: [LedgerFault] {
        var faults: [LedgerFault] = []
        if sum - debt != target {
            faults.append(.entriesMissTheTarget(order: order, sum: sum, debt: debt, target: target))
        }
        if let lock, let pack, pack != lock.credits {
            faults.append(.packIsNotThePromise(order: order, pack: pack, promised: lock.credits))
        }
        return isApplied ? faults + targetFaults : faults
    }

    private var targetFaults: [LedgerFault] {
        guard let snapshot else { return [.paymentUnreadable(order: order)] }
        guard let pack else { return [.paymentIsNotApplicable(order: order, decision: "it was never sold")] }
        // What was sold is settled: the catalogue of today has no say in it.
        let catalogue = Catalogue(
            product: snapshot.product ?? Product.ID(random: [UInt8](repeating: 0, count: 16)), creditsPerPack: pack,
            packPrice: 0, currency: currency ?? "")
        switch OrderDecision(
            snapshot, catalogue: catalogue, lock: lock, earlierPack: pack, wasPaid: false,
            hasLostDispute: hasLostDispute, isAssigned: isAssigned)
        {
        case .grant(let due, _): return due == target ? [] : [.targetIsNotDue(order: order, target: target, due: due)]
        case .unpaid: return target == 0 ? [] : [.targetIsNotDue(order: order, target: target, due: 0)]
        case .parked(let reason):
            return [.paymentIsNotApplicable(order: order, decision: "it is parked: \(reason.rawValue)")]
        case .recorded(let reason):
            return [.paymentIsNotApplicable(order: order, decision: "it is only recorded: \(reason.rawValue)")]
        }
    }
}
