internal import Database

/// A generation as an operator sees it, also one that its user has deleted.
public struct GenerationReport: Equatable, Sendable {
    public let id: Generation.ID
    public let user: UserID
    public let status: Generation.Status
    public let failure: GenerationFailure?
    public let attempts: Int64
    /// How often it was charged for.
    public let charges: Int64
    /// Whether the last charge was given back.
    public let isRefunded: Bool
    public let width: Int64
    public let height: Int64
    /// Its original, as long as it is needed.
    public let input: BlobID?
    public let result: BlobID?
    public let thumbnail: BlobID?
    public let createdAt: Instant
    /// When it may be tried, if it waits.
    public let dueAt: Instant
    public let leaseEnd: Instant?
    public let completedAt: Instant?
    public let deletedAt: Instant?
}

/// A file that a generation refers to.
public struct BlobReference: Equatable, Sendable {
    public let generation: Generation.ID
    public let blob: BlobID
    let place: Int64
}

extension Generations {
    /// Newest first.
    public func reports(
        of user: UserID?, status: Generation.Status?, limit: Int
    ) throws(StoreError) -> [GenerationReport] {
        precondition((1...1000).contains(limit))
        return try query(
            """
            SELECT \(GenerationReport.columns) FROM generations
            WHERE (CAST($1 AS TEXT) IS NULL OR user_id = $1) AND (CAST($2 AS TEXT) IS NULL OR status = $2)
            ORDER BY seq DESC LIMIT $3
            """,
            .optional(user?.text), .optional(status?.rawValue), .integer(Int64(limit)),
            decode: GenerationReport.init)
    }

    /// The generation and its entries, oldest first.
    public func report(
        on generation: Generation.ID
    ) throws(StoreError) -> (report: GenerationReport, entries: [LedgerEntry])? {
        try read { connection throws(DatabaseError) in
            let report = try connection.query(
                "SELECT \(GenerationReport.columns) FROM generations WHERE id = $1", .text(generation.text),
                decode: GenerationReport.init
            ).first
            guard let report else { return nil }
            let entries = try connection.query(
                "SELECT \(Ledger.columns) FROM ledger_entry WHERE generation_id = $1 ORDER BY id",
                .text(generation.text), decode: LedgerEntry.init)
            return (report, entries)
        }
    }

    /// As its user could, in the name of an operator.
    public func retry(
        _ id: Generation.ID, by actor: String, at now: Instant
    ) throws(StoreError) -> RetryOutcome {
        try write { transaction throws(DatabaseError) in
            guard let generation = try Generations.find(id, on: transaction.connection) else { return .unknown }
            // An operator knows what the limits are for.
            let outcome = try Generations.retry(generation, within: .none, at: now, in: transaction)
            if case .queued = outcome {
                try AuditLog.add(
                    actor: actor, action: "generation.retry", subject: id.text, old: generation.failure?.rawValue,
                    new: nil, at: now, in: transaction)
            }
            return outcome
        }
    }

    /// Every file that the generations refer to, page by page; one that two of them share comes twice.
    public func blobReferences(
        after cursor: Int64? = nil, limit: Int = 1000
    ) throws(StoreError) -> Page<BlobReference> {
        let found = try query(
            """
            SELECT seq, id, CASE WHEN input_removed = 0 THEN input_blob END, result_blob, thumbnail_blob FROM generations
            WHERE seq > $1 AND (input_blob IS NOT NULL AND input_removed = 0 OR result_blob IS NOT NULL)
            ORDER BY seq LIMIT $2
            """, .integer(cursor ?? .min), .integer(Int64(limit + 1)), decode: BlobReference.all)
        let page = Page(found, limit: limit) { $0.first?.place ?? 0 }
        return Page(page.items.flatMap(\.self), nextCursor: page.nextCursor)
    }
}

extension GenerationReport {
    static let columns = """
        id, user_id, status, error, attempts, charge, refunded, width, height, CASE WHEN input_removed = 0 THEN input_blob END,
        result_blob, created_ms, coalesce(rest_until_ms, due_ms), lease_end_ms, completed_ms, deleted_ms, thumbnail_blob
        """

    init(_ row: borrowing Row) {
        id = row.value(0, Generation.ID.init)
        user = row.value(1, UserID.init)
        status = row.value(2, Generation.Status.init)
        failure = row.optional(3, GenerationFailure.init)
        attempts = row.integer(4)
        charges = row.integer(5)
        isRefunded = row.integer(6) == 1
        width = row.integer(7)
        height = row.integer(8)
        input = row.optional(9, BlobID.init)
        result = row.optional(10, BlobID.init)
        thumbnail = row.optional(16, BlobID.init)
        createdAt = row.instant(11)
        dueAt = row.instant(12)
        leaseEnd = row.optionalInstant(13)
        completedAt = row.optionalInstant(14)
        deletedAt = row.optionalInstant(15)
    }
}

extension BlobReference {
    fileprivate static func all(_ row: borrowing Row) -> [BlobReference] {
        let (place, generation) = (row.integer(0), row.value(1, Generation.ID.init))
        return [row.optionalText(2), row.optionalText(3), row.optionalText(4)].compactMap { text in
            text.flatMap(BlobID.init).map { BlobReference(generation: generation, blob: $0, place: place) }
        }
    }
}
