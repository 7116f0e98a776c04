internal import Core

/// Revenue above a line and refunds below it, a bar for each day: an SVG, and the same as a table.
struct RevenueChart: Sendable {
    let chartID: String
    let chartTitle: String
    let summary: String
    let viewBox: String
    let top = Self.top
    let baseline = Self.base
    let room = Self.base - Self.top
    let lineEnd: Int64
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
    private static let top: Int64 = 32
    private static let base: Int64 = 182
    private static let step: Int64 = 20

    init(_ series: MoneySeries, id: String) {
        let (days, currency) = (series.days, series.currency)
        let most = max(1, days.map { max($0.sold, $0.refunded) }.max() ?? 1)
        // One scale above and below the line, so that refunds compare with revenue; the smallest sum is still seen.
        func length(_ amount: Int64) -> Int64 {
            guard amount > 0 else { return 0 }
            return max(2, most.dividingFullWidth(amount.multipliedFullWidth(by: Self.base - Self.top)).quotient)
        }
        bars = days.enumerated().map { index, day in
            let (up, down) = (length(day.sold), length(day.refunded))
            return Bar(
                x: Int64(index) * Self.step + 3, hint: Self.words(day, currency),
                revenueY: Self.base - up, revenueHeight: up, refundY: Self.base + 1, refundHeight: down)
        }
        let (revenue, refunded) = (days.map(\.sold).reduce(0, +), days.map(\.refunded).reduce(0, +))
        chartID = id
        chartTitle = "Revenue and refunds by day, \(currency.uppercased())"
        summary =
            "\(Format.money(revenue, currency)) taken in and \(Format.money(refunded, currency)) given back in \(days.count) days."
        hasRefunds = days.contains { $0.refunded > 0 }
        lineEnd = Int64(days.count) * Self.step
        labelY = Self.base + (bars.map(\.refundHeight).max() ?? 0) + 28
        viewBox = "0 0 \(lineEnd) \(labelY + 8)"
        topLabel = Format.money(most, currency)
        firstDay = days.first.map { Format.day($0.start) } ?? ""
        lastDay = days.last.map { Format.day($0.start) } ?? ""
        self.days = Table(
            named: "\(id)-days",
            [.init("Day"), .init("Revenue", isNumber: true), .init("Refunded", isNumber: true)],
            rows: days.reversed().filter { $0.sold != 0 || $0.refunded != 0 }.map { day in
                [
                    Cell(Format.day(day.start)), Cell(Format.money(day.sold, currency)),
                    Cell(Format.money(day.refunded, currency)),
                ]
            }, ifEmpty: "Nothing was sold in these days.")
    }

    private static func words(_ day: MoneySeries.Day, _ currency: String) -> String {
        "\(Format.day(day.start)): \(Format.money(day.sold, currency))"
            + (day.refunded > 0 ? ", refunded \(Format.money(day.refunded, currency))" : "")
    }
}
