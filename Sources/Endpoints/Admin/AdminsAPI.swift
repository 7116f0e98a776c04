internal import Core
internal import HTTP
internal import Interface
internal import JSON

/// `/api/v1/admin/admins`.
struct AdminsAPI: Sendable {
    private let dependencies: AdminDependencies

    init(_ dependencies: AdminDependencies) { self.dependencies = dependencies }

    /// Oldest first.
    func list(_ request: Request, _: String) throws(RequestError) -> Response {
        let slice = try ListSlice(request.parameters)
        let found = try stored { () throws(StoreError) in
            try dependencies.store.admins.list(after: slice.cursor, limit: slice.limit)
        }
        return .list(found, Admin.list)
    }

    func grant(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let user = try request.subject(id)
        let outcome = try stored { () throws(StoreError) in
            try dependencies.store.admins.grant(to: user, by: actor.text, at: dependencies.now())
        }
        let admin = try stored { () throws(StoreError) in try dependencies.store.admins.find(user) }
        let json = admin.map(Admin.shape.json) ?? ["user_id": .string(user.text)]
        switch outcome {
        case .granted:
            log("admin.granted", user, by: actor, request)
            return .json(.created, json)
        case .alreadyAdmin: return .json(.ok, json)
        }
    }

    func revoke(_ request: Request, _ id: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let user = try request.subject(id)
        let outcome = try stored { () throws(StoreError) in
            try dependencies.store.admins.revoke(from: user, by: actor.text, at: dependencies.now())
        }
        switch outcome {
        case .revoked:
            log("admin.revoked", user, by: actor, request)
            return Response(.noContent, headers: ["cache-control": "no-store"])
        case .notAdmin: throw .notFound
        case .lastAdmin: throw .refused(.lastAdmin)
        }
    }

    private func log(_ event: String, _ user: UserID, by actor: UserID, _ request: Request) {
        let facts: [String: any LogValue] = ["user.id": user, "admin.id": actor]
        dependencies.log(LogLine(.notice, event, facts).of(request: request.id))
    }
}
