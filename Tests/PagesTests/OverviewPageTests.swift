import Testing

@testable import Core
@testable import Pages

@Suite struct OverviewPageTests {
    static let now = AdminPageTests.now

    private func overview(
        money: [MoneySeries] = [], parked: Int64 = 0, complaints: [Complaint] = [], delivery: DeliverySummary? = nil
    ) -> Overview {
        Overview(
            credits: [.purchase: 1260, .clawback: -60, .charge: -30, .refund: 5, .adjustment: -7, .trial: 20],
            balance: 1188, debt: 3, users: 2, money: money, generations: [.completed: 25, .failed: 5],
            lastDelivery: delivery, parked: parked, failures: [], complaints: complaints)
    }

    private func html(_ overview: Overview) -> String {
        AdminPage.overview(overview, AdminPageTests.context(parked: overview.parked)).html
    }

    @Test func creditsAreCountedByWhatBecameOfThem() {
        let html = html(overview())
        for (name, value) in [
            ("Sold", "1,200"), ("Spent on images", "25"), ("Taken back by refunds", "60"), ("Given as trials", "20"),
            ("Adjusted by admins", "−7"), ("In all balances", "1,188"), ("Completed", "25"), ("Waiting", "0"),
        ] {
            #expect(html.contains("<dt>\(name)</dt><dd>\(value)</dd>"), "\(name)")
        }
        #expect(html.contains(#"<dt>Owed as debt</dt><dd><a href="/admin/users?debt=true">3</a></dd>"#))
        #expect(html.contains("none yet") && html.contains("Nothing was sold yet."))
    }

    @Test func aCalmSiteSaysSo() {
        #expect(html(overview()).contains("Nothing needs you."))
        #expect(!html(overview()).contains("Needs attention"))
    }

    static let complaints: [(Complaint, String)] = [
        (.ledgerFaults(1, at: now), "found 1 fault just now"),
        (.drift(orders: 2, credits: 840, at: now), "correct 2 orders by 840 credits just now"),
        (.reconcileFailed(at: now), "could not read everything from Polar"),
        (.reconcileLate(last: now.advanced(by: .seconds(-3600))), "ran 1 hour ago last"),
        (.webhookEndpointOff(at: now), "has switched our webhook off"),
        (.jobsWait(.seconds(660)), "waits for 11 minutes"),
        (.backupLate(last: now.advanced(by: .seconds(-3 * 86_400))), "last backup was made 3 days ago"),
    ]

    @Test(arguments: complaints)
    func everyComplaintIsSaidInWords(_ complaint: Complaint, _ words: String) {
        let html = html(overview(complaints: [complaint]))
        #expect(html.contains(words) && html.contains("Needs attention") && !html.contains("Nothing needs you."))
    }

    @Test func parkedOrdersNeedAttention() {
        #expect(html(overview(parked: 1)).contains("One paid order waits for somebody to say whose it is."))
        #expect(html(overview(parked: 3)).contains("3 paid orders wait for somebody to say whose they are."))
    }

    private func series(_ days: [(sold: Int64, refunded: Int64)]) -> MoneySeries {
        MoneySeries(
            currency: "usd", sold: days.map(\.sold).reduce(0, +), refunded: days.map(\.refunded).reduce(0, +),
            days: days.enumerated().map { index, day in
                MoneySeries.Day(
                    start: Instant(unixSeconds: 1_795_046_400 + Int64(index) * 86_400), orders: 1, sold: day.sold,
                    refunded: day.refunded)
            })
    }

    @Test func theBarsAreAsLongAsTheMoney() {
        let chart = RevenueChart(series([(1000, 0), (500, 250), (0, 0), (1, 0), (0, -400)]), id: "c")
        #expect(chart.bars.map(\.revenueHeight) == [150, 75, 0, 2, 0], "The smallest sum is still seen")
        #expect(chart.bars.map(\.refundHeight) == [0, 37, 0, 0, 0], "A refund that bounced has no bar")
        #expect(chart.bars.map { $0.revenueY + $0.revenueHeight } == [182, 182, 182, 182, 182])
        #expect(chart.topLabel == "$10.00" && chart.hasRefunds)
        #expect(chart.bars[1].hint.hasSuffix(": $5.00, refunded $2.50"))
    }

    @Test func theLargestSumsDoNotOverflow() {
        let chart = RevenueChart(series([(1_000_000_000_000_000, 1_000_000_000_000_000), (1, 1)]), id: "c")
        #expect(chart.bars.map(\.revenueHeight) == [150, 2] && chart.bars.map(\.refundHeight) == [150, 2])
        #expect(RevenueChart(series([(0, 0)]), id: "c").bars.map(\.revenueHeight) == [0])
    }

    @Test func theChartIsATableToo() {
        let html = html(overview(money: [series([(1000, 0), (0, 0), (0, 250)])]))
        #expect(html.contains("$10.00 taken in and $2.50 given back in 3 days."))
        #expect(html.contains(#"role="img" aria-labelledby="chart-usd-title chart-usd-text""#))
        #expect(html.contains(#"data-label="Revenue">$10.00<"#) && html.contains(#"data-label="Refunded">$2.50<"#))
        #expect(html.matches(of: /data-label="Day"/).count == 2, "Days without money are left out")
    }

    @Test func daysAreReadable() {
        #expect(Format.day(Instant(unixSeconds: 1_795_046_400)) == "19 Nov 2026")
        #expect(Format.day(Instant(unixSeconds: 1_767_225_600)) == "1 Jan 2026")
        #expect(Format.minorName("usd") == "US cents" && Format.minorName("jpy") == "JPY")
        #expect(Format.minorName("eur") == "hundredths of EUR" && Format.minorName("kwd") == "thousandths of KWD")
    }
}
