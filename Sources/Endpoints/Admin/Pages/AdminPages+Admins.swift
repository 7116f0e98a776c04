internal import Core
internal import HTTP
internal import JSON
internal import Pages

extension AdminPages {
    func admins(_ request: Request, _: String) throws(RequestError) -> Response {
        .html(.ok, try adminsPage(request))
    }

    private func adminsPage(
        _ request: Request, typed: String = "", fault: String? = nil
    ) throws(RequestError) -> String {
        let admins = try stored(store.admins.all())
        return AdminPage.admins(admins, typed: typed, fault: fault, try context(request)).html
    }

    /// The forms of that page: `grant` and `revoke`.
    func changeAdmins(_ request: Request, _ form: Form, _: String) throws(RequestError) -> Response {
        let actor = try request.profile().user
        let typed = form.typed("user_id")
        guard let user = UserID(typed) else {
            let fault = "The id of a user, 1 to 255 characters."
            return .html(.unprocessableContent, try adminsPage(request, typed: typed, fault: fault))
        }
        switch form["action"] {
        case "grant": return try grant(user, by: actor, request)
        case "revoke": return try revoke(user, by: actor, request)
        case _: throw .invalid(field: "action", rule: "grant or revoke")
        }
    }

    private func grant(_ user: UserID, by actor: UserID, _ request: Request) throws(RequestError) -> Response {
        let outcome = try stored(store.admins.grant(to: user, by: actor.text, at: dependencies.now()))
        dependencies.tell(outcome, ["user.id": user], by: actor, request)
        switch outcome {
        case .granted: return Self.done("/admin/admins", .granted)
        case .alreadyAdmin: return Self.done("/admin/admins", .alreadyAdmin)
        }
    }

    private func revoke(_ user: UserID, by actor: UserID, _ request: Request) throws(RequestError) -> Response {
        let outcome = try stored(store.admins.revoke(from: user, by: actor.text, at: dependencies.now()))
        dependencies.tell(outcome, ["user.id": user], by: actor, request)
        switch outcome {
        case .revoked:
            // Whoever gave up the rights sees no admin page any more.
            return user == actor ? .seeOther("/") : Self.done("/admin/admins", .revoked)
        case .notAdmin: return Self.done("/admin/admins", .revoked)
        case .lastAdmin:
            let fault = "\(user.text) is the last admin and stays one. Make another admin first."
            return .html(.conflict, try adminsPage(request, fault: fault))
        }
    }

}

extension AuditLine {
    init(_ entry: AuditEntry) {
        self.init(
            actor: entry.actor, action: entry.action, subject: entry.subject, old: Self.words(entry.old),
            new: Self.words(entry.new), createdAt: entry.createdAt)
    }

    /// What stands in the row, as people read it: of an object its names and values.
    private static func words(_ text: String?) -> String? {
        guard let text, let members = (try? JSON(Array(text.utf8)))?.members else { return text }
        return members.map { member in
            "\(member.name.split(separator: "_").joined(separator: " ")) \(member.value.string ?? member.value.text)"
        }.joined(separator: ", ")
    }
}
