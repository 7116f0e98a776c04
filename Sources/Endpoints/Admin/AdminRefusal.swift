public import Core
internal import HTTP
internal import Interface
internal import JSON

/// Every way in which what an admin asks for cannot be. Nothing was changed.
public enum AdminRefusal: Equatable, Sendable {
    /// Somebody changed the settings since they were read.
    case staleSettings(given: Int64, current: BillingSettings)
    case belowZero(balance: Credits)
    case lastAdmin
    /// The rules settled the order, or another admin did.
    case notParked
    /// Something in the order cannot be read: no user makes it whole.
    case notGrantable(ParkedReason)
    /// The order moved credits of somebody before.
    case belongsTo(UserID)
    /// Sandbox and production never mix.
    case otherEnvironment
    /// Bodies are kept for a while only.
    case bodyGone

    var problem: Problem {
        switch self {
        case .staleSettings(let given, let current):
            Problem(
                .conflict, code: "stale_settings", title: "Somebody changed the settings meanwhile",
                detail: "Version \(given) was read; version \(current.version) is in force.",
                members: [
                    .init("given_version", .integer(given)), .init("current_version", .integer(current.version)),
                    .init("current", BillingSettings.shape.json(current)),
                ])
        case .belowZero(let balance):
            Problem(
                .conflict, code: "below_zero", title: "A balance never goes below zero",
                detail: "The user has \(balance.rawValue) credits.",
                members: [.init("balance", .integer(balance.rawValue))])
        case .lastAdmin:
            Problem(
                .conflict, code: "last_admin", title: "The last admin stays one", detail: "Grant somebody else first.")
        case .notParked:
            Problem(
                .conflict, code: "not_parked", title: "This order is not parked",
                detail: "The rules settled it, or somebody else did.")
        case .notGrantable(let reason):
            Problem(
                .conflict, code: "not_grantable", title: "This order cannot be granted to anybody",
                detail:
                    "Something in it cannot be read. An adjustment gives the credits, and dismissing closes the order.",
                members: [.init("reason", .string(reason.rawValue))])
        case .belongsTo(let user):
            Problem(
                .conflict, code: "belongs_to_another_user", title: "This order moved another user's credits before",
                detail: "An order keeps its user. An adjustment moves credits between users.",
                members: [.init("user_id", .string(user.text))])
        case .otherEnvironment:
            Problem(
                .conflict, code: "other_environment", title: "This belongs to Polar's other environment",
                detail: "Sandbox and production never mix.")
        case .bodyGone:
            Problem(
                .conflict, code: "body_gone", title: "The body of this delivery is no longer kept",
                detail: "What Polar says of the order now comes with creditctl reconcile.")
        }
    }
}
