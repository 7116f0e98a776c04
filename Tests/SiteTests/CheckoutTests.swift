import Glibc
import HTTPClient
import JSON
import TestSupport
import Testing

/// What Polar is asked for when somebody buys.
@Suite struct CheckoutTests {
    private static let body = Array(#"{"quantity":3}"#.utf8)

    /// As a CGI program: there the caller can be anybody.
    private func buy(as email: String = "ada@example.com", key: String = "", at site: Site) throws -> Program.Ended {
        try Program("checkout").run(environment: environment(email, key, site), input: Self.body)
    }

    private func environment(_ email: String, _ key: String, _ site: Site) -> [String: String] {
        let request = [
            "REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/v1/checkouts", "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": String(Self.body.count), "REMOTE_USER": "ada", "REMOTE_EMAIL": email,
            "REMOTE_NAME": "Ada",
            "REMOTE_CREDENTIAL": "bearer", "REMOTE_ADDR": "203.0.113.7", "HTTP_IDEMPOTENCY_KEY": key,
        ]
        return site.settings.merging(request) { $1 }
    }

    private func sessions(of site: Site) throws -> [String?] {
        let state = try JSON(site.simulate("GET", "/control/api/state").body)
        return (state["checkouts"]?.array ?? []).map { $0["id"]?.string }
    }

    /// Polar has made the session, and what it says of it is lost.
    @Test func theSameKeyFindsTheSessionWhoseAnswerWasLost() throws {
        let site = try Site()
        try site.control("/control/api/faults", ["fault": "nonsense", "count": 1])
        #expect(try buy(key: "k", at: site).output.hasPrefix("Status: 502\r\n"))
        let made = try sessions(of: site)
        #expect(made.count == 1)
        let found = try buy(key: "k", at: site)
        #expect(found.output.hasPrefix("Status: 201\r\n") && found.output.contains(made[0] ?? "none"))
        #expect(try buy(key: "k", at: site).output.contains(made[0] ?? "none"))
        #expect(try sessions(of: site) == made)
    }

    /// `checkout` is killed while it waits for Polar, which has made the session.
    @Test func aDeadRequestIsGoneOnWith() throws {
        let site = try Site()
        try site.control("/control/api/faults", ["fault": "timeout", "count": 1, "seconds": 30])
        let dying = try Program("checkout").start(
            environment: environment("ada@example.com", "k", site), input: Self.body)
        try eventually("Polar has made it") { try sessions(of: site).count == 1 }
        dying.signal(SIGKILL)
        #expect(dying.wait(within: .seconds(10)) == -SIGKILL)
        #expect(try buy(key: "k", at: site).output.hasPrefix("Status: 409\r\n"), "nobody knows yet that it is dead")
        // Two minutes later.
        let pass =
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
            + "c.execute('UPDATE idempotency_keys SET claimed_ms = claimed_ms - 121000'); c.commit()"
        let database = try #require(site.settings["CREDITS_DATABASE"])
        #expect(try Program("/usr/bin/python3").run(["-c", pass, database]).status == 0)
        let made = try sessions(of: site)
        let found = try buy(key: "k", at: site)
        #expect(found.output.hasPrefix("Status: 201\r\n") && found.output.contains(made[0] ?? "none"))
        #expect(try sessions(of: site) == made, "a second session would be a second sale")
    }

    @Test(arguments: [("ada@example.com", "ada@example.com"), ("ada@nowhere.invalid", nil)])
    func anAddressThatPolarRefusesDoesNotStopTheSale(_ email: String, _ prefilled: String?) throws {
        let site = try Site()
        #expect(try buy(as: email, at: site).output.hasPrefix("Status: 201\r\n"))
        let state = try JSON(site.simulate("GET", "/control/api/state").body)
        let checkout = try #require(state["checkouts"]?.array?.first)
        #expect(checkout["customer_email"]?.string == prefilled)
        #expect(checkout["amount"] == 1500 && checkout["currency"] == "usd")
        #expect(checkout["external_customer_id"] == "ada" && checkout["customer_name"] == "Ada")
        #expect(checkout["customer_ip_address"] == "203.0.113.7" && checkout["allow_discount_codes"] == false)
        #expect(checkout["metadata"]?["user_id"] == "ada" && checkout["metadata"]?["checkout"] != nil)
        #expect(checkout["success_url"]?.string?.contains("/buy/return?checkout_id=") == true)
    }
}
