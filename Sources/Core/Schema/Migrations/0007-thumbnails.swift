extension Migration {
    /// A small picture of a result, for lists: a further file of the generation. There need not be one.
    static let thumbnails = Migration(
        version: 7,
        name: "thumbnails",
        sql: [
            """
            ALTER TABLE generations
            ADD COLUMN thumbnail_blob TEXT CHECK (thumbnail_blob IS NULL OR result_blob IS NOT NULL)
            """,
            "ALTER TABLE generations ADD COLUMN thumbnail_kind TEXT",
            "ALTER TABLE generations ADD COLUMN thumbnail_bytes INTEGER",
            "ALTER TABLE generations ADD COLUMN thumbnail_width INTEGER",
            "ALTER TABLE generations ADD COLUMN thumbnail_height INTEGER",
            "CREATE INDEX generations_by_thumbnail ON generations (thumbnail_blob) WHERE thumbnail_blob IS NOT NULL",
        ])
}
