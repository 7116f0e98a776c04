/// A page under `/admin`: a heading and parts, one below the other. Each page is a function that makes one.
public struct AdminPage: Sendable {
    let frame: Frame
    let heading: String
    let lead: String?
    let back: Action?
    let notice: String?
    let parts: [Part]

    init(
        _ heading: String, lead: String? = nil, at place: AdminBar.Place, back: Action? = nil, _ context: AdminContext,
        parts: [Part]
    ) {
        frame = Frame(heading, admin: AdminBar(context, at: place))
        self.heading = heading
        self.lead = lead
        self.back = back
        notice = context.notice?.text
        self.parts = parts
    }

    public var html: String { Renderer.page("admin", self) }
}

/// One part of a page: a title and whichever of these it holds.
///
/// Mustache looks for what is `nil` here further out: no name of a part may also be one of the page or the frame.
struct Part: Sendable {
    /// Names the part on its page.
    let id: String
    var title: String?
    var note: String?
    var warning: String?
    var alert: String?
    var tiles: [Fact]?
    var facts: [Fact]?
    var chart: RevenueChart?
    var filter: Filter?
    var table: Table?
    var form: FormView?
    /// Forms that are folded away until they are wanted.
    var choices: [Choice]?
    var folded: [Folded]?
    var warnings: [Warning]?
    var links: Actions?

    init(_ id: String, _ title: String? = nil) {
        self.id = id
        self.title = title
    }

    /// The same part with more in it.
    func with(_ change: (inout Part) -> Void) -> Part {
        var part = self
        change(&part)
        return part
    }
}

/// One thing that is so: a name and a value.
struct Fact: Sendable {
    let name: String
    let value: String
    var link: String?
    var moment: Moment?
    var detail: String?
    /// The colour of the value's badge, if it is one.
    var badge: String?
    /// Whether the value is an id, to be copied.
    var isCode = false

    init(
        _ name: String, _ value: String, link: String? = nil, detail: String? = nil, badge: String? = nil,
        isCode: Bool = false
    ) {
        self.name = name
        self.value = value
        self.link = link
        self.detail = detail
        self.badge = badge
        self.isCode = isCode
    }

    init(_ name: String, _ moment: Moment, link: String? = nil) {
        self.init(name, "", link: link)
        self.moment = moment
    }
}

/// Something that wants a person, and where to go.
struct Warning: Sendable {
    let text: String
    let look: String
    let action: Action?
}

/// A form behind a line that opens it.
struct Choice: Sendable {
    let summary: String
    let isOpen: Bool
    let form: FormView
}

/// A long text behind a line that opens it.
struct Folded: Sendable {
    let summary: String
    let text: String
    /// Names the text for those who do not see it.
    let label: String
}
