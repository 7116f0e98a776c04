/// Rows under columns; on a narrow screen each row becomes a card, each cell names its column.
struct Table: Sendable {
    /// The id of the title that names it.
    let titleID: String
    let columns: [Column]
    let rows: [Row]
    let isEmpty: Bool
    let emptyText: String
    let pager: Actions?

    struct Column: Sendable {
        let name: String
        let look: String

        init(_ name: String, isNumber: Bool = false) {
            self.name = name
            look = isNumber ? "number" : "text"
        }
    }

    struct Row: Sendable {
        let cells: [Cell]
    }

    /// - Parameter pages: where the newest and the next older rows are, for lists that are cut into pages.
    init(
        named titleID: String, _ columns: [Column], rows: [[Cell]], ifEmpty emptyText: String,
        pages: (newest: String?, older: String?) = (nil, nil)
    ) {
        self.titleID = titleID
        self.columns = columns
        self.rows = rows.map { cells in
            Row(cells: zip(columns, cells).map { column, cell in cell.under(column) })
        }
        isEmpty = rows.isEmpty
        self.emptyText = emptyText
        pager = Actions(
            [
                pages.newest.map { Action("Newest", $0, isSecond: true) },
                pages.older.map { Action("Older", $0, isSecond: true) },
            ].compactMap(\.self))
    }
}

/// One cell: a text, perhaps a link, perhaps with a second line.
struct Cell: Sendable {
    let text: String
    let link: String?
    let badge: String?
    let detail: String?
    private(set) var moment: Moment?
    private(set) var look = "text"
    private(set) var column = ""
    private let tone: String?

    /// - Parameter tone: `more` or `less` colour an amount.
    init(_ text: String, link: String? = nil, badge: String? = nil, detail: String? = nil, tone: String? = nil) {
        self.text = text
        self.link = link
        self.badge = badge
        self.detail = detail
        self.tone = tone
    }

    init(_ moment: Moment, link: String? = nil) {
        self.init("", link: link)
        self.moment = moment
    }

    fileprivate func under(_ column: Table.Column) -> Cell {
        var cell = self
        cell.column = column.name
        cell.look = tone.map { "\(column.look) \($0)" } ?? column.look
        return cell
    }
}

/// What a list shows of all that there is: a form that is sent by GET.
struct Filter: Sendable {
    let address: String
    let fields: [Field]
    let fault: String?
    /// Shown where something is left out: the whole list.
    let everything: String?
    let downloads: [Action]

    init(
        _ address: String, _ fields: [Field], isOn: Bool, fault: String? = nil, downloads: [Action] = []
    ) {
        self.address = address
        self.fields = fields
        self.fault = fault
        everything = isOn ? address : nil
        self.downloads = downloads
    }
}
