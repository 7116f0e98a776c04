internal import Core
internal import HTTP

/// The form of `/account` that signs browsers out.
struct SessionPages: Sendable {
    private let dependencies: CheckoutDependencies

    init(_ dependencies: CheckoutDependencies) { self.dependencies = dependencies }

    /// `session` names one, or `all`. One that ended meanwhile has ended.
    func end(_ request: Request, _: String) throws(RequestError) -> Response {
        let user = try request.profile().user
        let form = try request.form()
        guard let name = form["session"], (1...64).contains(name.utf8.count) else {
            throw .invalid(field: "session", rule: "the name of a session, or all")
        }
        let isAll = name.utf8.elementsEqual("all".utf8)
        let count = try stored { () throws(StoreError) in
            if isAll { return try dependencies.store.sessions.endAll(of: user, at: dependencies.now()) }
            return try dependencies.store.sessions.end(named: name, of: user, at: dependencies.now()) ? 1 : 0
        }
        let facts: [String: any LogValue] = ["user.id": user, "session.count": count]
        dependencies.log(LogLine(.notice, "session.ended", facts).of(request: request.id))
        // Who ended the session of this very browser is told so by a page that needs none.
        let isOwn = request.caller?.session.map { isAll || $0.utf8.elementsEqual(name.utf8) } ?? false
        return .seeOther(isOwn ? "/auth/logout" : "/account")
    }
}
