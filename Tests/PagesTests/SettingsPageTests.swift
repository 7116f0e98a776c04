import Testing

@testable import Core
@testable import Pages

/// `/admin/settings`, from what was typed to what is shown.
@Suite struct SettingsPageTests {
    private func html(
        _ settings: BillingSettings = AdminPageTests.settings(), _ trial: SettingsTrial = .notSent
    ) -> String {
        AdminPage.settings(settings, trial, history: [], AdminPageTests.context()).html
    }

    @Test func theSettingsSayWhatTheyMean() {
        let html = html()
        #expect(html.contains("Price of a pack, in USD") && html.contains("at Polar. $0.50 to $10,000.00."))
        #expect(html.contains(#"type="text" name="pack_price" value="5.00" inputmode="decimal""#))
        #expect(html.contains("One credit now costs 1.19¢."))
        #expect(html.contains(#"name="version" value="3""#) && html.contains("have never been changed"))
        #expect(html.contains(#"name="refund_on_failure" value="true" checked"#))
    }

    @Test func everySettingHasOneFieldWithItsLabel() {
        let html = html()
        for setting in Setting.table {
            var name = setting.name
            if case .money(let field) = setting.unit { name = field }
            #expect(html.matches(of: #/name="(\w+)"/#).count { $0.1 == name } == 1, "\(name)")
            #expect(html.contains(">\(setting.label)"))
        }
    }

    @Test func whatIsWrongStandsBesideItsFieldWithWhatWasTyped() {
        let typed = AdminPageTests.typed("5,00", trial: "many")
        #expect(typed.faults == ["pack_price_cents", "free_trial_credits"])
        let html = html(AdminPageTests.settings(), .faulty(typed))
        #expect(html.contains("2 fields are out of bounds. Nothing was saved."))
        #expect(
            html.contains(
                #"<p id="pack-price-fault" class="wrong">An amount from $0.50 to $10,000.00, written like 5.00.</p>"#))
        #expect(html.contains(#"aria-describedby="pack-price-help pack-price-fault" aria-invalid="true""#))
        #expect(html.contains("value=\"5,00\"") && html.contains("value=\"many\"") && !html.contains(" checked"))
        #expect(html.matches(of: /aria-invalid/).count == 2)
    }

    @Test func whatCameInMinorUnitsIsAnsweredInThem() {
        let html = html(AdminPageTests.settings(), .faulty(AdminPageTests.typed("49", isMoney: false)))
        #expect(html.contains("Price of a pack, in US cents") && html.contains(#"name="pack_price_cents" value="49""#))
        #expect(html.contains(#"class="wrong">A whole number from 50 to 1,000,000.</p>"#))
    }

    @Test func aStaleFormIsShownBesideWhatIsInForce() {
        let theirs = AdminPageTests.settings(version: 4, by: "eve")
        let html = html(theirs, .stale(AdminPageTests.typed("9")))
        #expect(html.contains("eve saved other settings just now"))
        #expect(html.contains(#"data-label="In force">5.00<"#))
        #expect(html.contains(#"data-label="Yours"><span class="badge warn">9.00</span>"#))
        // What is the same on both sides does not stand out.
        #expect(html.contains(#"data-label="Yours">420<"#))
        #expect(html.contains(#"data-label="In force">Yes<"#) && html.contains(#"class="badge warn">No</span>"#))
        #expect(html.contains(#"name="version" value="4""#) && html.contains(#"value="9""#))
        #expect(self.html(theirs, .stale(AdminPageTests.typed("5"))).contains(#"data-label="Yours">5.00<"#))
    }

    @Test(arguments: [
        ("0.49", false), ("0.50", true), (".5", false), ("10000", true), ("10000.00", true), ("10000.01", false),
        ("5.001", false), ("5,00", false), ("", false),
    ])
    func moneyHasItsBounds(_ text: String, _ isWithin: Bool) {
        #expect(AdminPageTests.typed(text).faults.isEmpty == isWithin)
    }

    @Test func aCurrencyWithoutDecimalsIsTypedWithoutThem() {
        let typed = AdminPageTests.typed("500.0", currency: "jpy")
        #expect(typed.faults == ["pack_price_cents"] && AdminPageTests.typed("500", currency: "jpy").faults.isEmpty)
        let yen = BillingSettings(
            packPriceCents: 500, creditsPerPack: 420, refundOnFailure: true, freeTrialCredits: 10, currency: "jpy",
            version: 3, updatedAt: nil, updatedBy: nil)
        #expect(html(yen, .faulty(typed)).contains("An amount from ¥50 to ¥1,000,000, written like 500."))
        #expect(html(yen).contains(#"name="pack_price" value="500""#))
    }
}
