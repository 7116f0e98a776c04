import Foundation
import HTTPClient
import JSON
import TestSupport
import Testing

/// What one user may have of a running site, and what a provider does that cannot work now.
@Suite(.serialized) struct SharingTests {
    private let directory: TemporaryDirectory
    private let site: Site

    init() throws {
        directory = try TemporaryDirectory()
        let program = """
            if [ -e \(directory.path)/status ]; then exit "$(cat \(directory.path)/status)"; fi
            exec cat
            """
        try Places.write(program + "\n", to: directory.path + "/make")
        site = try Site([
            "GENERATOR": "command", "GENERATOR_COMMAND": "sh \(directory.path)/make", "GENERATION_ATTEMPTS": "1",
            "GENERATION_CONCURRENCY": "1", "USER_WAITING_JOBS": "3", "USER_FREE_FAILURES": "1",
            "GENERATION_DAILY_LIMIT": "7",
        ])
    }

    /// The status with which the provider's program ends; `nil`: it works.
    private func end(with status: Int?) throws {
        guard let status else { return try FileManager.default.removeItem(atPath: directory.path + "/status") }
        try Places.write("\(status)", to: directory.path + "/status")
    }

    private func send(_ method: String, _ path: String, as user: String, body: [UInt8]? = nil) throws
        -> HTTPClient.Answer
    {
        let headers = [("Authorization", "Bearer \(try site.token(user))"), ("Content-Type", "image/png")]
        return try site.send(method, path, headers: headers, body: body)
    }

    private func upload(_ name: String = "colour.png", as user: String = "ada") throws -> HTTPClient.Answer {
        try send("POST", "/api/v1/generations", as: user, body: Fixtures.bytes("images/\(name)"))
    }

    private func statuses(of user: String = "ada") throws -> [String?] {
        let items = try JSON(send("GET", "/api/v1/generations", as: user).body)["items"]?.array ?? []
        return items.map { $0["status"]?.string }
    }

    private func all(_ status: String, of user: String = "ada") throws {
        try eventually("all are \(status)", within: .seconds(60)) { try statuses(of: user).allSatisfy { $0 == status } }
    }

    private func gauge() throws -> Bool {
        String(decoding: try site.send("GET", "/metrics").body, as: UTF8.self).contains("\ncredits_provider_paused 1\n")
    }

    private func credits(_ user: String = "ada") throws -> Int64? {
        try JSON(send("GET", "/api/v1/credits", as: user).body)["credits"]?.integer
    }

    @Test func anOutageFailsNobodyAndLimitsHold() throws {
        try end(with: 75)
        for _ in 1...3 { #expect(try upload().status == 202) }
        let fourth = try upload()
        #expect(fourth.status == 429 && fourth.headers["retry-after"] != nil)
        #expect(try upload(as: "bob").status == 202)
        try eventually("the pause is seen") { try gauge() }
        #expect(try statuses() == ["pending", "pending", "pending"])
        try end(with: nil)
        for user in ["ada", "bob"] { try all("completed", of: user) }
        #expect(try !gauge() && credits() == 7)

        try end(with: 65)
        #expect(try upload(as: "cy").status == 202)
        try all("failed", of: "cy")
        #expect(try credits("cy") == 10)
        #expect(try upload(as: "cy").status == 202)
        try eventually("it has failed") { try statuses(of: "cy") == ["failed", "failed"] }
        #expect(try credits("cy") == 9, "a second refused picture costs its credit")
        let verified = try site.creditctl("ledger", "verify")
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test func aUsedUpDayClosesTheUploads() throws {
        for _ in 1...7 {
            #expect(try upload(as: "bob").status == 202)
            try all("completed", of: "bob")
        }
        let answer = try upload(as: "bob")
        #expect(answer.status == 503 && answer.headers["retry-after"].flatMap(Int.init) ?? 0 > 0)
        #expect(try JSON(answer.body)["code"] == "daily_limit_reached" && credits("bob") == 3)
    }
}
