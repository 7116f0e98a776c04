import HTTP
import JSON
import Testing

@testable import Core
@testable import Endpoints

/// The pages under `/admin` and their forms.
@Suite struct AdminPagesTests {
    let office: AdminOffice
    init() throws { office = try AdminOffice() }

    private func page(_ path: String, _ query: String = "", as user: String? = "root") -> Response {
        office.send(
            .get, path, query: query, as: user, headers: ["accept": "text/html"],
            credential: .cookie(formToken: "token"))
    }

    private func post(
        _ path: String, _ fields: String, token: String = "token", as user: String? = "root"
    ) -> Response {
        office.send(
            .post, path, as: user,
            headers: ["content-type": "application/x-www-form-urlencoded", "accept": "text/html"],
            body: "form_token=\(token)&\(fields)", credential: .cookie(formToken: "token"))
    }

    @discardableResult
    private func park(_ change: (inout [String: JSON]) -> Void = { _ in }) throws -> Order.ID {
        var members: [String: JSON] = [
            "id": "57107b74-8400-4d80-a2fc-54c2b4239cb3", "status": "paid", "paid": true, "billing_reason": "purchase",
            "product_id": .string(Shop.product.text), "currency": "usd", "subtotal_amount": 500, "net_amount": 500,
            "refunded_amount": 0,
        ]
        change(&members)
        let json = JSON.object(members.map { JSON.Member($0.key, $0.value) })
        let order = try #require(OrderSnapshot(json, at: PolarClock(rawValue: office.now.rawValue * 1000)))
        _ = try office.store.orders.apply(order, in: AdminOffice.scope, at: office.now)
        return order.id
    }

    private func balance(_ name: String) throws -> Int64? {
        try office.store.people.account(of: office.user(name), at: office.now)?.balance.rawValue
    }

    private func actions() throws -> [String] {
        try office.store.admins.auditLog(limit: 100).items.map(\.action).filter { $0 != "admin.grant" }
    }

    static let addresses = [
        "/admin", "/admin/settings", "/admin/payments", "/admin/users", "/admin/users/ada", "/admin/parked",
        "/admin/deliveries", "/admin/admins", "/admin/audit",
    ]

    @Test(arguments: addresses)
    func onlyAnAdminSeesThePages(_ path: String) {
        #expect(page(path).status == .ok)
        let refused = page(path, as: "ada")
        #expect(refused.status == .forbidden && refused.text.contains("This is for admins only"))
        #expect(!refused.text.contains("ada@example.com") && !refused.text.contains("/admin/users"))
        #expect(page(path, as: nil).status == .unauthorized)
        let wrongMethod = office.send(.delete, path)
        #expect(wrongMethod.status == .methodNotAllowed && wrongMethod.headers["allow"]?.hasPrefix("GET") == true)
    }

    static let forms = [
        ("/admin/settings", "pack_price_cents=700&credits_per_pack=500&free_trial_credits=10&version=1"),
        ("/admin/users/ada", "amount=5&reason=gift&idempotency_key=k"),
        ("/admin/parked/57107b74-8400-4d80-a2fc-54c2b4239cb3", "action=assign&user_id=ada"),
        ("/admin/parked/57107b74-8400-4d80-a2fc-54c2b4239cb3", "action=dismiss&reason=test"),
        ("/admin/deliveries/none", "action=replay"), ("/admin/admins", "action=grant&user_id=ada"),
        ("/admin/admins", "action=revoke&user_id=root"),
    ]

    @Test(arguments: forms)
    func aFormOfSomebodyElseChangesNothing(_ path: String, _ fields: String) throws {
        try park()
        for (token, user) in [("", "root"), ("other", "root"), ("token", "ada")] {
            #expect(post(path, fields, token: token, as: user).status == .forbidden)
        }
        #expect(post(path, fields, as: nil).status == .unauthorized)
        #expect(try actions() == [] && office.store.settings.current().version == 1 && balance("ada") == 10)
        #expect(try office.store.orders.parkedCount() == 1 && office.store.admins.all().count == 1)
    }

    // MARK: Settings

    @Test func theSettingsAreSavedOnceAndTold() throws {
        let fields = "pack_price_cents=700&credits_per_pack=500&free_trial_credits=0&version=1"
        let saved = post("/admin/settings", fields)
        #expect(saved.status == .seeOther)
        #expect(saved.headers["location"] == "/admin/settings?notice=settings-changed")
        let settings = try office.store.settings.current()
        #expect(settings.packPriceCents == 700 && settings.creditsPerPack == 500 && settings.freeTrialCredits == 0)
        #expect(!settings.refundOnFailure, "A box that is not ticked is not sent")
        #expect(post("/admin/settings", fields) == saved, "A second click of the same form")
        #expect(try actions() == ["settings.change"])
        let told = page("/admin/settings", "notice=settings-changed").text
        #expect(told.contains("The settings are saved.") && told.contains("pack price cents 700"))
        #expect(!page("/admin/settings", "notice=%3Cb%3Ehello").text.contains("hello"))
        let same = post("/admin/settings", "pack_price_cents=700&credits_per_pack=500&free_trial_credits=0&version=2")
        #expect(same.headers["location"] == "/admin/settings?notice=settings-unchanged")
    }

    @Test func whatIsOutOfBoundsIsKeptInTheForm() throws {
        let refused = post(
            "/admin/settings", "pack_price_cents=49&credits_per_pack=x&free_trial_credits=10001&version=1")
        #expect(refused.status == .unprocessableContent && refused.text.contains("3 fields are out of bounds"))
        for value in ["49", "x", "10001"] { #expect(refused.text.contains("value=\"\(value)\"")) }
        #expect(post("/admin/settings", "version=1").text.contains("3 fields are out of bounds"))
        #expect(
            post("/admin/settings", "pack_price_cents=700&credits_per_pack=1&free_trial_credits=1").status
                == .unprocessableContent)
        #expect(try office.store.settings.current().version == 1)
    }

    @Test func aStaleFormIsRefusedWithBothVersions() throws {
        try office.store.set(["pack_price_cents": 600], by: "eve", at: office.now)
        let fields = "pack_price_cents=900&credits_per_pack=420&refund_on_failure=true&free_trial_credits=10"
        let stale = post("/admin/settings", fields + "&version=1")
        #expect(stale.status == .conflict && stale.text.contains("eve saved other settings"))
        #expect(stale.text.contains(">600<") && stale.text.contains(">900<") && stale.text.contains("value=\"900\""))
        #expect(try office.store.settings.current().packPriceCents == 600)
        #expect(post("/admin/settings", fields + "&version=2").status == .seeOther)
        #expect(try office.store.settings.current().packPriceCents == 900)
    }

    @Test func moneyIsTypedAsMoneyAndKeptInMinorUnits() throws {
        func price(_ fields: String) throws -> Int64? {
            let version = try office.store.settings.current().version
            let others = "credits_per_pack=1&free_trial_credits=1&version=\(version)"
            let answer = post("/admin/settings", "\(fields)&\(others)")
            if answer.status == .seeOther { return try office.store.settings.current().packPriceCents }
            #expect(answer.status == .unprocessableContent && answer.text.contains("One field is out of bounds"))
            return nil
        }
        #expect(page("/admin/settings").text.contains(#"name="pack_price" value="5.00""#))
        #expect(try price("pack_price=7.5") == 750 && price("pack_price=+8+") == 800)
        #expect(try price("pack_price=5.001") == nil && price("pack_price=0.49") == nil)
        #expect(try price("pack_price=900") == 90_000 && price("pack_price_cents=900") == 900)
        #expect(try price("pack_price_cents=9.00") == nil)
        // The name that it has everywhere else counts before the form's own.
        #expect(try price("pack_price=5.00&pack_price_cents=901") == 901)
        #expect(try price("pack_price=5.00&pack_price_cents=") == nil)
        let refused = post(
            "/admin/settings", "pack_price=5,00&credits_per_pack=1&free_trial_credits=1&version=6"
        ).text
        #expect(refused.contains(#"name="pack_price" value="5,00""#) && refused.contains("written like 9.01."))
    }

    @Test func aSecondClickIsNoOtherWishHoweverItWasTyped() throws {
        func save(_ price: String) -> Status {
            post(
                "/admin/settings",
                "pack_price=\(price)&credits_per_pack=420&refund_on_failure=true&free_trial_credits=10&version=1"
            ).status
        }
        #expect(save("7") == .seeOther && save("7.00") == .seeOther && save("7.01") == .conflict)
        #expect(try actions() == ["settings.change"])
    }

    // MARK: Users

    @Test func aBalanceIsCorrectedOnceForEachForm() throws {
        let given = post("/admin/users/ada", "amount=%2B5&reason=gift&idempotency_key=k")
        #expect(given.status == .seeOther && given.headers["location"] == "/admin/users/ada?notice=adjusted")
        #expect(post("/admin/users/ada", "amount=%2B5&reason=gift&idempotency_key=k") == given)
        #expect(try balance("ada") == 15)
        #expect(post("/admin/users/ada", "amount=%E2%88%923&reason=fix&idempotency_key=l").status == .seeOther)
        #expect(try balance("ada") == 12 && actions() == ["user.adjust", "user.adjust"])
        let entry = try office.store.ledger.entries(of: office.user("ada"), limit: 1).items.first
        #expect(entry?.actor == "root" && entry?.reason == "fix")
        let reused = post("/admin/users/ada", "amount=7&reason=gift&idempotency_key=k")
        #expect(reused.status == .conflict && reused.text.contains("This page was used before"))
        #expect(page("/admin/users/ada").text.contains("fix — by root"))
    }

    @Test(arguments: [
        ("amount=0&reason=a", 422, "A whole number"), ("amount=1.5&reason=a", 422, "A whole number"),
        ("amount=&reason=a", 422, "A whole number"), ("amount=1000000001&reason=a", 422, "A whole number"),
        ("amount=5&reason=+", 422, "Say why"), ("amount=-11&reason=a", 409, "The user has 10"),
    ])
    func whatCannotBeIsKeptInTheForm(_ fields: String, _ status: Int, _ words: String) throws {
        let refused = post("/admin/users/ada", fields + "&idempotency_key=k")
        #expect(refused.status.rawValue == status && refused.text.contains(words))
        let amount = fields.firstMatch(of: /amount=([^&]*)/)?.1 ?? ""
        #expect(refused.text.contains("name=\"amount\" value=\"\(amount)\""))
        #expect(try balance("ada") == 10 && actions() == [])
    }

    @Test func usersAreFoundByTheBeginningOfIdOrAddress() throws {
        _ = try office.store.people.account(
            of: Profile(user: office.user("a/b|c"), email: "x@example.com"), at: office.now)
        #expect(page("/admin/users", "q=ADA%40ex").text.contains("/admin/users/ada\""))
        #expect(page("/admin/users", "q=nobody").text.contains("begins so"))
        #expect(page("/admin/users", "debt=true").text.contains("Nobody owes anything."))
        let slashes = page("/admin/users", "q=a%2Fb").text
        #expect(slashes.contains("/admin/users/-?user_id=a%2Fb%7Cc"))
        #expect(page("/admin/users/-", "user_id=a%2Fb%7Cc").text.contains("x@example.com"))
        #expect(page("/admin/users/nobody").status == .notFound)
        #expect(page("/admin/users", "cursor=!").status == .unprocessableContent)
    }

    // MARK: Parked orders

    @Test func aParkedOrderIsAssigned() throws {
        let id = try park().text
        #expect(page("/admin/parked").text.contains("No known user"))
        let stranger = post("/admin/parked/\(id)", "action=assign&user_id=adaa")
        #expect(stranger.status == .unprocessableContent && stranger.text.contains("Nobody of that id was ever seen"))
        #expect(stranger.text.contains("value=\"adaa\"") && stranger.text.contains("class=\"choice\" open"))
        let done = post("/admin/parked/\(id)", "action=assign&user_id=ada")
        #expect(done.headers["location"] == "/admin/payments/\(id)?notice=assigned")
        #expect(post("/admin/parked/\(id)", "action=assign&user_id=ada") == done, "A second click")
        #expect(try balance("ada") == 430 && actions() == ["order.assign"])
        let late = post("/admin/parked/\(id)", "action=dismiss&reason=late")
        #expect(late.status == .conflict)
        #expect(page("/admin/payments/\(id)").text.contains("+420"))
        #expect(page("/admin/parked").text.contains("Nothing is parked."))
    }

    @Test func anOrderMayBeOfSomebodyWhoComesLater() throws {
        let id = try park().text
        #expect(post("/admin/parked/\(id)", "action=assign&user_id=new&new_user=true").status == .seeOther)
        #expect(try balance("new") == 430)
    }

    @Test func whatCannotBeReadIsNotAssigned() throws {
        let id = try park { $0["net_amount"] = "five" }.text
        let refused = post("/admin/parked/\(id)", "action=assign&user_id=ada")
        #expect(refused.status == .conflict && refused.text.contains("cannot be read"))
        #expect(try balance("ada") == 10 && actions() == [])
    }

    @Test func aParkedOrderIsDismissedForAReason() throws {
        let id = try park().text
        let silent = post("/admin/parked/\(id)", "action=dismiss&reason=++")
        #expect(silent.status == .unprocessableContent && silent.text.contains("Say why"))
        let done = post("/admin/parked/\(id)", "action=dismiss&reason=a+test+order")
        #expect(done.headers["location"] == "/admin/payments/\(id)?notice=dismissed")
        #expect(post("/admin/parked/\(id)", "action=dismiss&reason=a+test+order") == done)
        #expect(try actions() == ["order.dismiss"])
        #expect(page("/admin/payments/\(id)").text.contains("a test order"))
        #expect(post("/admin/parked/\(id)", "action=explode").status == .unprocessableContent)
        #expect(post("/admin/parked/nonsense", "action=dismiss&reason=a").status == .notFound)
    }

    // MARK: Lists

    @Test func paymentsAreFiltered() throws {
        let id = try park().text
        func finds(_ query: String) -> Bool { page("/admin/payments", query).text.contains("/admin/payments/\(id)") }
        #expect(
            finds("") && finds("state=parked") && finds("parked=true") && !finds("state=applied")
                && !finds("user_id=ada"))
        #expect(finds("from=2026-11-18&to=2026-11-18") && !finds("from=2026-11-19") && !finds("to=2026-11-17"))
        #expect(page("/admin/payments", "state=applied").text.contains("No payment is like that."))
        let csv = page("/admin/payments", "state=parked&from=2026-11-18").text
        #expect(csv.contains("/admin/payments.csv?state=parked&amp;from=2026-11-18"))
        for query in ["from=yesterday", "to=2026-02-30", "state=lost"] {
            let refused = page("/admin/payments", query)
            #expect(refused.status == .unprocessableContent && refused.text.contains("a day is like"))
        }
    }

    @Test func listsAreCutIntoPages() throws {
        for number in 0..<30 {
            _ = try office.store.people.account(of: Profile(user: office.user("user-\(number)")), at: office.now)
        }
        let first = page("/admin/users").text
        #expect(first.matches(of: /<tr role="row"><td/).count == 25 && !first.contains(">Newest<"))
        let cursor = try #require(first.firstMatch(of: /href="\/admin\/users\?cursor=([^"]+)"/)?.1)
        let second = page("/admin/users", "cursor=\(cursor)").text
        #expect(second.matches(of: /<tr role="row"><td/).count == 6 && second.contains(">Newest<"))
        #expect(!second.contains(">Older<"))
    }

    @Test func theAuditLogIsReadable() throws {
        _ = post("/admin/users/ada", "amount=5&reason=gift&idempotency_key=k")
        let log = page("/admin/audit").text
        #expect(log.contains("Corrected a balance") && log.contains("Made an admin") && log.contains(">10<"))
        let one = page("/admin/audit", "subject=ada").text
        #expect(one.contains("Corrected a balance") && !one.contains("Made an admin"))
        #expect(page("/admin/audit", "subject=nobody").text.contains("Nothing was done to that."))
    }

    @Test func adminsAreMadeAndUnmadeButForTheLast() throws {
        let last = post("/admin/admins", "action=revoke&user_id=root")
        #expect(last.status == .conflict && last.text.contains("root is the last admin and stays one"))
        #expect(post("/admin/admins", "action=grant&user_id=ada").headers["location"] == "/admin/admins?notice=granted")
        #expect(
            post("/admin/admins", "action=grant&user_id=ada").headers["location"]
                == "/admin/admins?notice=already-admin")
        #expect(post("/admin/admins", "action=grant&user_id=").status == .unprocessableContent)
        #expect(page("/admin", as: "ada").status == .ok)
        #expect(
            post("/admin/admins", "action=revoke&user_id=ada").headers["location"] == "/admin/admins?notice=revoked")
        #expect(page("/admin", as: "ada").status == .forbidden)
        _ = post("/admin/admins", "action=grant&user_id=ada")
        #expect(post("/admin/admins", "action=revoke&user_id=root").headers["location"] == "/")
    }
}
