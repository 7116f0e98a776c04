import HTTPClient
import JSON
import TestSupport
import Testing

/// What Polar is asked for when somebody buys.
@Suite struct CheckoutTests {
    /// As a CGI program: there the caller can be anybody.
    private func buy(as email: String, at site: Site) throws -> Program.Ended {
        let body = Array(#"{"quantity":3}"#.utf8)
        let request = [
            "REQUEST_METHOD": "POST", "DOCUMENT_URI": "/api/v1/checkouts", "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": String(body.count), "REMOTE_USER": "ada", "REMOTE_EMAIL": email, "REMOTE_NAME": "Ada",
            "REMOTE_CREDENTIAL": "bearer", "REMOTE_ADDR": "203.0.113.7",
        ]
        return try Program("checkout").run(environment: site.settings.merging(request) { $1 }, input: body)
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
