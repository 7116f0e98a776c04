public import Core

extension LedgerEntry {
    /// A row of the whole ledger. Every other view of an entry is taken from here.
    public static let row = Shape<LedgerEntry>(
        "LedgerRow", "One immutable movement of credits",
        [
            Field("id", .serial) { $0.id },
            Field("created_at", .time) { $0.createdAt },
            Field("user_id", .user) { $0.user },
            Field("kind", .word) { $0.kind },
            Field("amount", .movement) { $0.amount },
            Field("balance_after", .credits) { $0.balanceAfter },
            Field(nullable: "order_id", .id()) { $0.order },
            Field(nullable: "generation_id", .id()) { $0.generation },
            Field(nullable: "actor", .text) { $0.actor },
            Field(nullable: "reason", .text) { $0.reason },
        ])

    /// As its user sees it.
    public static let shape = row.showing(
        "id", "kind", "amount", "balance_after", "created_at", "order_id", "generation_id", "reason", as: "Entry")

    /// As an operator sees it, whose user is known.
    public static let full = row.showing(
        "id", "kind", "amount", "balance_after", "created_at", "order_id", "generation_id", "actor", "reason",
        as: "FullEntry")

    public static let list = ListShape(shape, as: "Entries", "Newest first")

    /// One that an admin has made.
    public static let adjustment = row.showing(
        "id", "user_id", "kind", "amount", "balance_after", "actor", "reason", "created_at", as: "Adjustment"
    ).saying(
        Field("kind", .always(.adjustment)) { $0.kind }, Field("actor", .text) { $0.actor ?? "" },
        Field("reason", .text) { $0.reason ?? "" })
}

extension LedgerFault {
    public static let shape = Shape<LedgerFault>(
        "LedgerFault", "What does not add up",
        [Field("code", .text) { $0.code }, Field("detail", .text) { $0.description }])
}
