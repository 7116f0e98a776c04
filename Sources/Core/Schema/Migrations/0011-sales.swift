extension Migration {
    /// A sale is over when it is paid: its order settles the checkout that it came of.
    static let sales = Migration(
        version: 11,
        name: "sales",
        sql: [
            """
            ALTER TABLE checkouts ADD COLUMN has_paid_order INTEGER NOT NULL DEFAULT 0
                CHECK (has_paid_order IN (0, 1)) CHECK (status = 'succeeded' OR has_paid_order = 0)
            """,
            // Those whose order came while Polar's word on the checkout itself did not.
            """
            UPDATE checkouts SET status = 'succeeded', has_paid_order = 1 WHERE EXISTS (
                SELECT 1 FROM payments
                WHERE checkout_id = checkouts.polar_id AND payments.environment = checkouts.environment
                  AND (pack_credits IS NOT NULL OR payments.status IN ('paid', 'refunded', 'partially_refunded')
                       OR snapshot ->> '$.paid'))
            """,
            """
            CREATE INDEX checkouts_unsettled ON checkouts (environment, asked_ms, created_ms)
            WHERE has_paid_order = 0 AND status IN ('open', 'confirmed', 'succeeded')
            """,
            """
            CREATE TRIGGER a_paid_sale_stays_paid BEFORE UPDATE OF has_paid_order ON checkouts
            WHEN OLD.has_paid_order = 1 AND NEW.has_paid_order <> 1
            BEGIN SELECT RAISE(ABORT, 'a paid sale stays paid'); END
            """,
        ])
}
