extension Migration {
    /// Indexes for every way in which admins filter lists, and sums that pages and metrics read instead of adding up.
    static let lists = Migration(
        version: 6,
        name: "lists and sums",
        sql: [
            "CREATE INDEX payments_by_status ON payments (status, created_ms, order_id)",
            "CREATE INDEX payments_by_state_and_status ON payments (state, status, created_ms, order_id)",
            "CREATE INDEX payments_refunded ON payments (updated_ms) WHERE refunded_cents > 0",
            "CREATE INDEX payments_of_lost_disputes ON payments (environment) WHERE dispute_lost = 1",
            "CREATE INDEX deliveries_by_type ON deliveries (type, id)",
            "CREATE INDEX deliveries_by_verdict_and_type ON deliveries (verdict, type, id)",
            "CREATE INDEX ledger_entry_by_time ON ledger_entry (created_ms, id)",

            // Money by the day it came and by the day it went back, in minor units, without tax.
            """
            CREATE TABLE money_days (
                day            INTEGER NOT NULL,
                environment    TEXT    NOT NULL,
                currency       TEXT    NOT NULL,
                orders         INTEGER NOT NULL,
                sold_cents     INTEGER NOT NULL,
                refunded_cents INTEGER NOT NULL,
                PRIMARY KEY (day, environment, currency)
            ) STRICT, WITHOUT ROWID
            """,
            """
            INSERT INTO money_days
            SELECT day, environment, currency, sum(orders), sum(sold), sum(refunded) FROM (
                SELECT created_ms / 86400000 AS day, environment, currency, 1 AS orders, coalesce(net_cents, 0) AS sold,
                       0 AS refunded FROM payments WHERE \(wasSold("payments"))
                UNION ALL
                SELECT updated_ms / 86400000, environment, currency, 0, 0, refunded_cents FROM payments
                WHERE refunded_cents > 0 AND \(wasSold("payments")))
            GROUP BY 1, 2, 3
            """,
            """
            CREATE TRIGGER a_sale_counts_for_its_day AFTER INSERT ON payments WHEN \(wasSold("NEW"))
            BEGIN \(count("NEW", by: "+")) END
            """,
            """
            CREATE TRIGGER a_sale_that_changes_is_counted_anew AFTER UPDATE ON payments
            WHEN (\(wasSold("OLD"))) IS NOT (\(wasSold("NEW"))) OR OLD.net_cents IS NOT NEW.net_cents
                OR OLD.refunded_cents IS NOT NEW.refunded_cents OR OLD.currency IS NOT NEW.currency
            BEGIN \(count("OLD", by: "-")) \(count("NEW", by: "+")) END
            """,

            """
            CREATE TABLE generation_counts (
                status      TEXT    NOT NULL PRIMARY KEY,
                generations INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "INSERT INTO generation_counts SELECT status, count(*) FROM generations GROUP BY 1",
            """
            CREATE TRIGGER a_generation_is_counted AFTER INSERT ON generations
            BEGIN
                INSERT INTO generation_counts VALUES (NEW.status, 1)
                ON CONFLICT DO UPDATE SET generations = generations + 1;
            END
            """,
            """
            CREATE TRIGGER a_generation_that_moves_on_is_counted_anew AFTER UPDATE OF status ON generations
            WHEN OLD.status <> NEW.status
            BEGIN
                UPDATE generation_counts SET generations = generations - 1 WHERE status = OLD.status;
                INSERT INTO generation_counts VALUES (NEW.status, 1)
                ON CONFLICT DO UPDATE SET generations = generations + 1;
            END
            """,
        ])

    /// Whether the row of a payment means that we were paid: also what no rule could grant, and what was refunded before.
    private static func wasSold(_ row: String) -> String {
        """
        \(row).currency IS NOT NULL AND (\(row).state IN ('parked', 'dismissed') OR \(row).reason IS 'settled'
            OR (\(row).state = 'applied' AND coalesce(\(row).status, 'paid') NOT IN ('draft', 'pending', 'void')))
        """
    }

    /// Adds the row to the days, or takes it out: the sale on the day of the order, the refund on the day of the change.
    private static func count(_ row: String, by sign: String) -> String {
        """
        INSERT INTO money_days
        SELECT \(row).created_ms / 86400000, \(row).environment, \(row).currency, \(sign)1,
               \(sign)coalesce(\(row).net_cents, 0), 0
        WHERE \(wasSold(row))
        ON CONFLICT DO UPDATE SET orders = orders + excluded.orders, sold_cents = sold_cents + excluded.sold_cents;
        INSERT INTO money_days
        SELECT NEW.updated_ms / 86400000, \(row).environment, \(row).currency, 0, 0, \(sign)\(row).refunded_cents
        WHERE \(row).refunded_cents > 0 AND \(wasSold(row))
        ON CONFLICT DO UPDATE SET refunded_cents = refunded_cents + excluded.refunded_cents;
        """
    }
}
