public import Core

/// One thing that an admin did. The texts are for reading; what stood in the row may be JSON.
public struct AuditLine: Equatable, Sendable {
    let actor: String
    let action: String
    let subject: String
    let old: String?
    let new: String?
    let createdAt: Instant

    public init(actor: String, action: String, subject: String, old: String?, new: String?, createdAt: Instant) {
        self.actor = actor
        self.action = action
        self.subject = subject
        self.old = old
        self.new = new
        self.createdAt = createdAt
    }
}

extension AdminPage {
    /// `/admin/audit`
    public static func audit(
        _ lines: [AuditLine], subject: String?, pages: ListPages, _ context: AdminContext
    ) -> AdminPage {
        let filter = Filter(
            "/admin/audit",
            [
                Field(
                    "subject", id: "audit-subject", "About one order, user or delivery", .search, value: subject ?? "",
                    help: "The whole id.")
            ], isOn: subject != nil)
        let table = Table(
            named: "top", [.init("When"), .init("Who"), .init("What"), .init("Before"), .init("After")],
            rows: lines.map { line in
                [
                    Cell(Moment(line.createdAt, now: context.now)), Cell(line.actor, link: nil),
                    Cell(Named.action(line.action), link: line.link, detail: line.about), Cell(line.old ?? "–"),
                    Cell(line.new ?? "–"),
                ]
            },
            ifEmpty: subject == nil
                ? "No admin has done anything yet. Every change will stand here." : "Nothing was done to that.",
            pages: pages.addresses("/admin/audit"))
        return AdminPage(
            "Audit log", lead: "What admins and operators did, newest first. Nothing here can be changed.", at: .audit,
            context,
            parts: [Part("find").with { $0.filter = filter }, Part("log").with { $0.table = table }])
    }
}

extension AuditLine {
    /// Where what it was done to stands.
    var link: String? {
        switch action.split(separator: ".").first {
        case "order": Order.ID(subject).map(AdminPath.payment)
        case "user", "admin": AdminPath.user(subject)
        case "delivery": AdminPath.delivery(subject)
        case "settings": "/admin/settings"
        case _: nil
        }
    }

    var about: String? { action.hasPrefix("settings.") ? nil : subject }
}

/// Where the other pages of a list are, with what it is filtered by.
public struct ListPages: Sendable {
    /// `name=value` of every filter in force, encoded.
    let query: [String]
    let isFirst: Bool
    let next: String?

    /// - Parameters:
    ///   - filters: those that are in force.
    ///   - next: the cursor of the older page, if there is one.
    public init(_ filters: [(name: String, value: String)] = [], isFirst: Bool, next: String?) {
        query = filters.map { "\($0.name)=\(AdminPath.encoded($0.value))" }
        self.isFirst = isFirst
        self.next = next
    }

    func addresses(_ path: String) -> (newest: String?, older: String?) {
        (
            isFirst ? nil : address(path),
            next.map { address(path, query + ["cursor=\(AdminPath.encoded($0))"]) }
        )
    }

    /// The list's address with its filters; for downloads of the same.
    func address(_ path: String) -> String { address(path, query) }

    private func address(_ path: String, _ query: [String]) -> String {
        query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
    }
}
