import Foundation
import Testing

@testable import Core
@testable import Pages

/// The pages under `/admin`, from values to HTML.
@Suite struct AdminPageTests {
    static let now = Instant(unixSeconds: 1_795_000_000)
    static let hostile = #"<script>alert("1")</script>&'"#

    static func context(parked: Int64 = 0, notice: AdminNotice? = nil) -> AdminContext {
        AdminContext(who: "root", formToken: "token", parked: parked, now: now, notice: notice) { "key" }
    }

    static func settings(version: Int64 = 3, by: String? = nil) -> BillingSettings {
        BillingSettings(
            packPriceCents: 500, creditsPerPack: 420, refundOnFailure: true, freeTrialCredits: 10, currency: "usd",
            version: version, updatedAt: by.map { _ in now }, updatedBy: by)
    }

    /// The form with the price as people write it, or in minor units as everywhere else.
    static func typed(
        _ price: String, isMoney: Bool = true, credits: String = "420", refund: Bool = false, trial: String = "10",
        currency: String = "usd"
    ) -> TypedSettings {
        let texts = [
            "pack_price_cents": price, "credits_per_pack": credits, "refund_on_failure": String(refund),
            "free_trial_credits": trial,
        ]
        let fields = Setting.table.map {
            TypedSetting($0, texts[$0.name] ?? "", isMoney: isMoney && $0.name == "pack_price_cents")
        }
        return TypedSettings(fields, currency: currency)
    }

    static func user(_ name: String) throws -> UserID { try #require(UserID(name)) }

    static let order = Order.ID(random: [UInt8](repeating: 9, count: 16))

    static func payment(state: PaymentState = .parked, reason: String? = "unknown_user", user: String? = nil)
        -> PaymentReport
    {
        PaymentReport(
            order: order, environment: .sandbox, user: user.flatMap(UserID.init), checkout: nil, state: state,
            reason: reason, status: "paid", currency: "usd", net: 500, refunded: 0, pack: 420, target: 0, debt: .zero,
            hasLostDispute: false, clock: PolarClock(rawValue: now.rawValue * 1000), createdAt: now, updatedAt: now,
            assignedUser: nil, note: nil)
    }

    static func delivery(type: String, reason: String? = nil) -> DeliverySummary {
        DeliverySummary(
            place: 1, id: "msg/1", environment: .sandbox, type: type, order: order, verdict: .applied, reason: reason,
            bodyBytes: 10, sentAt: now, receivedAt: now, replayedAt: nil)
    }

    /// Every page, with one text wherever people or other systems write.
    static func everyPage(_ text: String) throws -> [(name: String, html: String)] {
        let context = context(parked: 2)
        let pages = ListPages([("q", text)], isFirst: false, next: text)
        let line = AuditLine(
            actor: text, action: "user.adjust", subject: text, old: text, new: text, createdAt: now)
        let entry = LedgerEntry(
            id: 1, user: try user(text), kind: .adjustment, amount: 5, balanceAfter: 15, order: order, generation: nil,
            actor: text, reason: text, createdAt: now)
        let report = OrderReport(
            payment: payment(user: text), checkout: nil, entries: [entry],
            deliveries: [
                DeliverySummary(
                    place: 1, id: text, environment: .sandbox, type: text, order: order, verdict: .applied,
                    reason: text,
                    bodyBytes: 1, sentAt: now, receivedAt: now, replayedAt: nil)
            ])
        var details = PaymentDetails()
        details.payer = [(text, text)]
        details.dismissal = text
        var trial = SettlingTrial()
        (trial.user, trial.assignFault, trial.reason, trial.dismissFault) = (text, text, text, text)
        var adjustment = AdjustmentTrial()
        (adjustment.amount, adjustment.reason, adjustment.fault) = (text, text, text)
        var filter = TypedPaymentFilter()
        (filter.user, filter.from) = (text, text)
        let typed = Self.typed(text, credits: text, trial: text)
        let detail = UserDetail(
            account: Account(
                user: try user(text), balance: 5, debt: 2, hasFreeTrial: false, trial: nil, isAdmin: true,
                settings: settings(),
                createdAt: now), email: text, name: text, isAdmin: true, credits: [:], payments: 20, generations: 2)
        let summary = UserSummary(user: try user(text), email: text, name: text, balance: 5, debt: 2, createdAt: now)
        let admins = [Admin(user: try user(text), grantedAt: now, grantedBy: text)]
        let made: [(String, AdminPage)] = [
            ("settings", .settings(settings(by: text), .stale(typed), history: [line], context)),
            ("payments", .payments([payment(user: text)], filter, fault: text, pages: pages, context)),
            ("payment", .payment(order, report, details, trial, context)),
            ("parked", .parked([ParkedOrder(payment(user: text), payer: [(text, text)])], pages: pages, context)),
            ("users", .users([summary], search: text, isInDebt: false, pages: pages, context)),
            (
                "user",
                .user(detail, entries: Page([entry], nextCursor: 1), payments: [], pages: pages, adjustment, context)
            ),
            (
                "deliveries",
                .deliveries([delivery(type: text, reason: text)], verdict: "", type: text, pages: pages, context)
            ),
            (
                "delivery",
                .delivery(
                    DeliveryView(delivery(type: text, reason: text), headers: text, body: text), fault: text, context)
            ),
            ("audit", .audit([line], subject: text, pages: pages, context)),
            ("admins", .admins(admins + admins, typed: text, fault: text, context)),
        ]
        return made.map { ($0.0, $0.1.html) }
    }

    @Test func whatPeopleWriteIsEscapedOnEveryPage() throws {
        for (name, html) in try Self.everyPage(Self.hostile) {
            #expect(!html.contains("<script>"), "\(name)")
            #expect(html.contains("&lt;script&gt;"), "\(name)")
            #expect(!html.contains("style=") && !html.contains("<style") && !html.contains("onclick"), "\(name)")
        }
    }

    @Test func everyFormThatChangesSomethingCarriesTheToken() throws {
        for (name, html) in try Self.everyPage("ada") {
            let forms = html.matches(of: /<form[^>]*method="post"[^>]*>/).count
            let tokens = html.matches(of: /name="form_token" value="token"/).count
            #expect(forms == tokens && forms > 0, "\(name)")
        }
    }

    @Test func theHeadTellsHowMuchWaits() {
        func html(_ parked: Int64) -> String {
            AdminPage.parked([], pages: ListPages(isFirst: true, next: nil), Self.context(parked: parked)).html
        }
        #expect(html(1260).contains(#"<span class="count">1,260<span class="hidden"> waiting</span></span>"#))
        #expect(!html(0).contains("class=\"count\"") && html(0).contains("Nothing is parked."))
        #expect(html(0).contains(#"<a href="/admin/parked" aria-current="page">"#))
    }

    @Test func everyReasonToParkIsExplained() {
        let names = Set(ParkedReason.allCases.map(\.name))
        let explanations = Set(ParkedReason.allCases.map(\.explanation))
        #expect(names.count == ParkedReason.allCases.count && explanations.count == names.count)
        for reason in ParkedReason.allCases {
            let order = ParkedOrder(Self.payment(reason: reason.rawValue), payer: [])
            let html = AdminPage.parked([order], pages: ListPages(isFirst: true, next: nil), Self.context()).html
            #expect(html.contains("$5.00: \(reason.name)"))
        }
    }

    @Test(arguments: [
        ("ada", "/admin/users/ada"), ("auth0|1 2", "/admin/users/auth0%7C1%202"),
        ("a/b", "/admin/users/-?user_id=a%2Fb"), ("..", "/admin/users/-?user_id=.."), ("-", "/admin/users/-?user_id=-"),
        ("ü", "/admin/users/%C3%BC"),
    ])
    func everyUserHasAnAddress(_ id: String, _ address: String) {
        #expect(AdminPath.user(id) == address)
    }

    @Test func theOrderIsOneClickFromPolarsDashboard() {
        let id = Self.order.text
        #expect(AdminPage.dashboard(Self.order, .sandbox) == "https://sandbox.polar.sh/dashboard/*/sales/\(id)")
        #expect(AdminPage.dashboard(Self.order, .production) == "https://polar.sh/dashboard/*/sales/\(id)")
    }

    @Test func onlyWhatIsParkedOrDismissedCanBeSettled() {
        func html(_ state: PaymentState, _ reason: String?) -> String {
            let report = OrderReport(
                payment: Self.payment(state: state, reason: reason), checkout: nil, entries: [], deliveries: [])
            return AdminPage.payment(Self.order, report, PaymentDetails(), SettlingTrial(), Self.context()).html
        }
        #expect(
            html(.parked, "seats").contains("Assign the order")
                && html(.parked, "seats").contains("Dismiss the order"))
        #expect(html(.dismissed, "dismissed").contains("Assign the order"))
        #expect(!html(.dismissed, "dismissed").contains("Dismiss the order"))
        #expect(!html(.applied, nil).contains("Assign the order") && !html(.recorded, "unpaid").contains("<details"))
    }
}
