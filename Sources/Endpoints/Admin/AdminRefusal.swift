public import Core
internal import HTTP
internal import JSON

/// Every way in which what an admin asks for cannot be. Nothing was changed.
public enum AdminRefusal: Equatable, Sendable {
    /// Somebody changed the settings since they were read.
    case staleSettings(given: Int64, current: BillingSettings)
    case belowZero(balance: Credits)
    /// The key stands for another adjustment.
    case adjustmentKeyReused
    case lastAdmin

    var problem: Problem {
        switch self {
        case .staleSettings(let given, let current):
            Problem(
                .conflict, code: "stale_settings", title: "Somebody changed the settings meanwhile",
                detail: "Version \(given) was read; version \(current.version) is in force.",
                members: [
                    .init("given_version", .integer(given)), .init("current_version", .integer(current.version)),
                    .init("current", current.json),
                ])
        case .belowZero(let balance):
            Problem(
                .conflict, code: "below_zero", title: "A balance never goes below zero",
                detail: "The user has \(balance.rawValue) credits.",
                members: [.init("balance", .integer(balance.rawValue))])
        case .adjustmentKeyReused:
            Problem(.conflict, code: "adjustment_key_reused", title: "This key stands for another adjustment")
        case .lastAdmin:
            Problem(
                .conflict, code: "last_admin", title: "The last admin stays one", detail: "Grant somebody else first.")
        }
    }
}
