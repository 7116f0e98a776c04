extension Migration {
    /// What users made of their credits, and the queue of what is still to be made: one row is both.
    static let generations = Migration(
        version: 4,
        name: "generations",
        sql: [
            """
            CREATE TABLE generations (
                seq           INTEGER PRIMARY KEY,
                id            TEXT    NOT NULL UNIQUE,
                user_id       TEXT    NOT NULL REFERENCES users (id),
                status        TEXT    NOT NULL CHECK (status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')),
                charge        INTEGER NOT NULL CHECK (charge >= 1),
                refunded      INTEGER NOT NULL DEFAULT 0 CHECK (refunded IN (0, 1)),
                attempts      INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                unreadable    INTEGER NOT NULL DEFAULT 0 CHECK (unreadable >= 0),
                fence         INTEGER NOT NULL DEFAULT 0,
                due_ms        INTEGER NOT NULL,
                lease_end_ms  INTEGER CHECK ((lease_end_ms IS NOT NULL) = (status = 'processing')),
                input_blob    TEXT,
                input_kind    TEXT    NOT NULL,
                input_bytes   INTEGER NOT NULL,
                width         INTEGER NOT NULL CHECK (width > 0),
                height        INTEGER NOT NULL CHECK (height > 0),
                result_blob   TEXT,
                result_kind   TEXT,
                result_bytes  INTEGER,
                result_width  INTEGER,
                result_height INTEGER,
                error         TEXT    CHECK ((error IS NOT NULL) = (status = 'failed')),
                created_ms    INTEGER NOT NULL,
                completed_ms  INTEGER,
                deleted_ms    INTEGER,
                CHECK (status <> 'completed' OR refunded = 0),
                CHECK (status <> 'cancelled' OR refunded = 1),
                CHECK (status IN ('completed', 'failed', 'cancelled') OR refunded = 0),
                CHECK (status <> 'completed' OR result_blob IS NOT NULL OR deleted_ms IS NOT NULL),
                CHECK (input_blob IS NOT NULL OR deleted_ms IS NOT NULL)
            ) STRICT
            """,
            "CREATE INDEX generations_by_user ON generations (user_id, seq) WHERE deleted_ms IS NULL",
            "CREATE INDEX generations_waiting ON generations (due_ms, seq) WHERE status = 'pending'",
            "CREATE INDEX generations_leased ON generations (lease_end_ms) WHERE status = 'processing'",
            "CREATE INDEX generations_by_input ON generations (input_blob) WHERE input_blob IS NOT NULL",
            "CREATE INDEX generations_by_result ON generations (result_blob) WHERE result_blob IS NOT NULL",
            """
            CREATE TRIGGER a_generation_is_paid_for BEFORE INSERT ON generations
            WHEN NEW.charge <> 1 OR NEW.refunded <> 0
                OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE user_id = NEW.user_id
                               AND idempotency_key = 'generation:' || NEW.id || ':charge:1')
            BEGIN SELECT RAISE(ABORT, 'a generation is paid for'); END
            """,
            """
            CREATE TRIGGER a_retry_is_paid_for BEFORE UPDATE OF charge ON generations
            WHEN NEW.charge <> OLD.charge
                AND (NEW.charge <> OLD.charge + 1 OR OLD.refunded = 0
                     OR NOT EXISTS (SELECT 1 FROM ledger_entry
                                    WHERE idempotency_key = 'generation:' || NEW.id || ':charge:' || NEW.charge))
            BEGIN SELECT RAISE(ABORT, 'a retry is paid for'); END
            """,
            """
            CREATE TRIGGER a_generation_keeps_its_user BEFORE UPDATE OF id, user_id ON generations
            BEGIN SELECT RAISE(ABORT, 'a generation keeps its user'); END
            """,
            """
            CREATE TRIGGER a_refund_is_in_the_ledger BEFORE UPDATE OF refunded ON generations
            WHEN NEW.refunded <> EXISTS (SELECT 1 FROM ledger_entry
                                         WHERE idempotency_key = 'generation:' || NEW.id || ':refund:' || NEW.charge)
            BEGIN SELECT RAISE(ABORT, 'a refund is in the ledger'); END
            """,
            """
            CREATE TRIGGER a_generation_stays BEFORE DELETE ON generations
            BEGIN SELECT RAISE(ABORT, 'a generation stays'); END
            """,
            // REPLACE removes a row without asking the trigger above.
            """
            CREATE TRIGGER a_generation_is_never_replaced BEFORE INSERT ON generations
            WHEN EXISTS (SELECT 1 FROM generations WHERE id = NEW.id OR seq = NEW.seq)
            BEGIN SELECT RAISE(ABORT, 'a generation is never replaced'); END
            """,
            "CREATE TABLE provider_calls (day INTEGER NOT NULL PRIMARY KEY, calls INTEGER NOT NULL) STRICT",
        ])
}
