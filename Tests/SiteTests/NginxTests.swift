import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

private let ada = ("Authorization", "Bearer ada")

/// Everything a client could try in order to be taken for somebody else.
private let disguises = [
    ("Remote-User", "root"), ("REMOTE_USER", "root"), ("X-User", "root"), ("Proxy", "http://evil.example"),
    ("X-Forwarded-For", "1.2.3.4"), ("Remote-Addr", "1.2.3.4"), ("Https", "on"), ("X-Credential", "cookie"),
    ("Remote-Email-Verified", "true"), ("REMOTE_EMAIL_VERIFIED", "true"), ("X-Email-Verified", "true"),
    ("Remote-Session", "x"), ("X-Session", "x"), ("Document-Uri", "/auth/check"), ("X-Accel-Redirect", "/etc/passwd"),
]

@Suite struct WhatNginxPassesOn {
    private static let always = [
        "DOCUMENT_URI", "HTTP_ACCEPT", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_CREDENTIAL", "REMOTE_EMAIL",
        "REMOTE_EMAIL_VERIFIED", "REMOTE_FORM_TOKEN", "REMOTE_NAME", "REMOTE_SESSION", "REMOTE_USER", "REQUEST_ID",
        "REQUEST_METHOD",
    ]

    @Test func aHandlerIsToldItsParametersAndNothingElse() throws {
        let answer = try EchoSite.site().send("GET", "/buy?quantity=2", headers: disguises + [ada])
        let told = try Told(answer)
        #expect(told.program == "checkout")
        #expect(told.names == Self.always)
        #expect(told["REMOTE_USER"] == "ada")
        #expect(told["REMOTE_EMAIL"] == "ada@example.com")
        #expect(told["REMOTE_NAME"] == "Ada")
        #expect(told["REMOTE_CREDENTIAL"] == "bearer")
        #expect(told["REMOTE_FORM_TOKEN"] == "token")
        #expect(told["REMOTE_EMAIL_VERIFIED"] == "false" && told["REMOTE_SESSION"] == "0123456789abcdef")
        #expect(told["REMOTE_ADDR"] == "127.0.0.1")
        #expect(told["QUERY_STRING"] == "quantity=2")
        #expect(told["REQUEST_ID"] == answer.headers["x-request-id"])
    }

    @Test(arguments: [
        "/polar/orders", "/polar/orders/", "/auth/login", "/auth/callback", "/auth/logout", "/auth/backchannel-logout",
        "/healthz",
    ])
    func nobodyIsAnybodyWhereNobodySignsIn(path: String) throws {
        let told = try Told(EchoSite.site().send("POST", path, headers: disguises + [ada], body: []))
        #expect(told.status == 200)
        for name in [
            "REMOTE_USER", "REMOTE_EMAIL", "REMOTE_NAME", "REMOTE_CREDENTIAL", "REMOTE_FORM_TOKEN",
            "REMOTE_EMAIL_VERIFIED", "REMOTE_SESSION",
        ] {
            #expect(told[name] == "")
        }
    }

    @Test func theWebhookIsToldWhatItVerifies() throws {
        let headers = [
            ("webhook-id", "a"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,x"),
            ("webhook-api-version", "2026-10"), ("Content-Type", "application/json"), ("User-Agent", "polar"),
        ]
        let told = try Told(EchoSite.site().send("POST", "/polar/orders", headers: headers + [ada], body: [1, 2, 3]))
        let more = [
            "CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_USER_AGENT", "HTTP_WEBHOOK_API_VERSION", "HTTP_WEBHOOK_ID",
            "HTTP_WEBHOOK_SIGNATURE", "HTTP_WEBHOOK_TIMESTAMP",
        ]
        #expect(told.names == (Self.always + more).sorted())
        #expect(told["HTTP_WEBHOOK_SIGNATURE"] == "v1,x")
        #expect(told["CONTENT_LENGTH"] == "3")
        #expect(told.bytes == 3)
    }

    @Test(arguments: ["//polar/orders", "/polar/./orders", "/x/../polar/orders", "/polar/%6frders", "/polar%2forders"])
    func anAddressIsTheSameHoweverItIsWritten(path: String) throws {
        let told = try Told(EchoSite.site().send("POST", path, body: []))
        #expect(told["DOCUMENT_URI"] == "/polar/orders")
    }

    @Test(arguments: [
        "/polar/orders;a=b", "/Polar/orders", "/polar/orders%20", "/polar/orders/x", "/auth/check", "/auth/required",
        "/auth/check/admin", "/auth/required/admin", "/_auth_admin",
        "/_auth", "/_error/json", "/api/v1/checkouts/", "/api/v1/checkouts/a/b", "/static/", "/static/..%2fstack",
        "/.env", "/.git/config",
    ])
    func whatIsNotNamedIsNotThere(path: String) throws {
        let answer = try EchoSite.site().send("GET", path, headers: [ada])
        #expect(answer.status == 404)
        #expect(try JSON(answer.body)["code"]?.string == "not_found")
    }

    @Test func whoIsNotSignedInGoesToAuth() throws {
        let told = try Told(EchoSite.site().send("GET", "/account?a=b", headers: disguises))
        #expect(told.status == 401)
        #expect(told.program == "auth")
        #expect(told["DOCUMENT_URI"] == "/auth/required")
        #expect(told["REQUEST_URI"] == "/account?a=b")
    }

    /// The checks of the two areas are told apart by the location, however the address is written.
    @Test(arguments: ["/admin", "/admin/users?a=b", "//admin/users", "/x/../%61dmin/users", "/api/v1/admin/users"])
    func whatAdminsDoAsksForAYoungerSession(path: String) throws {
        let told = try Told(EchoSite.site().send("GET", path, headers: disguises))
        #expect(told.status == 401)
        #expect(told["DOCUMENT_URI"] == "/auth/required/admin")
        let stale = try EchoSite.site().send("GET", path, headers: [("Authorization", "Bearer stale")])
        #expect(stale.status == 401)
        let other = try Told(EchoSite.site().send("GET", "/account", headers: [("Authorization", "Bearer stale")]))
        #expect(other.status == 200 && other["REMOTE_USER"] == "ada")
    }

    @Test func aChangeFromElsewhereIsRefusedBeforeTheHandlerSeesIt() throws {
        let told = try Told(
            EchoSite.site().send("POST", "/buy", headers: [("Origin", "https://evil.example")], body: [1]))
        #expect(told.status == 403)
        #expect(told["DOCUMENT_URI"] == "/auth/refused")
        #expect(told.bytes == 0)
    }

    /// An internal redirect would hand out any file that nginx can read.
    @Test func aHandlerCannotRedirectNginx() throws {
        let answer = try EchoSite.site().send("GET", "/buy", headers: [ada])
        #expect(answer.status == 200)
        #expect(answer.headers["x-accel-redirect"] == nil)
    }
}

@Suite struct WhatNginxAnswersItself {
    @Test func whenAuthCannotSayEverybodyIsAskedToComeAgain() throws {
        let busy = ("Authorization", "Bearer busy")
        for path in ["/api/v1/credits", "/api/v1/admin/users", "/api/v1/generations"] {
            let answer = try EchoSite.site().send("GET", path, headers: [busy, ("Accept", "text/html")])
            #expect(answer.status == 503 && answer.headers["retry-after"] == "5")
            #expect(answer.headers["content-type"] == "application/problem+json")
            let problem = try JSON(answer.body)
            #expect(problem["code"] == "unavailable" && problem["status"] == 503)
            #expect(problem["request_id"]?.string == answer.headers["x-request-id"])
        }
        for path in ["/account", "/admin", "/"] {
            let answer = try EchoSite.site().send("GET", path, headers: [busy, ("Accept", "text/html")])
            #expect(answer.status == 503 && answer.headers["retry-after"] == "5")
            #expect(String(decoding: answer.body, as: UTF8.self).contains("<h1>The service is busy"))
        }
    }

    @Test func whereABodyFindsNoRoomOnTheDiskEverybodyIsAskedToComeAgain() throws {
        let site = try EchoSite.with([:])
        let disk = try SmallDisk(bytes: 128 << 10, at: "\(site.directory)/nginx/temporary/body")
        guard let disk else { return }
        defer { extendLifetime(disk) }
        let body = [UInt8](repeating: 0x20, count: 1 << 20)
        for path in ["/polar/orders", "/api/v1/generations"] {
            let answer = try site.send("POST", path, headers: [ada], body: body)
            #expect(answer.status == 503 && answer.headers["retry-after"] == "5")
            #expect(answer.headers["content-type"] == "application/problem+json")
            let problem = try JSON(answer.body)
            #expect(problem["code"] == "unavailable" && problem["status"] == 503)
        }
        let page = try site.send("POST", "/", headers: [ada, ("Accept", "text/html")], body: body)
        #expect(page.status == 503 && page.headers["retry-after"] == "5")
        #expect(String(decoding: page.body, as: UTF8.self).contains("<h1>The service is busy"))
        #expect(try site.send("POST", "/polar/orders", headers: [ada], body: [1]).status == 200, "What is small passes")
    }

    @Test func anUnknownAddressIsAProblem() throws {
        let answer = try EchoSite.site().send("GET", "/api/v1/nothing", headers: [("Accept", "text/html")])
        let problem = try JSON(answer.body)
        #expect(answer.status == 404)
        #expect(answer.headers["content-type"] == "application/problem+json")
        #expect(problem["type"]?.string == "/problems/not-found")
        #expect(problem["status"]?.integer == 404)
        #expect(problem["request_id"]?.string == answer.headers["x-request-id"])
        #expect(["title", "detail", "code"].allSatisfy { problem[$0]?.string != nil })
    }

    @Test func aBrowserGetsAPage() throws {
        let answer = try EchoSite.site().send("GET", "/nothing", headers: [("Accept", "text/html,*/*;q=0.8")])
        #expect(answer.status == 404)
        #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
        #expect(String(decoding: answer.body, as: UTF8.self).contains("<h1>There is nothing here</h1>"))
    }

    @Test(arguments: [("/polar/orders", 1 << 20), ("/polar/orders/", 1 << 20), ("/buy", 64 << 10)])
    func aBodyIsTakenUpToItsLimit(path: String, limit: Int) throws {
        let site = try EchoSite.site()
        let whole = try Told(site.send("POST", path, headers: [ada], body: [UInt8](repeating: 0x20, count: limit)))
        #expect(whole.bytes == limit)
        let over = try site.send("POST", path, headers: [ada], body: [UInt8](repeating: 0x20, count: limit + 1))
        #expect(over.status == 413)
        #expect(try JSON(over.body)["code"]?.string == "content_too_large")
    }

    /// Also of those who have not signed in: nginx reads a body before it refuses one.
    @Test(arguments: [
        "/", "/buy", "/account/sessions", "/api/v1/credits", "/api/v1/checkouts", "/api/v1/generations",
        "/api/v1/generations/x/result", "/generations/x", "/admin/settings", "/api/v1/admin/users", "/auth/login",
        "/auth/backchannel-logout", "/polar/orders", "/polar/orders/", "/healthz", "/nothing", "/static/x",
        "/openapi.json",
    ])
    func aBodyOfNoStatedLengthHasTheSameLimit(path: String) throws {
        let body = try TemporaryDirectory()
        try Places.write(String(repeating: " ", count: 30_000_000), to: body.path + "/body")
        for credentials in [[], ["-H", "Authorization: Bearer ada"]] {
            let answer = try Program("/usr/bin/curl").run(
                [
                    "-s", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "--data-binary", "@\(body.path)/body",
                    "-o", "/dev/null", "-w", "%{http_code} %{size_upload} %{content_type}",
                ] + credentials + [EchoSite.site().address + path])
            let words = answer.output.split(separator: " ").map(String.init)
            // Where nothing reads a body nginx lets it pass, and keeps none of it.
            let isReadByNobody = ["/nothing", "/static/x", "/openapi.json"].contains(path)
            #expect(isReadByNobody ? ["404", "405"].contains(words[0]) : words[0] == "413", "\(words)")
            #expect(isReadByNobody || (Int(words[1]) ?? .max) < 16_000_000, "\(words)")
            #expect(words.last == "application/problem+json", "\(words)")
        }
    }

    @Test(arguments: ["/buy", "/api/v1/credits", "/auth/login", "/polar/orders", "/", "/nothing", "/static/x"])
    func everyAnswerCarriesTheSecurityHeaders(path: String) throws {
        let answer = try EchoSite.site().send("GET", path, headers: [ada])
        let policy = answer.headers["content-security-policy"] ?? ""
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"))
        #expect(!policy.contains("unsafe"))
        #expect(answer.headers["x-content-type-options"] == "nosniff")
        #expect(answer.headers["x-frame-options"] == "DENY")
        #expect(answer.headers["referrer-policy"] == "same-origin")
        #expect(answer.headers["x-request-id"]?.count == 32)
        #expect(answer.headers["server"] == "nginx")
    }

    @Test func whatIsDynamicIsNotKept() throws {
        #expect(try EchoSite.site().send("GET", "/account", headers: [ada]).headers["cache-control"] == "no-store")
    }

    @Test func theLogHoldsNoQuery() throws {
        let site = try EchoSite.site()
        let answer = try site.send("GET", "/auth/callback?code=canary-of-the-query")
        let id = try #require(answer.headers["x-request-id"])
        try eventually("the request is logged") { try site.log(of: "access").contains(id) }
        #expect(try !site.log(of: "access").contains("canary-of-the-query"))
    }

    @Test func tooManyPurchasesFromOneAddressWait() throws {
        let limited = try EchoSite.with(["STACK_ADDRESS_LIMITS": "1"])
        var answers: [HTTPClient.Answer] = []
        for _ in 0..<12 { answers.append(try limited.send("POST", "/buy", headers: [ada], body: [])) }
        #expect(answers.map(\.status) == [Int](repeating: 200, count: 11) + [429])
        #expect(answers.last?.headers["retry-after"] == "10")
        #expect(try JSON(answers[11].body)["code"]?.string == "too_many_requests")
        #expect(try limited.send("GET", "/buy", headers: [ada]).status == 200)
        for _ in 0..<50 { #expect(try limited.send("POST", "/polar/orders", body: []).status == 200) }
    }
}

@Suite struct WhoSendsSlowly {
    /// Whoever holds as many deliveries open as one address may leaves places for others.
    @Test func keepsNobodyElsesDeliveriesOut() throws {
        let site = try EchoSite.with(["STACK_ADDRESS_LIMITS": "1", "CREDITS_TRUSTED_PROXIES": "127.0.0.1"])
        func slow(_ address: String) throws -> RunningProgram {
            try Program("/usr/bin/python3").start([
                "-c", Self.script, String(site.port), address, "400",
            ])
        }
        let attacker = try slow("203.0.113.7")
        try eventually("all connections stand") { try attacker.output().contains("open") }
        func deliver(from address: String) throws -> Int {
            try site.send("POST", "/polar/orders", headers: [("X-Forwarded-For", address)], body: [1]).status
        }
        try eventually("the attacker is at the limit") { try deliver(from: "203.0.113.7") == 429 }
        for _ in 0..<20 { #expect(try deliver(from: "192.0.2.1") == 200) }
    }

    /// Deliveries whose body never comes, on so many connections.
    private static let script = """
        import socket, sys, time
        port, address, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
        held = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(("POST /polar/orders HTTP/1.1\\r\\nHost: localhost\\r\\nX-Forwarded-For: %s\\r\\n"
                "Content-Length: 100000\\r\\n\\r\\n" % address).encode())
            held.append(connection)
        print("open", flush=True)
        time.sleep(60)
        """
}

@Suite struct TheConfiguration {
    private static func files() throws -> [String] {
        let folder = "\(Places.repository)/deploy/nginx"
        let included = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".conf") }
        return ["\(Places.repository)/nginx.conf"] + included.map { "\(folder)/\($0)" }
    }

    /// Kept connections to libfcgi let a client forge requests.
    @Test func connectionsToHandlersAreNeverKept() throws {
        let text = try Self.files().map(Places.text).joined()
        #expect(text.matches(of: /fastcgi_keep_conn\s+(\w+)/).map { String($0.1) } == ["off"])
        #expect(text.matches(of: /fastcgi_request_buffering\s+(\w+)/).map { String($0.1) } == ["on"])
        #expect(!text.contains("SCRIPT_FILENAME"))
    }

    /// An `add_header` in a location drops the inherited ones, so each includes them.
    @Test func everyPlaceThatPassesARequestOnHasTheHeaders() throws {
        for path in try Self.files() where !path.hasSuffix("/simulator.conf") {
            for line in try Places.text(of: path).split(separator: "\n") where line.contains("fastcgi_pass checkout") {
                let included = try line.matches(of: /include credits\/([a-z-]+\.conf)/).map {
                    try Places.text(of: "\(Places.repository)/deploy/nginx/\($0.1)")
                }
                #expect((included + [String(line)]).contains { $0.contains("include credits/handler.conf") })
            }
        }
    }
}
