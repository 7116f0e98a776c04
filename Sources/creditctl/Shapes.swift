import Core
import Interface
import Operating

// What the operator alone is told of, in the shape that `--json` has it.

extension Finding {
    static let shape = Shape<Finding>(
        "Finding", "One line of the doctor's",
        [
            Field("check", .text) { $0.check },
            Field("level", .word) { $0.level },
            Field("text", .text) { $0.text },
            Field(nullable: "advice", .text) { $0.advice },
        ])
}

extension ReconcileReport.Change {
    static let shape = Shape<ReconcileReport.Change>(
        "Correction", "One order whose credits were not what Polar says",
        [
            Field("order_id", .id()) { $0.order },
            Field("user_id", .user) { $0.user },
            Field("before_credits", .whole) { $0.before },
            Field("target_credits", .whole) { $0.target },
            Field("debt_change", .whole) { $0.debt },
        ])
}

extension ReconcileReport.Failure {
    static let shape = Shape<ReconcileReport.Failure>(
        "Unread", "What Polar did not tell", [Field("what", .text) { $0.what }, Field("reason", .text) { $0.reason }])
}

extension KindTotal {
    static let shape = Shape<KindTotal>(
        "KindTotal", "What a restore gives up of one kind of entry",
        [
            Field("kind", .word) { $0.kind },
            Field("entries", .whole) { $0.entries },
            Field("users", .whole) { $0.users },
            Field("credits", .whole) { $0.credits },
        ])
}
