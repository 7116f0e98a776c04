public import Core

extension AdminPage {
    /// `/admin/admins`
    ///
    /// - Parameters:
    ///   - typed: what was asked for and could not be, to be corrected.
    ///   - fault: why it could not be, in words.
    public static func admins(
        _ admins: [Admin], typed: String = "", fault: String? = nil, _ context: AdminContext
    ) -> AdminPage {
        let list = Part("admins", "Who they are").with { part in
            part.table = Table(
                named: "admins", [.init("User"), .init("Since"), .init("Made by")],
                rows: admins.map { admin in
                    [
                        Cell(admin.user.text, link: AdminPath.user(admin.user.text)),
                        Cell(Moment(admin.grantedAt, now: context.now)), Cell(admin.grantedBy),
                    ]
                }, ifEmpty: "There is no admin.")
            part.note =
                admins.count == 1
                ? "The last admin stays one: make another before this one goes." : nil
            part.choices =
                admins.count == 1
                ? nil
                : admins.map { admin in
                    Choice(
                        summary: "Take the rights of \(admin.user.text) away…", isOpen: false,
                        form: FormView(
                            "/admin/admins", context,
                            hidden: [("action", "revoke"), ("user_id", admin.user.text)], [],
                            button: "\(admin.user.text) is no longer an admin", isSecond: true))
                }
        }
        let grant = Part("grant", "Make an admin").with {
            $0.form = FormView(
                "/admin/admins", context, hidden: [("action", "grant")],
                [
                    Field(
                        "user_id", id: "grant-user", "User id", value: typed,
                        help:
                            "The issuer's id of the user, who need not have signed in before. An admin sees every e-mail address and moves credits.",
                        fault: fault, required: true)
                ], button: "Make this user an admin")
        }
        return AdminPage(
            "Admins", lead: "Who may use these pages. Every grant and every revocation stands in the audit log.",
            at: .admins, context, parts: [list, grant])
    }
}
