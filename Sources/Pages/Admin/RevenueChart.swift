public import Core

/// What was taken and given back on one day, in minor units of one currency. Days are those of UTC.
public struct DayOfMoney: Equatable, Sendable {
    public let day: Instant
    public let revenue: Int64
    public let refunded: Int64

    public init(day: Instant, revenue: Int64, refunded: Int64) {
        self.day = day
        self.revenue = revenue
        self.refunded = refunded
    }
}

/// Revenue above a line and refunds below it, a bar for each day: an SVG, and the same as a table.
struct RevenueChart: Sendable {
    let chartID: String
    let chartTitle: String
    let summary: String
    let viewBox: String
    let left = Self.left
    let labelX = Self.left - 8
    let lineEnd: Int64
    let baseline = Self.base
    let zeroY = Self.base + 4
    let room = Self.base - Self.top
    let topLabel: String
    let labelY: Int64
    let firstDay: String
    let lastDay: String
    let hasRefunds: Bool
    let bars: [Bar]
    let days: Table

    struct Bar: Sendable {
        let x: Int64
        let hint: String
        let revenueY: Int64
        let revenueHeight: Int64
        let refundY: Int64
        let refundHeight: Int64
    }

    /// In units of the drawing; the template has the width of a bar.
    private static let left: Int64 = 72
    private static let top: Int64 = 20
    private static let base: Int64 = 130
    private static let step: Int64 = 20

    /// - Parameter days: one after the other, oldest first, those without money among them.
    init(_ days: [DayOfMoney], currency: String, id: String) {
        let most = max(1, days.map { max($0.revenue, $0.refunded) }.max() ?? 1)
        // One scale above and below the line, so that refunds compare with revenue; the smallest sum is still seen.
        func length(_ amount: Int64) -> Int64 {
            guard amount > 0 else { return 0 }
            return max(2, most.dividingFullWidth(amount.multipliedFullWidth(by: Self.base - Self.top)).quotient)
        }
        bars = days.enumerated().map { index, day in
            let (up, down) = (length(day.revenue), length(day.refunded))
            return Bar(
                x: Self.left + Int64(index) * Self.step + 4, hint: Self.words(day, currency),
                revenueY: Self.base - up, revenueHeight: up, refundY: Self.base + 1, refundHeight: down)
        }
        let (revenue, refunded) = (days.map(\.revenue).reduce(0, +), days.map(\.refunded).reduce(0, +))
        chartID = id
        chartTitle = "Revenue and refunds by day, \(currency.uppercased())"
        summary =
            "\(Format.money(revenue, currency)) taken, \(Format.money(refunded, currency)) of it given back, in \(days.count) days."
        hasRefunds = refunded > 0
        lineEnd = Self.left + Int64(days.count) * Self.step
        labelY = Self.base + (bars.map(\.refundHeight).max() ?? 0) + 22
        viewBox = "0 0 \(lineEnd + 4) \(labelY + 8)"
        topLabel = Format.money(most, currency)
        firstDay = days.first.map { Format.day($0.day) } ?? ""
        lastDay = days.last.map { Format.day($0.day) } ?? ""
        self.days = Table(
            named: "\(id)-days",
            [.init("Day"), .init("Revenue", isNumber: true), .init("Refunded", isNumber: true)],
            rows: days.reversed().filter { $0.revenue != 0 || $0.refunded != 0 }.map { day in
                [
                    Cell(Format.day(day.day)), Cell(Format.money(day.revenue, currency)),
                    Cell(Format.money(day.refunded, currency)),
                ]
            }, ifEmpty: "Nothing was sold in these days.")
    }

    private static func words(_ day: DayOfMoney, _ currency: String) -> String {
        "\(Format.day(day.day)): \(Format.money(day.revenue, currency))"
            + (day.refunded > 0 ? ", refunded \(Format.money(day.refunded, currency))" : "")
    }
}
