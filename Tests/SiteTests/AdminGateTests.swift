import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Who gets through nginx to what admins do, and what is left as it was when nobody does.
@Suite(.serialized) struct AdminGateTests {
    private static let settings = "/api/v1/admin/settings"
    private static let change = Array(#"{"credits_per_pack":999}"#.utf8)

    private func bearer(_ user: String, _ site: Site) throws -> (String, String) {
        ("Authorization", "Bearer \(try site.token(user))")
    }

    private func code(_ answer: HTTPClient.Answer) -> String? { (try? JSON(answer.body))?["code"]?.string }

    private func creditsPerPack(_ site: Site) throws -> Int64? {
        let answer = try site.send("GET", Self.settings, headers: [bearer("admin", site)])
        #expect(answer.status == 200)
        return try JSON(answer.body)["credits_per_pack"]?.integer
    }

    @Test func onlyAnAdminGetsThrough() throws {
        let site = try Site()
        let nobody = try site.send("PUT", Self.settings, body: Self.change)
        #expect(nobody.status == 401 && code(nobody) == "unauthenticated")
        let forged = try site.send(
            "PUT", Self.settings, headers: [("Remote-User", "admin"), ("X-User", "admin")], body: Self.change)
        #expect(forged.status == 401)
        let user = try site.send("PUT", Self.settings, headers: [bearer("ada", site)], body: Self.change)
        #expect(user.status == 403 && code(user) == "not_admin")
        #expect(user.headers["content-type"] == "application/problem+json")
        #expect(try creditsPerPack(site) == 420)

        let page = ("Accept", "text/html")
        for path in ["/admin/payments.csv", "/admin/ledger.csv"] {
            let login = try site.send("GET", path, headers: [page])
            #expect(login.status == 302 && login.headers["location"]?.contains("/auth/login?return_to=") == true)
            let refused = try site.send("GET", path, headers: [page, bearer("ada", site)])
            #expect(refused.status == 403 && refused.headers["content-type"] == "text/html; charset=utf-8")
            #expect(String(decoding: refused.body, as: UTF8.self).contains("This is for admins only"))
            let csv = try site.send("GET", path, headers: [page, bearer("admin", site)])
            #expect(csv.status == 200 && csv.headers["content-type"]?.hasPrefix("text/csv") == true)
            #expect(csv.headers["x-content-type-options"] == "nosniff")
        }
        #expect(try site.send("PUT", Self.settings, headers: [bearer("admin", site)], body: Self.change).status == 200)
        #expect(try creditsPerPack(site) == 999)
    }

    @Test func aChangeByCookieComesFromOurOwnPages() throws {
        let site = try Site()
        // The issuer's own cookie: a browser sends it along with whatever another site makes it ask for.
        let cookie = ("Cookie", "__session=\(try site.token("admin"))")
        let changes: [(String, String, [UInt8])] = [
            ("PUT", Self.settings, Self.change),
            ("POST", "/api/v1/admin/users/admin/adjustments", Array(#"{"amount":5,"reason":"r"}"#.utf8)),
            ("PUT", "/api/v1/admin/admins/eve", []), ("DELETE", "/api/v1/admin/admins/admin", []),
            ("POST", "/api/v1/admin/deliveries/w/replay", []),
        ]
        let elsewhere: [[(String, String)]] = [
            [], [("Origin", "https://evil.example")], [("Origin", "null")], [("Sec-Fetch-Site", "cross-site")],
        ]
        for (method, path, body) in changes {
            for origin in elsewhere {
                let answer = try site.send(method, path, headers: [cookie] + origin, body: body)
                #expect(answer.status == 403 && code(answer) == "cross_site", "\(method) \(path) \(origin)")
            }
        }
        #expect(try creditsPerPack(site) == 420)
        let admins = try JSON(site.send("GET", "/api/v1/admin/admins", headers: [cookie]).body)["items"]?.array
        #expect(admins?.map { $0["user_id"]?.string } == ["admin"])
        let own = [cookie, ("Origin", site.origin)]
        #expect(try site.send("PUT", Self.settings, headers: own, body: Self.change).status == 200)
        #expect(try creditsPerPack(site) == 999)
    }

    @Test func staleSettingsAreRefusedWithBothVersions() throws {
        let site = try Site()
        let admin = try bearer("admin", site)
        func put(_ body: String) throws -> HTTPClient.Answer {
            try site.send("PUT", Self.settings, headers: [admin], body: Array(body.utf8))
        }
        #expect(try put(#"{"credits_per_pack":500,"version":1}"#).status == 200)
        let stale = try put(#"{"credits_per_pack":600,"version":1}"#)
        #expect(stale.status == 409 && code(stale) == "stale_settings")
        #expect(try JSON(stale.body)["current_version"] == 2)
        #expect(try creditsPerPack(site) == 500)
    }

    @Test func aUserIsReachedWhateverTheIDHolds() throws {
        let product = "6a1f2c9e-5a6b-4f0e-9d7a-0c1f5b3a2e41"
        let site = try Site(["POLAR_PRODUCT_ID": product])
        let admin = try bearer("admin", site)
        let allowed = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\u{0}"..."\u{7F}"))
        for id in ["auth0|123", "team/ada", "https://issuer.example/users/1", "ü 1"] {
            var order = OrderEvent(product: product)
            order.user = id
            #expect(try site.deliver(order.body).status == 202)
            let headers = [admin, ("Idempotency-Key", order.order), ("Content-Type", "application/json")]
            // As any client would encode it; what no path can hold goes behind the question mark.
            let encoded = try #require(id.addingPercentEncoding(withAllowedCharacters: allowed))
            let path = id.contains("//") ? "-/adjustments?user_id=\(encoded)" : "\(encoded)/adjustments"
            let answers = try (1...2).map { _ in
                try site.send(
                    "POST", "/api/v1/admin/users/\(path)", headers: headers,
                    body: Array(#"{"amount":5,"reason":"\#(id)"}"#.utf8))
            }
            #expect(answers.map(\.status) == [201, 201] && answers[0].body == answers[1].body, "\(id)")
            let shown = try site.creditctl("user", "show", id, "--json")
            #expect(try JSON(Array(shown.output.utf8))["credits"] == 435)
        }
        try expectVerified(site)
    }

    @Test func aForgottenPersonKeepsCreditsAndNothingElse() throws {
        let site = try Site()
        _ = try site.send("GET", "/api/v1/credits", headers: [bearer("ada", site)])
        func ada() throws -> JSON { try JSON(Array(site.creditctl("user", "show", "ada", "--json").output.utf8)) }
        #expect(try ada()["email"] != nil)
        #expect(try site.creditctl("user", "forget", "ada").status == 0)
        #expect(try ada()["email"] == nil && ada()["name"] == nil && ada()["credits"] == 10)
        #expect(try site.creditctl("user", "forget", "nobody").status == 1)
        try expectVerified(site)
    }
}
