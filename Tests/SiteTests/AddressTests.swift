import HTTPClient
import JSON
import TestSupport
import Testing

private let ada = ("Authorization", "Bearer ada")

/// What nginx makes of a client's address, seen behind a proxy that names any.
@Suite struct AddressTests {
    private let site: Site

    init() throws {
        site = try EchoSite.with(["STACK_ADDRESS_LIMITS": "1", "CREDITS_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"])
    }

    private func send(_ method: String, _ path: String, from address: String) throws -> HTTPClient.Answer {
        try site.send(method, path, headers: [ada, ("X-Forwarded-For", address)], body: method == "POST" ? [] : nil)
    }

    @Test func aProxyThatIsTrustedNamesTheClient() throws {
        for (sent, told) in [
            ("203.0.113.9", "203.0.113.9"), ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, 10.1.2.3", "203.0.113.9"), ("2001:db8::1", "2001:db8::1"), ("nonsense", "127.0.0.1"),
        ] {
            #expect(try Told(send("GET", "/buy", from: sent))["REMOTE_ADDR"] == told, "\(sent)")
        }
    }

    @Test func whatIsForThisMachineIsNotThereThroughAProxy() throws {
        for path in ["/healthz", "/readyz", "/metrics"] {
            #expect(try site.send("GET", path).status == 200)
            for address in ["127.0.0.1", "::1", "10.0.0.1", "203.0.113.9"] {
                #expect(try send("GET", path, from: address).status == 404, "\(path) from \(address)")
            }
        }
    }

    @Test func aNetworkOfIPv6IsOneAddress() throws {
        for (number, pair) in [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:3::1", "2001:db8:1:4::1", false),
            ("2001:db8:5::1", "2001:db8:5:0:1:2:3:4", true), ("2001:db8:6::1", "2001:db8:6:1::1", false),
            ("2001:db8::1", "2001:db8::1:2:3:4", true), ("2001::7:1:2:3:4", "2001:0:0:7::1", true),
            ("2001::8:1:2:3:4", "2001::9:1:2:3:4", false), ("fc00::1", "fc00::ffff", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false), ("192.0.2.3", "192.0.2.4", false),
        ].enumerated() {
            for _ in 0..<13 { _ = try send("POST", "/buy", from: pair.0) }
            #expect(try send("POST", "/buy", from: pair.0).status == 429, "\(number): \(pair.0)")
            #expect(try send("POST", "/buy", from: pair.1).status == (pair.2 ? 429 : 200), "\(number): \(pair.1)")
        }
    }

    @Test func oneAddressGetsSoManyAnswersAndNoMore() throws {
        var answered = 0
        while answered < 2000, try send("GET", "/account", from: "198.51.100.1").status == 200 { answered += 1 }
        #expect(300 <= answered && answered < 2000)
        #expect(try send("GET", "/account", from: "198.51.100.2").status == 200)
        #expect(try send("POST", "/polar/orders", from: "198.51.100.1").status == 200)
    }

    @Test func noLogOfNginxHoldsAQuery() throws {
        let canary = "canary-of-the-query"
        var statuses: Set<Int> = []
        let large = [UInt8](repeating: 0x20, count: (64 << 10) + 1)
        for (method, path, body) in [
            ("POST", "/buy", large), ("POST", "/static/style.css", []), ("GET", "/static/nothing.css", nil),
            ("GET", "/auth/callback", nil), ("GET", "/nothing", nil), ("GET", "/metrics", nil), ("GET", "//", nil),
        ] as [(String, String, [UInt8]?)] {
            let headers = [("Referer", "\(site.address)/?\(canary)"), ("X-Forwarded-For", "198.51.100.3")]
            statuses.insert(
                try site.send(method, "\(path)?code=\(canary)", headers: headers + [ada], body: body).status)
        }
        for _ in 0..<100 { statuses.insert(try send("GET", "/auth/login?x=\(canary)", from: "198.51.100.4").status) }
        #expect(statuses.isSuperset(of: [200, 404, 405, 413, 429]))
        let last = try #require(try send("GET", "/buy?\(canary)", from: "198.51.100.5").headers["x-request-id"])
        try eventually("the request is logged") { try site.log(of: "access").contains(last) }
        for log in ["access", "nginx"] { #expect(try !site.log(of: log).contains(canary), "\(log)") }
        #expect(try site.log(of: "access").contains(#""limit.requests":"REJECTED""#))
    }
}

@Suite struct TrustedProxiesTests {
    @Test(arguments: ["proxy.example", "10.0.0.1;", "10.0.0.0/0", "10.0.0.0/33", "300.0.0.1", "::/0", "10.0.0.1 all"])
    func whatIsNoAddressIsRefused(list: String) throws {
        do {
            _ = try EchoSite.with(["CREDITS_TRUSTED_PROXIES": list])
            Issue.record("\(list) was taken")
        } catch {
            #expect("\(error)".contains("CREDITS_TRUSTED_PROXIES is not a list of addresses"))
        }
    }
}
