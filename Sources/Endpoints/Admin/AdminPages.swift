internal import Core
internal import HTTP
internal import Pages

/// The pages under `/admin`: server-rendered, whole without scripts. Who asks was found to be an admin before.
struct AdminPages: Sendable {
    let dependencies: AdminDependencies

    /// What a reason that is none is told.
    static let reasonRule = "Say why: at most 1,000 characters on one line, none of them invisible."

    static func handlers(_ dependencies: AdminDependencies) -> [String: Routes.Handler] {
        let pages = AdminPages(dependencies: dependencies)
        return [
            "overviewPage": pages.overview, "paymentsPage": pages.payments, "parkedPage": pages.parked,
            "usersPage": pages.users, "deliveriesPage": pages.deliveries, "auditPage": pages.audit,
            "settingsPage": pages.settings, "changeSettingsForm": pages.changeSettings, "paymentPage": pages.payment,
            "parkedOrderPage": pages.payment, "settleForm": pages.settle, "userPage": pages.user,
            "adjustForm": pages.adjust, "deliveryPage": pages.delivery, "replayForm": pages.replay,
            "adminsPage": pages.admins, "changeAdminsForm": pages.changeAdmins,
        ]
    }

    var store: Store { dependencies.store }

    /// How many rows a list shows at once, unless its address says otherwise.
    static let listLength = 25

    /// What every page is told.
    func context(_ request: Request) throws(RequestError) -> AdminContext {
        let profile = try request.profile()
        let random = dependencies.random
        return AdminContext(
            who: profile.name ?? profile.email ?? profile.user.text, formToken: request.formToken,
            parked: try stored { () throws(StoreError) in try store.orders.parkedCount() }, now: dependencies.now(),
            notice: request.parameters["notice"].flatMap(AdminNotice.init)
        ) { RandomKey.text(random(16)) }
    }

    /// After a form was done: the page to read next, and what it says.
    static func done(_ path: String, _ notice: AdminNotice) -> Response {
        .seeOther("\(path)\(path.contains("?") ? "&" : "?")notice=\(notice.rawValue)")
    }
}
