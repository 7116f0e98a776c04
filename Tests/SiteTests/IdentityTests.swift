import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// Who somebody is, from the issuer to the last handler: tokens, trials, sessions and their ends.
@Suite(.serialized) struct IdentityTests {
    private func token(_ query: String, _ site: Site) throws -> String {
        let answer = try site.simulate("GET", "/issuer/token?\(query)")
        return try #require(JSON(answer.body)["token"]?.string)
    }

    private func credits(_ query: String, _ site: Site) throws -> (status: Int, credits: Int64?) {
        let bearer = ("Authorization", "Bearer \(try token(query, site))")
        let answer = try site.send("GET", "/api/v1/credits", headers: [bearer])
        return (answer.status, try? JSON(answer.body)["credits"]?.integer)
    }

    /// Signs in as a browser does; `name=value` of the session's cookie.
    private func signIn(_ name: String, _ site: Site, agent: String = "Firefox/145 (Linux)") throws -> String {
        let begun = try site.send("GET", "/auth/login")
        let login = try #require(begun.headers["set-cookie"]?.split(separator: ";").first.map(String.init))
        let query = try #require(begun.headers["location"]?.split(separator: "?", maxSplits: 1).last)
        let chosen = try site.simulate(
            "POST", "/authorize", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array("\(query)&name=\(name)".utf8))
        let back = try #require(chosen.headers["location"])
        let path = String(back.dropFirst(site.origin.count))
        let ended = try site.send("GET", path, headers: [("Cookie", login), ("User-Agent", agent)])
        #expect(ended.status == 303)
        return try #require(ended.headers["set-cookie"]?.split(separator: ";").first.map(String.init))
    }

    private func status(_ path: String, _ cookie: String, _ site: Site) throws -> Int {
        try site.send("GET", path, headers: [("Cookie", cookie)]).status
    }

    private func logOut(_ form: String, _ site: Site) throws -> JSON {
        try JSON(site.simulate("POST", "/issuer/logout", body: Array(form.utf8)).body)
    }

    @Test func tokensThatAreNotForUsLetNobodyIn() throws {
        let site = try Site()
        for query in ["", "&aud=polar-credits,other", "&typ=at%2Bjwt", "&typ=none", "&azp=other"] {
            #expect(try credits("sub=ada" + query, site).status == 200, "\(query)")
        }
        for query in [
            "&aud=other", "&aud=none", "&typ=logout%2Bjwt", "&typ=secevent%2Bjwt", "&events=%7B%7D",
            "&iss=https%3A%2F%2Fevil.example", "&seconds=-120",
        ] {
            #expect(try credits("sub=ada" + query, site).status == 401, "\(query)")
        }
        let logout = try #require(try logOut("sub=admin&send=false", site)["logout_token"]?.string)
        let answer = try site.send("GET", "/api/v1/admin/settings", headers: [("Authorization", "Bearer \(logout)")])
        #expect(answer.status == 401)
        // The settings refuse what would let any client's token in.
        let ended = try Program("\(site.directory)/bin/auth").run(
            [], environment: site.settings.merging(["OIDC_CLIENT_ID": "", "OIDC_CLIENT_SECRET": ""]) { $1 })
        #expect(ended.status == 78 && ended.errors.contains("AUTH_AUDIENCE is missing"))
    }

    @Test func trialsCannotBeFarmed() throws {
        let site = try Site(["TRIAL_DAILY_LIMIT": "3"])
        #expect(try credits("sub=none&email_verified=none", site).credits == 10)
        #expect(try credits("sub=ada&email=Ada%40Example.com", site).credits == 10)
        #expect(try credits("sub=ada2&email=ada%40example.com", site).credits == 0)
        #expect(try credits("sub=bob&email_verified=false", site).credits == 0)
        #expect(try credits("sub=silent&email_verified=none", site).credits == 0)
        #expect(try credits("sub=nomail&email=none", site).credits == 0)
        // No header of a client's reaches the handlers.
        let bearer = ("Authorization", "Bearer \(try token("sub=eve&email_verified=false", site))")
        let forged = ["Remote-Email-Verified", "REMOTE_EMAIL_VERIFIED", "X-Email-Verified"].map { ($0, "true") }
        let answer = try site.send("GET", "/api/v1/credits?REMOTE_EMAIL_VERIFIED=true", headers: [bearer] + forged)
        #expect(try JSON(answer.body)["credits"]?.integer == 0)
        // Verified at last; then the day is full.
        #expect(try credits("sub=bob", site).credits == 10)
        #expect(try credits("sub=late", site).credits == 0)
        #expect(try site.creditctl("user", "forget", "ada").status == 0)
        #expect(try credits("sub=ada3&email=ada%40example.com", site).credits == 0)
        try expectVerified(site)
    }

    @Test func theIssuerEndsASessionAtOnce() throws {
        let site = try Site()
        let (first, second) = (try signIn("ada", site), try signIn("ada", site))
        let other = try signIn("eve", site)
        let sids = try JSON(site.simulate("GET", "/issuer/sessions?sub=ada").body)["items"]?.array?.map(\.string)
        let sid = try #require(sids?.first ?? nil)
        for cookie in [first, second, other] { #expect(try status("/account", cookie, site) == 200) }
        let ended = try logOut("sid=\(sid)", site)
        #expect(ended["status"] == 200 && ended["cache_control"] == "no-store" && ended["body"] == "")
        #expect(try status("/account", first, site) == 302 && status("/account", second, site) == 200)
        for spoilt in [
            "typ=JWT", "aud=other", "nonce=n", "events=none", "jti=none", "seconds=-200", "iss=x", "sid=none",
        ] {
            let answer = try logOut((spoilt.hasPrefix("sid") ? "" : "sub=ada&") + spoilt, site)
            #expect(answer["status"] == 400 && answer["cache_control"] == "no-store", "\(spoilt)")
        }
        #expect(try status("/account", second, site) == 200)
        #expect(try logOut("sub=ada&jti=once", site)["status"] == 200)
        #expect(try logOut("sub=eve&jti=once", site)["status"] == 400)
        #expect(try status("/account", second, site) == 302 && status("/account", other, site) == 200)
        #expect(try site.send("GET", "/auth/backchannel-logout").status == 405)
    }

    @Test func onesOwnSessionsAreListedAndEnded() throws {
        let site = try Site()
        let (here, there) = (try signIn("ada", site), try signIn("ada", site, agent: "Safari/605 (iPhone)"))
        let stranger = try signIn("eve", site)
        func page(_ cookie: String) throws -> String {
            String(decoding: try site.send("GET", "/account", headers: [("Cookie", cookie)]).body, as: UTF8.self)
        }
        func field(_ name: String, _ page: String) throws -> [String] {
            page.matches(of: try Regex(#"name="\#(name)" value="([^"]*)""#)).compactMap {
                $0[1].substring.map(String.init)
            }
        }
        func end(_ name: String, _ cookie: String, token: String) throws -> HTTPClient.Answer {
            try site.send(
                "POST", "/account/sessions",
                headers: [
                    ("Cookie", cookie), ("Origin", site.origin), ("Content-Type", "application/x-www-form-urlencoded"),
                ], body: Array("form_token=\(token)&session=\(name)".utf8))
        }
        let list = try page(here)
        #expect(list.contains("Firefox on Linux (this one)") && list.contains("Safari on iPhone"))
        #expect(list.contains("127.0.0.*") && list.contains("Sign out everywhere"))
        let names = try field("session", list)
        let token = try #require(try field("form_token", list).first)
        #expect(names.count == 3 && names.last == "all")
        // Newest first: the other one. Nobody else ends it, and no form of another session.
        let strangers = try #require(try field("form_token", page(stranger)).first)
        #expect(try end(names[0], stranger, token: token).status == 403)
        #expect(try end(names[0], stranger, token: strangers).status == 303)
        #expect(try status("/account", there, site) == 200)
        let ended = try end(names[0], here, token: token)
        #expect(ended.status == 303 && ended.headers["location"] == "/account")
        #expect(try status("/account", there, site) == 302 && status("/account", here, site) == 200)
        #expect(try !page(here).contains("Sign out everywhere"))
        let all = try end("all", here, token: token)
        #expect(all.status == 303 && all.headers["location"] == "/auth/logout")
        #expect(try status("/account", here, site) == 302 && status("/account", stranger, site) == 200)
    }

    @Test func aPersonSignsOutOfOneBrowserInAnother() throws {
        let site = try Site()
        let other = try signIn("ada", site)
        let browser = try Browser()
        try browser.signIn("ada", at: site)
        try Look(browser: browser, site: site).expectGood([("sessions", "/account")])
        #expect(try browser.count(".sessions li") == 2)
        // Newest first: this one.
        try browser.click(".sessions li:last-child button")
        try eventually("one is left") { try browser.count(".sessions li") == 1 }
        #expect(try status("/account", other, site) == 302)
        try browser.click(".sessions li button")
        try eventually("nobody is signed in") { try browser.text("h1") == "You are signed out" }
    }

    @Test func theOperatorListsAndEndsThem() throws {
        let site = try Site()
        let (one, two) = (try signIn("ada", site), try signIn("ada", site))
        let listed =
            try JSON(Array(site.creditctl("session", "list", "ada", "--json").output.utf8))["items"]?.array ?? []
        #expect(listed.count == 2 && listed[0]["agent"] == "Firefox on Linux" && listed[0]["network"] == "127.0.0.*")
        let name = try #require(listed[0]["session"]?.string)
        #expect(try site.creditctl("session", "end", "eve", "--session", name).status == 1)
        #expect(try site.creditctl("session", "end", "ada", "--session", name).status == 0)
        #expect(try status("/account", one, site) == 200 && status("/account", two, site) == 302)
        #expect(try site.creditctl("session", "end", "ada").output == "1 session of ada ended\n")
        #expect(try status("/account", one, site) == 302)
    }

    @Test func anAdminWhoIsRemovedIsSignedOut() throws {
        let site = try Site()
        let admin = try signIn("admin", site)
        #expect(try status("/admin", admin, site) == 200)
        #expect(try site.creditctl("admin", "grant", "eve").status == 0)
        #expect(try site.creditctl("admin", "revoke", "admin").status == 0)
        #expect(try status("/admin", admin, site) == 302 && status("/account", admin, site) == 302)
    }

    /// The clock cannot be moved, so what is stored is.
    @Test func anIdleAdminSignsInAgainForAdminsPagesAlone() throws {
        let site = try Site()
        let admin = try signIn("admin", site)
        func sqlite(_ sql: String) throws -> String {
            try Program("/usr/bin/sqlite3").run([site.directory + "/credits.db", ".timeout 5000", sql]).output
        }
        func age(by seconds: Int) throws {
            _ = try sqlite("UPDATE sessions SET admin_used_ms = admin_used_ms - \(seconds) * 1000")
        }
        try age(by: 3590)
        #expect(try status("/admin", admin, site) == 200)
        // Noted within ten seconds, so that it can be idle anew.
        try eventually("the use is noted") {
            try sqlite("SELECT count(*) FROM sessions WHERE admin_used_ms > created_ms - 60000") == "1\n"
        }
        try age(by: 3660)
        let page = try site.send("GET", "/admin/users", headers: [("Cookie", admin), ("Accept", "text/html")])
        #expect(page.status == 302)
        #expect(page.headers["location"] == "/auth/login?return_to=%2Fadmin%2Fusers&prompt=login")
        #expect(try status("/api/v1/admin/settings", admin, site) == 401)
        #expect(try status("/account", admin, site) == 200)
        #expect(try status("/admin", try signIn("admin", site), site) == 200)
    }
}
