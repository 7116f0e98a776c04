internal import Core
internal import HTTP
internal import Pages

/// The pages under `/admin`: server-rendered, whole without scripts. Who asks was found to be an admin before.
struct AdminPages: Sendable {
    let dependencies: AdminDependencies

    /// What a reason that is none is told.
    static let reasonRule = "Say why: at most 1,000 characters on one line, none of them invisible."

    static func handlers(_ dependencies: AdminDependencies) -> [String: Site.Handler] {
        let pages = AdminPages(dependencies: dependencies)
        return [
            "overviewPage": pages.overview, "paymentsPage": pages.payments, "parkedPage": pages.parked,
            "usersPage": pages.users, "deliveriesPage": pages.deliveries, "auditPage": pages.audit,
            "settingsPage": pages.settings, "paymentPage": pages.payment, "parkedOrderPage": pages.payment,
            "userPage": pages.user, "deliveryPage": pages.delivery, "adminsPage": pages.admins,
        ]
    }

    static func forms(_ dependencies: AdminDependencies) -> [String: Site.FormHandler] {
        let pages = AdminPages(dependencies: dependencies)
        return [
            "changeSettingsForm": pages.changeSettings, "settleForm": pages.settle, "adjustForm": pages.adjust,
            "replayForm": pages.replay, "changeAdminsForm": pages.changeAdmins,
        ]
    }

    var store: Store { dependencies.store }

    /// How many rows a list shows at once, unless its address says otherwise.
    static let listLength = 25

    /// What every page is told.
    func context(_ request: Request) throws(RequestError) -> AdminContext {
        let profile = try request.profile()
        return AdminContext(
            who: profile.name ?? profile.email ?? profile.user.text, formToken: request.formToken,
            parked: try stored(store.orders.parkedCount()), now: dependencies.now(),
            notice: request.parameters["notice"].flatMap(AdminNotice.init), key: dependencies.key)
    }

    /// After a form was done: the page to read next, and what it says.
    static func done(_ path: String, _ notice: AdminNotice) -> Response {
        .seeOther("\(path)\(path.contains("?") ? "&" : "?")notice=\(notice.rawValue)")
    }
}
