public import Core
private import Images
internal import JSON

extension Generation {
    public static let shape = Shape<Generation>(
        "Generation", nil,
        [
            Field("id", .id()) { $0.id },
            Field("status", .word) { $0.status },
            Field("attempts", .whole(from: 0)) { $0.attempts },
            Field(nullable: "error", .part(GenerationFailure.shape)) { $0.failure },
            Field("width", .whole(from: 1)) { Int64($0.input.facts.width) },
            Field("height", .whole(from: 1)) { Int64($0.input.facts.height) },
            Field("content_type", .mediaType) { $0.input.facts.kind },
            Field("created_at", .time) { $0.createdAt },
            Field(nullable: "completed_at", .time) { $0.completedAt },
            Field("charged", .flag) { _ in true },
            Field("refunded", .flag) { $0.isRefunded },
            Field(nullable: "original_url", .text) { $0.isInputGone ? nil : $0.address + "/original" },
            Field(nullable: "result_url", .text) { generation in
                generation.result.map { _ in generation.address + "/result" }
            },
            Field(nullable: "thumbnail_url", .text) { generation in
                generation.thumbnail.map { _ in generation.address + "/thumbnail" }
            },
        ])

    public static let list = ListShape(shape, as: "Generations", "Newest first")

    /// Where the API has it.
    public var address: String { "/api/v1/generations/\(id.text)" }
}

/// A generation that waits, and what its user has left.
public struct QueuedGeneration: Sendable {
    let generation: Generation
    let balance: Credits

    public init(_ generation: Generation, balance: Credits) {
        self.generation = generation
        self.balance = balance
    }

    public static let shape = Shape<QueuedGeneration>(
        "QueuedGeneration", nil,
        [
            Field("id", .id()) { $0.generation.id },
            Field("status", .word) { $0.generation.status },
            Field("credits", .credits, "What is left") { $0.balance },
        ])

    /// As an operator sees it.
    public static let full = shape.with(Field("user_id", .user) { $0.generation.user }, as: "FullQueuedGeneration")
}

extension GenerationReport {
    /// As an operator sees it: with files, times and leases, also when its user has deleted it.
    public static let shape = Shape<GenerationReport>(
        "GenerationReport", nil,
        [
            Field("id", .id()) { $0.id },
            Field("user_id", .user) { $0.user },
            Field("status", .word) { $0.status },
            Field(nullable: "error", .part(GenerationFailure.shape)) { $0.failure },
            Field("attempts", .whole(from: 0)) { $0.attempts },
            Field("charges", .whole(from: 0)) { $0.charges },
            Field("refunded", .flag) { $0.isRefunded },
            Field("width", .whole(from: 1)) { $0.width },
            Field("height", .whole(from: 1)) { $0.height },
            Field(nullable: "input", .blob) { $0.input },
            Field(nullable: "result", .blob) { $0.result },
            Field(nullable: "thumbnail", .blob) { $0.thumbnail },
            Field("created_at", .time) { $0.createdAt },
            Field("due_at", .time) { $0.dueAt },
            Field(nullable: "lease_end_at", .time) { $0.leaseEnd },
            Field(nullable: "completed_at", .time) { $0.completedAt },
            Field(nullable: "deleted_at", .time) { $0.deletedAt },
        ])

    public static let detail = Shape<(report: GenerationReport, entries: [LedgerEntry])>(
        "GenerationDetail", nil,
        shape.fields { $0.report } + [Field("entries", .list(of: LedgerEntry.full)) { $0.entries }])
}

extension GenerationFailure {
    fileprivate static let shape = Shape<GenerationFailure>(
        "Failure", nil, [Field("code", .word) { $0 }, Field("message", .text) { $0.sentence }])
}

extension Kind<ImageKind> {
    fileprivate static var mediaType: Kind {
        Kind(["enum": .array(ImageKind.allCases.map { .string($0.contentType) })]) { .string($0.contentType) }
    }
}
