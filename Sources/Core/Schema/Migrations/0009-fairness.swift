extension Migration {
    /// Limits and turns of each user's generations.
    static let fairness = Migration(
        version: 9,
        name: "fairness",
        sql: [
            // Whose turn it is: start-time fair queueing, one job of each user after the other. A job that comes takes the
            // turn that the queue has come to, or the one after its user's last.
            "ALTER TABLE generations ADD COLUMN turn INTEGER NOT NULL DEFAULT 0",
            """
            CREATE TABLE generation_turns (
                only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
                turn INTEGER NOT NULL
            ) STRICT
            """,
            "INSERT INTO generation_turns (only, turn) VALUES (1, 0)",
            // A job that failed waits outside of the queue for its next try. `due_ms` is since when it has waited in all.
            """
            ALTER TABLE generations
            ADD COLUMN rest_until_ms INTEGER CHECK (rest_until_ms IS NULL OR status = 'pending')
            """,
            // The last lease under which the provider was called.
            "ALTER TABLE generations ADD COLUMN called_fence INTEGER NOT NULL DEFAULT 0",
            // How often the provider stopped answering with this one, having answered others.
            "ALTER TABLE generations ADD COLUMN outages INTEGER NOT NULL DEFAULT 0",
            // Told before the upload: a failure of its own is not given back.
            "ALTER TABLE generations ADD COLUMN at_own_risk INTEGER NOT NULL DEFAULT 0 CHECK (at_own_risk IN (0, 1))",
            // A picture that nobody can read is not kept, only its name.
            """
            ALTER TABLE generations ADD COLUMN input_removed INTEGER NOT NULL DEFAULT 0
                CHECK (input_removed IN (0, 1)) CHECK (input_removed = 0 OR status = 'failed')
            """,
            "UPDATE generations SET input_removed = 1 WHERE status = 'failed' AND error = 'input_missing'",
            """
            UPDATE generations SET turn = ranked.turn FROM (
                SELECT seq, row_number() OVER (PARTITION BY user_id ORDER BY due_ms, seq) - 1 AS turn FROM generations
                WHERE status = 'pending') AS ranked
            WHERE ranked.seq = generations.seq
            """,
            """
            CREATE INDEX generations_ready ON generations (turn, seq)
            WHERE status = 'pending' AND rest_until_ms IS NULL
            """,
            """
            CREATE INDEX generations_resting ON generations (rest_until_ms)
            WHERE status = 'pending' AND rest_until_ms IS NOT NULL
            """,
            "CREATE INDEX generations_of_waiting_users ON generations (user_id) WHERE status = 'pending'",
            "CREATE INDEX generations_turns_of_users ON generations (user_id, turn) WHERE status <> 'cancelled'",
            """
            CREATE TABLE user_usage (
                user_id     TEXT    NOT NULL PRIMARY KEY REFERENCES users (id),
                image_bytes INTEGER NOT NULL DEFAULT 0 CHECK (image_bytes >= 0),
                failure_day INTEGER NOT NULL DEFAULT 0,
                failures    INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0)
            ) STRICT, WITHOUT ROWID
            """,
            """
            INSERT INTO user_usage (user_id, image_bytes)
            SELECT user_id, sum(\(imageBytes("generations"))) FROM generations GROUP BY 1
            """,
            """
            CREATE TRIGGER image_bytes_are_counted AFTER INSERT ON generations
            BEGIN
                INSERT INTO user_usage (user_id, image_bytes) VALUES (NEW.user_id, \(imageBytes("NEW")))
                ON CONFLICT (user_id) DO UPDATE SET image_bytes = image_bytes + excluded.image_bytes;
            END
            """,
            """
            CREATE TRIGGER image_bytes_that_change_are_counted_anew
            AFTER UPDATE OF input_blob, input_removed, input_bytes, result_blob, result_bytes, thumbnail_blob, thumbnail_bytes
            ON generations WHEN \(imageBytes("OLD")) <> \(imageBytes("NEW"))
            BEGIN
                UPDATE user_usage SET image_bytes = image_bytes + \(imageBytes("NEW")) - \(imageBytes("OLD"))
                WHERE user_id = NEW.user_id;
            END
            """,
        ])

    /// Of the files that a row refers to.
    private static func imageBytes(_ row: String) -> String {
        """
        (iif(\(row).input_blob IS NULL OR \(row).input_removed, 0, \(row).input_bytes)
         + iif(\(row).result_blob IS NULL, 0, coalesce(\(row).result_bytes, 0))
         + iif(\(row).thumbnail_blob IS NULL, 0, coalesce(\(row).thumbnail_bytes, 0)))
        """
    }
}
