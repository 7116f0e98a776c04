internal import Core
internal import HTTP
internal import Interface
internal import JSON

/// `/api/v1/admin/admins`.
struct AdminsAPI: Sendable {
    let dependencies: AdminDependencies

    /// Oldest first.
    func list(_ request: Request, _: String) throws(RequestError) -> Response {
        let slice = try ListSlice(request.parameters)
        let found = try stored(dependencies.store.admins.list(after: slice.cursor, limit: slice.limit))
        return .list(found, Admin.list)
    }

    func grant(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let user = try request.subject(id)
        let outcome = try stored(dependencies.store.admins.grant(to: user, by: actor.text, at: dependencies.now()))
        let admin = try stored(dependencies.store.admins.find(user))
        let json = admin.map(Admin.shape.json) ?? ["user_id": .string(user.text)]
        dependencies.tell(outcome, ["user.id": user], by: actor, request)
        switch outcome {
        case .granted: return .json(.created, json)
        case .alreadyAdmin: return .json(.ok, json)
        }
    }

    func revoke(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let user = try request.subject(id)
        let outcome = try stored(dependencies.store.admins.revoke(from: user, by: actor.text, at: dependencies.now()))
        dependencies.tell(outcome, ["user.id": user], by: actor, request)
        switch outcome {
        case .revoked: return Response(.noContent, headers: ["cache-control": "no-store"])
        case .notAdmin: throw .notFound
        case .lastAdmin: throw .refused(.lastAdmin)
        }
    }
}
