internal import Database

/// Every charge against its generation, and every refund against its charge.
///
/// What a row alone can show, such as a completed generation that counts as refunded, is refused by the table's CHECKs,
/// and the engine's check of the file has looked at those already.
extension Verification {
    mutating func checkGenerations() throws(DatabaseError) {
        try checkRefunds()
        try checkOwners()
        try checkCharges()
        try checkKeys()
        try checkRepayments()
    }

    /// A refund that debt was paid from: the same user's, before it, and at least as much.
    private mutating func checkRepayments() throws(DatabaseError) {
        try find(
            """
            SELECT p.id, p.user_id FROM ledger_entry p LEFT JOIN ledger_entry r
              ON r.idempotency_key = substr(p.idempotency_key, 1, length(p.idempotency_key) - length(':repayment'))
             AND r.kind = 'refund' AND r.user_id = p.user_id AND r.id < p.id AND r.amount >= -p.amount
            WHERE p.kind = 'repayment' AND p.idempotency_key LIKE 'generation:%' AND r.id IS NULL LIMIT \(Self.limit)
            """
        ) { .repaymentWithoutRefund(entry: $0.integer(0), user: $0.text(1)) }
    }

    /// A client's key is charged once, and what was answered under it is what was charged.
    private mutating func checkKeys() throws(DatabaseError) {
        try find(
            """
            SELECT user_id, request_key, count(*) FROM generations WHERE request_key IS NOT NULL
            GROUP BY 1, 2 HAVING count(*) > 1 LIMIT \(Self.limit)
            """
        ) { .keyChargedAgain(user: $0.text(0), key: $0.text(1), generations: $0.integer(2)) }
        try find(
            """
            SELECT k.user_id, k.key, k.generation_id FROM idempotency_keys k
            LEFT JOIN generations g ON g.id = k.generation_id AND g.user_id = k.user_id AND g.request_key = k.key
            WHERE k.generation_id IS NOT NULL AND g.id IS NULL LIMIT \(Self.limit)
            """
        ) { .keyOfAnotherGeneration(user: $0.text(0), key: $0.text(1), generation: $0.text(2)) }
    }

    private mutating func checkRefunds() throws(DatabaseError) {
        let refunds = """
            FROM ledger_entry r LEFT JOIN ledger_entry c
              ON c.idempotency_key = 'generation:' || r.generation_id || ':charge:'
                 || substr(r.idempotency_key, length('generation:' || r.generation_id || ':refund:') + 1)
             AND c.kind = 'charge' AND c.user_id = r.user_id AND c.id < r.id
            WHERE r.kind = 'refund'
            """
        try find("SELECT r.generation_id, r.id \(refunds) AND c.id IS NULL LIMIT \(Self.limit)") {
            .refundWithoutCharge(generation: $0.text(0), entry: $0.integer(1))
        }
        try find(
            "SELECT r.generation_id, r.id, r.amount, c.amount \(refunds) AND c.amount <> -r.amount LIMIT \(Self.limit)"
        ) {
            .refundIsNotItsCharge(
                generation: $0.text(0), entry: $0.integer(1), amount: $0.integer(2), charge: $0.integer(3))
        }
    }

    private mutating func checkOwners() throws(DatabaseError) {
        try find(
            """
            SELECT e.generation_id, e.id, e.user_id, g.user_id FROM ledger_entry e
            LEFT JOIN generations g ON g.id = e.generation_id
            WHERE e.generation_id IS NOT NULL AND e.user_id IS DISTINCT FROM g.user_id LIMIT \(Self.limit)
            """
        ) { row in
            row.optionalText(3) == nil
                ? .entryWithoutGeneration(generation: row.text(0), entry: row.integer(1))
                : .generationOfAnotherUser(generation: row.text(0), entry: row.integer(1), user: row.text(2))
        }
    }

    /// The charges of a generation are numbered from 1 to `charge`. All but the last were given back, each before the
    /// next; the row says whether the last one was.
    private mutating func checkCharges() throws(DatabaseError) {
        let number = "substr(c.idempotency_key, length('generation:' || c.generation_id || ':charge:') + 1)"
        try find(
            "SELECT generation_id, id, amount FROM ledger_entry WHERE kind = 'charge' AND amount <> -1 LIMIT \(Self.limit)"
        ) { .chargeIsNotThePrice(generation: $0.text(0), entry: $0.integer(1), amount: $0.integer(2)) }
        try find(
            """
            SELECT c.generation_id, c.id FROM ledger_entry c
            WHERE c.kind = 'charge' AND \(number) <> '1' AND NOT EXISTS (
                SELECT 1 FROM ledger_entry r
                WHERE r.idempotency_key = 'generation:' || c.generation_id || ':refund:' || (CAST(\(number) AS BIGINT) - 1)
                    AND r.id < c.id)
            LIMIT \(Self.limit)
            """
        ) { .chargedAgain(generation: $0.text(0), entry: $0.integer(1)) }
        try find(
            """
            SELECT id, charge, charges FROM (
                SELECT g.id, g.charge, count(c.id) AS charges,
                       sum(CASE WHEN CAST(\(number) AS BIGINT) BETWEEN 1 AND g.charge
                                     AND \(number) = CAST(CAST(\(number) AS BIGINT) AS TEXT) THEN 1 ELSE 0 END) AS numbered
                FROM generations g LEFT JOIN ledger_entry c ON c.generation_id = g.id AND c.kind = 'charge'
                GROUP BY g.id, g.charge) AS counted
            WHERE charges <> charge OR numbered <> charge LIMIT \(Self.limit)
            """
        ) { .chargesMiscounted(generation: $0.text(0), known: $0.integer(1), charges: $0.integer(2)) }
        try find(
            """
            SELECT id, status, refunded FROM generations g
            WHERE (refunded = 1) <> EXISTS (SELECT 1 FROM ledger_entry
                                      WHERE idempotency_key = 'generation:' || g.id || ':refund:' || g.charge)
            LIMIT \(Self.limit)
            """
        ) { .refundIsNotNoted(generation: $0.text(0), status: $0.text(1), isRefunded: $0.integer(2) == 1) }
    }
}
