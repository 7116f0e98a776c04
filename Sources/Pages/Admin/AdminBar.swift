public import Core
private import HTTP

/// The head of every page under `/admin`: where one can go, and how much waits there.
public struct AdminBar: Sendable {
    let links: [Link]
    let who: String
    let formToken: String

    public enum Place: CaseIterable, Sendable {
        case overview, payments, users, parked, deliveries, settings, admins, audit
    }

    struct Link: Sendable {
        let text: String
        let address: String
        let isHere: Bool
        /// How many parked orders wait for a person; `nil` where nothing does.
        let waiting: String?
    }

    init(_ context: AdminContext, at place: Place?) {
        links = Place.allCases.map {
            Link(
                text: $0.name, address: $0.address, isHere: $0 == place,
                waiting: $0 == .parked && context.parked > 0 ? Format.number(context.parked) : nil)
        }
        who = context.who
        formToken = context.formToken
    }
}

extension AdminBar.Place {
    var name: String {
        switch self {
        case .overview: "Overview"
        case .payments: "Payments"
        case .users: "Users"
        case .parked: "Parked"
        case .deliveries: "Deliveries"
        case .settings: "Settings"
        case .admins: "Admins"
        case .audit: "Audit log"
        }
    }

    var address: String {
        switch self {
        case .overview: "/admin"
        case .payments: "/admin/payments"
        case .users: "/admin/users"
        case .parked: "/admin/parked"
        case .deliveries: "/admin/deliveries"
        case .settings: "/admin/settings"
        case .admins: "/admin/admins"
        case .audit: "/admin/audit"
        }
    }
}

/// What every page under `/admin` is told besides what it shows.
public struct AdminContext: Sendable {
    /// The admin's name or address as the issuer gave it, else the id.
    let who: String
    let formToken: String
    let parked: Int64
    let now: Instant
    let notice: AdminNotice?
    /// An idempotency key for each form.
    let key: @Sendable () -> String

    public init(
        who: String, formToken: String, parked: Int64, now: Instant, notice: AdminNotice? = nil,
        key: @escaping @Sendable () -> String
    ) {
        self.who = who
        self.formToken = formToken
        self.parked = parked
        self.now = now
        self.notice = notice
        self.key = key
    }
}

/// What a page says after a form was done. The address carries the name alone, never a text.
public enum AdminNotice: String, CaseIterable, Sendable {
    case settingsChanged = "settings-changed"
    case settingsUnchanged = "settings-unchanged"
    case adjusted, assigned, dismissed, replayed
    case granted, revoked
    case alreadyAdmin = "already-admin"

    var text: String {
        switch self {
        case .settingsChanged: "The settings are saved. They hold for every checkout that is opened from now on."
        case .settingsUnchanged: "The settings were so already. Nothing was changed."
        case .adjusted: "The correction is in the ledger."
        case .assigned: "The order is assigned, and its credits are decided."
        case .dismissed: "The order is dismissed. It grants nothing unless you assign it later."
        case .replayed: "The delivery was replayed. Its verdict stands below."
        case .granted: "The user is an admin now."
        case .revoked: "The user is no longer an admin."
        case .alreadyAdmin: "The user was an admin already."
        }
    }
}

/// Addresses of single things, safe whatever their names hold.
enum AdminPath {
    static func payment(_ order: Order.ID) -> String { "/admin/payments/\(order.text)" }

    /// An id with a slash is no single segment, and nginx resolves dots: such ids go behind the `?`.
    static func user(_ id: String) -> String {
        id.contains("/") || id.hasPrefix(".") || id == "-"
            ? "/admin/users/-?user_id=\(encoded(id))" : "/admin/users/\(encoded(id))"
    }

    static func delivery(_ id: String) -> String { "/admin/deliveries/\(encoded(id))" }

    static func encoded(_ text: String) -> String { PercentEncoding.encoded(text) }
}

extension AdminPage {
    public static func address(of user: UserID) -> String { AdminPath.user(user.text) }
    public static func address(ofDelivery id: String) -> String { AdminPath.delivery(id) }
}
