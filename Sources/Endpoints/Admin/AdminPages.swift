internal import Core
internal import HTTP
internal import Pages

/// The pages under `/admin`: server-rendered, whole without scripts. Who asks was found to be an admin before.
struct AdminPages: Sendable {
    let dependencies: AdminDependencies

    /// What a reason that is none is told.
    static let reasonRule = "Say why: at most 1,000 characters on one line, none of them invisible."

    static func routes(_ dependencies: AdminDependencies) -> [Routes.Route] {
        let pages = AdminPages(dependencies: dependencies)
        return [
            .init("/admin", [(.get, pages.overview)]), .init("/admin/payments", [(.get, pages.payments)]),
            .init("/admin/parked", [(.get, pages.parked)]), .init("/admin/users", [(.get, pages.users)]),
            .init("/admin/deliveries", [(.get, pages.deliveries)]), .init("/admin/audit", [(.get, pages.audit)]),
            .init("/admin/settings", [(.get, pages.settings), (.post, pages.changeSettings)]),
            .init("/admin/payments/{id}", [(.get, pages.payment)]),
            .init("/admin/parked/{id}", [(.get, pages.payment), (.post, pages.settle)]),
            .init("/admin/users/{id*}", [(.get, pages.user), (.post, pages.adjust)]),
            .init("/admin/deliveries/{id*}", [(.get, pages.delivery), (.post, pages.replay)]),
            .init("/admin/admins", [(.get, pages.admins), (.post, pages.changeAdmins)]),
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
            parked: try stored { () throws(StoreError) in try store.parkedCount() }, now: dependencies.now(),
            notice: request.parameters["notice"].flatMap(AdminNotice.init)
        ) { RandomKey.text(random(16)) }
    }

    /// After a form was done: the page to read next, and what it says.
    static func done(_ path: String, _ notice: AdminNotice) -> Response {
        .seeOther("\(path)\(path.contains("?") ? "&" : "?")notice=\(notice.rawValue)")
    }

    func log(_ event: String, _ facts: [String: any LogValue], _ request: Request) {
        dependencies.log(LogLine(.notice, event, facts).of(request: request.id))
    }
}
