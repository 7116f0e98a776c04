internal import Core
internal import HTTP

/// The form of `/account` that signs browsers out.
struct SessionPages: Sendable {
    let dependencies: CheckoutDependencies

    /// `session` names one, or `all`. One that ended meanwhile has ended.
    func end(_ request: Request, _ form: Form, _: String) throws(RequestError) -> Response {
        let user = try request.profile().user
        guard let name = form["session"], (1...64).contains(name.utf8.count) else {
            throw .invalid(field: "session", rule: "the name of a session, or all")
        }
        let isAll = name.utf8.elementsEqual("all".utf8)
        let (sessions, now) = (dependencies.store.sessions, dependencies.now())
        let count =
            isAll
            ? try stored(sessions.endAll(of: user, at: now))
            : try stored(sessions.end(named: name, of: user, at: now)) ? 1 : 0
        dependencies.note("session.ended", ["user.id": user, "session.count": count], request)
        // Who ended the session of this very browser is told so by a page that needs none.
        let isOwn = request.caller?.session.map { isAll || $0.utf8.elementsEqual(name.utf8) } ?? false
        return .seeOther(isOwn ? "/auth/logout" : "/account")
    }
}
