public import Core

/// What the overview shows, counted by the store.
public struct OverviewFigures: Sendable {
    public struct Money: Sendable {
        public let currency: String
        public let days: [DayOfMoney]

        public init(currency: String, days: [DayOfMoney]) {
            self.currency = currency
            self.days = days
        }
    }

    public var sold: Int64 = 0
    public var spent: Int64 = 0
    public var takenBack: Int64 = 0
    public var trials: Int64 = 0
    public var adjusted: Int64 = 0
    public var debt: Int64 = 0
    public var users: Int64 = 0
    public var money: [Money] = []
    public var generations: [(status: Generation.Status, count: Int64)] = []
    public var lastDelivery: Instant?
    /// What wants a person, most urgent first.
    public var complaints: [Attention] = []

    public init() {}
}

/// Something that wants a person.
public struct Attention: Equatable, Sendable {
    let text: String
    let isUrgent: Bool
    let link: String?
    let linkText: String

    public init(_ text: String, isUrgent: Bool, link: String? = nil, linkText: String = "Look") {
        self.text = text
        self.isUrgent = isUrgent
        self.link = link
        self.linkText = linkText
    }
}

extension AdminPage {
    /// `/admin`
    public static func overview(_ figures: OverviewFigures, _ context: AdminContext) -> AdminPage {
        AdminPage(
            "Overview", at: .overview, context,
            parts: [attention(figures), credits(figures, context)] + revenue(figures) + [work(figures, context)])
    }

    private static func attention(_ figures: OverviewFigures) -> Part {
        let complaints = figures.complaints.map { each in
            Complaint(
                text: each.text, look: each.isUrgent ? "fault" : "warning",
                action: each.link.map { Action(each.linkText, $0) })
        }
        return Part("attention", complaints.isEmpty ? nil : "Needs attention").with {
            $0.complaints =
                complaints.isEmpty ? [Complaint(text: "Nothing needs you.", look: "done", action: nil)] : complaints
        }
    }

    private static func credits(_ figures: OverviewFigures, _ context: AdminContext) -> Part {
        Part("credits", "Credits").with {
            $0.tiles = [
                Fact("Sold", Format.number(figures.sold)), Fact("Spent on images", Format.number(figures.spent)),
                Fact("Taken back by refunds", Format.number(figures.takenBack)),
                Fact("Given as trials", Format.number(figures.trials)),
                Fact("Adjusted by admins", Format.signed(figures.adjusted)),
                Fact("Owed as debt", Format.number(figures.debt)),
            ]
        }
    }

    private static func revenue(_ figures: OverviewFigures) -> [Part] {
        guard !figures.money.isEmpty else {
            return [
                Part("revenue", "Revenue").with {
                    $0.table = Table(
                        named: "revenue", [], rows: [],
                        ifEmpty: "Nothing was sold in the last 30 days. Revenue by day will stand here.")
                }
            ]
        }
        return figures.money.enumerated().map { index, money in
            let id = index == 0 ? "revenue" : "revenue-\(money.currency)"
            return Part(id, figures.money.count == 1 ? "Revenue" : "Revenue in \(money.currency.uppercased())").with {
                $0.chart = RevenueChart(money.days, currency: money.currency, id: "chart-\(money.currency)")
            }
        }
    }

    private static func work(_ figures: OverviewFigures, _ context: AdminContext) -> Part {
        let last = figures.lastDelivery.map { Fact("Last webhook", Moment($0, now: context.now)) }
        return Part("work", "Work").with {
            $0.tiles =
                figures.generations.map { Fact("\($0.status.name) images", Format.number($0.count)) } + [
                    Fact("Users", Format.number(figures.users), link: "/admin/users"),
                    Fact("Parked orders", Format.number(context.parked), link: "/admin/parked"),
                    last ?? Fact("Last webhook", "none yet", link: "/admin/deliveries"),
                ]
        }
    }
}
