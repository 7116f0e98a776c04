internal import Database

/// The sums that pages read instead of adding up, against what they were added up from.
extension Verification {
    mutating func checkSums() throws(DatabaseError) {
        try find(
            """
            SELECT key, CAST(sum(sold) AS BIGINT), CAST(sum(sold_sum) AS BIGINT), CAST(sum(refunded) AS BIGINT),
                   CAST(sum(refunded_sum) AS BIGINT) FROM (
                SELECT key, count AS orders, CASE name WHEN 'sold' THEN amount ELSE 0 END AS sold,
                       CASE name WHEN 'refunded' THEN amount ELSE 0 END AS refunded,
                       0 AS orders_sum, 0 AS sold_sum, 0 AS refunded_sum
                FROM \(Sums.rows) AS summed WHERE name IN ('sold', 'refunded')
                UNION ALL
                SELECT environment || ' ' || currency, 0, 0, 0, 1, coalesce(net_cents, 0), coalesce(refunded_cents, 0)
                FROM payments
                WHERE currency IS NOT NULL AND (state IN ('parked', 'dismissed') OR reason = 'settled'
                    OR (state = 'applied' AND coalesce(status, 'paid') NOT IN ('draft', 'pending', 'void')))) AS counted
            GROUP BY key
            HAVING sum(orders) <> sum(orders_sum) OR sum(sold) <> sum(sold_sum) OR sum(refunded) <> sum(refunded_sum)
            LIMIT \(Self.limit)
            """
        ) {
            .moneyMiscounted(
                currency: $0.text(0), sold: $0.integer(1), soldSum: $0.integer(2), refunded: $0.integer(3),
                refundedSum: $0.integer(4))
        }
        try find(
            """
            SELECT status, CAST(sum(kept) AS BIGINT), CAST(sum(counted) AS BIGINT) FROM (
                SELECT key AS status, count AS kept, 0 AS counted FROM \(Sums.rows) AS summed WHERE name = 'generations'
                UNION ALL
                SELECT status, 0, count(*) FROM generations WHERE status NOT IN ('pending', 'processing')
                GROUP BY 1) AS counts
            GROUP BY status HAVING sum(kept) <> sum(counted) LIMIT \(Self.limit)
            """
        ) { .generationsMiscounted(status: $0.text(0), kept: $0.integer(1), count: $0.integer(2)) }
        try find(
            """
            SELECT user_id, CAST(sum(kept) AS BIGINT), CAST(sum(counted) AS BIGINT) FROM (
                SELECT user_id, image_bytes AS kept, 0 AS counted FROM user_usage
                UNION ALL
                SELECT user_id, 0, \(Quotas.imageBytes) FROM generations) AS bytes
            GROUP BY user_id HAVING sum(kept) <> sum(counted) LIMIT \(Self.limit)
            """
        ) { .imagesMiscounted(user: $0.text(0), kept: $0.integer(1), sum: $0.integer(2)) }
    }
}
