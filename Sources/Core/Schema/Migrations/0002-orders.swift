extension Migration {
    /// Checkouts, the orders that came of them, and every webhook that told of one. Money is in minor units.
    static let orders = Migration(
        version: 2,
        name: "checkouts, payments and deliveries",
        sql: [
            """
            CREATE TABLE checkouts (
                id               TEXT    NOT NULL PRIMARY KEY,
                environment      TEXT    NOT NULL CHECK (environment IN ('sandbox', 'production')),
                user_id          TEXT    NOT NULL REFERENCES users (id),
                product_id       TEXT    NOT NULL,
                quantity         INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 20),
                pack_price_cents INTEGER NOT NULL,
                credits_per_pack INTEGER NOT NULL,
                credits          INTEGER NOT NULL CHECK (credits = quantity * credits_per_pack),
                amount_cents     INTEGER NOT NULL CHECK (amount_cents = quantity * pack_price_cents),
                currency         TEXT    NOT NULL,
                status           TEXT    NOT NULL CHECK (status IN ('creating', 'open', 'confirmed', 'succeeded',
                                                                    'expired', 'failed')),
                polar_id         TEXT    UNIQUE CHECK ((polar_id IS NOT NULL) OR status IN ('creating', 'failed')),
                url              TEXT,
                client_secret    TEXT,
                expires_ms       INTEGER,
                status_us        INTEGER NOT NULL DEFAULT 0,
                asked_ms         INTEGER NOT NULL DEFAULT 0,
                created_ms       INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX checkouts_by_user ON checkouts (user_id, created_ms)",
            """
            CREATE TRIGGER a_promised_price_is_never_changed
            BEFORE UPDATE OF user_id, environment, product_id, quantity, pack_price_cents, credits_per_pack, credits,
                             amount_cents, currency ON checkouts
            BEGIN SELECT RAISE(ABORT, 'a promised price is never changed'); END
            """,
            """
            CREATE TABLE payments (
                order_id        TEXT    NOT NULL PRIMARY KEY,
                environment     TEXT    NOT NULL CHECK (environment IN ('sandbox', 'production')),
                user_id         TEXT    REFERENCES users (id),
                checkout_id     TEXT,
                state           TEXT    NOT NULL CHECK (state IN ('applied', 'recorded', 'parked', 'dismissed')),
                reason          TEXT    CHECK ((state = 'applied') = (reason IS NULL)),
                status          TEXT,
                currency        TEXT,
                net_cents       INTEGER,
                total_cents     INTEGER,
                refunded_cents  INTEGER,
                pack_credits    INTEGER CHECK (pack_credits > 0),
                target_credits  INTEGER NOT NULL DEFAULT 0 CHECK (target_credits BETWEEN 0 AND coalesce(pack_credits, 0)),
                debt_credits    INTEGER NOT NULL DEFAULT 0 CHECK (debt_credits >= 0),
                dispute_lost    INTEGER NOT NULL DEFAULT 0 CHECK (dispute_lost IN (0, 1)),
                clock_us        INTEGER NOT NULL,
                snapshot        TEXT    NOT NULL,
                created_ms      INTEGER NOT NULL,
                updated_ms      INTEGER NOT NULL,
                CHECK (user_id IS NOT NULL OR target_credits = 0)
            ) STRICT, WITHOUT ROWID
            """,
            "CREATE INDEX payments_by_user ON payments (user_id, created_ms)",
            "CREATE INDEX payments_by_checkout ON payments (checkout_id) WHERE checkout_id IS NOT NULL",
            "CREATE INDEX payments_parked ON payments (created_ms) WHERE state = 'parked'",
            """
            CREATE TRIGGER a_payment_keeps_its_user BEFORE UPDATE OF user_id ON payments
            WHEN OLD.user_id IS NOT NULL AND NEW.user_id IS NOT OLD.user_id
                 AND EXISTS (SELECT 1 FROM ledger_entry WHERE order_id = OLD.order_id)
            BEGIN SELECT RAISE(ABORT, 'a payment keeps its user'); END
            """,
            """
            CREATE TABLE deliveries (
                id          INTEGER PRIMARY KEY,
                webhook_id  TEXT    NOT NULL UNIQUE,
                environment TEXT    NOT NULL CHECK (environment IN ('sandbox', 'production')),
                type        TEXT,
                order_id    TEXT,
                verdict     TEXT    NOT NULL,
                reason      TEXT,
                headers     TEXT    NOT NULL,
                body        BLOB,
                sent_ms     INTEGER NOT NULL,
                received_ms INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX deliveries_by_order ON deliveries (order_id) WHERE order_id IS NOT NULL",
        ])
}
