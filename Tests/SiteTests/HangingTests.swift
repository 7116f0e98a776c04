import Foundation
import Glibc
import HTTPClient
import JSON
import TestSupport
import Testing
import Threads

/// Somebody whom we ask never answers, or nobody can write: what that costs everybody else.
@Suite(.serialized) struct HangingTests {
    /// Of the 16 threads of each program.
    private static let mostWaiting = 5

    private struct Timed: Sendable {
        let status: Int
        let spent: Duration
        let code: String?
        let retryAfter: String?
    }

    private func timed(_ send: () throws -> HTTPClient.Answer) -> Timed {
        var answer: HTTPClient.Answer?
        let spent = ContinuousClock().measure { answer = try? send() }
        let code = answer.flatMap { try? JSON($0.body)["code"]?.string }
        return Timed(
            status: answer?.status ?? 0, spent: spent, code: code, retryAfter: answer?.headers["retry-after"])
    }

    /// Sends so many at once and gives back the answers once all are there.
    private func atOnce(
        _ count: Int, _ send: @escaping @Sendable (Int) throws -> HTTPClient.Answer
    ) -> [Timed] {
        let answers = Monitor<[Timed]>([])
        TestSupport.atOnce(count) { number in
            let answer = timed { try send(number) }
            answers.withLock { $0.append(answer) }
        }
        return answers.look { $0 }
    }

    private func bearers(_ count: Int, _ site: Site) throws -> [(String, String)] {
        try (0..<count).map { ("Authorization", "Bearer \(try site.token("user\($0)"))") }
    }

    @Test func aPolarThatNeverAnswersHoldsNobodyElse() throws {
        let site = try Site()
        let buyers = try bearers(100, site)
        let ada = ("Authorization", "Bearer \(try site.token("ada"))")
        #expect(try site.send("GET", "/api/v1/credits", headers: [ada]).status == 200)
        let id = try #require(
            JSON(site.send("POST", "/api/v1/checkouts", headers: [ada], body: Array(#"{"quantity":1}"#.utf8)).body)[
                "id"]?.string)
        try site.control("/control/api/faults", ["fault": "timeout", "seconds": 40, "count": 100_000])

        let buying = Monitor<[Timed]?>(nil)
        startThread {
            let answers = atOnce(100) { number in
                try site.send(
                    "POST", "/api/v1/checkouts", headers: [buyers[number]], body: Array(#"{"quantity":1}"#.utf8))
            }
            buying.withLock { $0 = answers }
        }
        var (balances, looks): ([Timed], [Timed]) = ([], [])
        while buying.look({ $0 == nil }) {
            balances.append(timed { try site.send("GET", "/api/v1/credits", headers: [ada]) })
            if balances.count % 50 == 1 {
                looks.append(timed { try site.send("GET", "/buy/return?checkout_id=\(id)", headers: [ada]) })
                looks.append(timed { try site.send("GET", "/readyz") })
                looks.append(timed { try site.send("GET", "/healthz") })
            }
        }
        #expect(balances.count > 100 && balances.allSatisfy { $0.status == 200 })
        let slowest = balances.map(\.spent).sorted()[balances.count * 99 / 100]
        print("GET /api/v1/credits, \(balances.count) times beside 100 hanging checkouts: p99 \(slowest)")
        #expect(slowest < .milliseconds(100))
        #expect(looks.allSatisfy { $0.status == 200 && $0.spent < .seconds(2) })
        let answers = try #require(buying.look { $0 })
        let refused = answers.filter { $0.status == 503 }
        let hung = answers.filter { $0.status == 504 }
        #expect(hung.count == Self.mostWaiting && refused.count == 100 - Self.mostWaiting)
        #expect(refused.allSatisfy { $0.code == "polar_busy" && $0.retryAfter == "5" && $0.spent < .seconds(5) })
        #expect(hung.allSatisfy { $0.code == "polar_timeout" && $0.spent < .seconds(17) })
    }

    @Test func aReturnPageIsThereWithinTwoSeconds() throws {
        let site = try Site()
        let ada = ("Authorization", "Bearer \(try site.token("ada"))")
        let opened = try site.send("POST", "/api/v1/checkouts", headers: [ada], body: Array(#"{"quantity":1}"#.utf8))
        let id = try #require(JSON(opened.body)["id"]?.string)
        try site.control("/control/api/faults", ["fault": "timeout", "seconds": 40, "count": 100_000])
        let looks = atOnce(16) { _ in try site.send("GET", "/buy/return?checkout_id=\(id)", headers: [ada]) }
        #expect(looks.allSatisfy { $0.status == 200 && $0.spent < .seconds(2) }, "\(looks.map(\.spent))")
        // Not even a lane that nobody gives back holds it.
        let lane = try Flock("\(site.directory)/credits.db.lane")
        let look = timed { try site.send("GET", "/buy/return?checkout_id=\(id)", headers: [ada]) }
        #expect(look.status == 200 && look.spent < .seconds(2))
        lane.release()
    }

    @Test func healthIsToldWithinASecondWhateverHangs() throws {
        let site = try Site()
        let strangers = try bearers(60, site)
        let lane = try Flock("\(site.directory)/credits.db.lane")
        // Each is created at first sight, and waits for the turn to write: all threads, and more that wait for them.
        let served = Monitor(0)
        for stranger in strangers {
            startThread {
                _ = try? site.send("GET", "/api/v1/credits", headers: [stranger])
                served.withLock { $0 += 1 }
            }
        }
        for _ in 0..<3 {
            let (alive, ready) = (timed { try site.send("GET", "/healthz") }, timed { try site.send("GET", "/readyz") })
            #expect(alive.status == 200 && alive.spent < .seconds(1))
            #expect(ready.status == 503 && ready.code == "unavailable" && ready.spent < .seconds(1))
            #expect(ready.retryAfter != nil)
        }
        lane.release()
        served.wait { $0 == 60 ? () : nil }
        try eventually("it is ready again") { try site.send("GET", "/readyz").status == 200 }

        try site.signal("checkout", SIGSTOP)
        for path in ["/healthz", "/readyz"] {
            let answer = timed { try site.send("GET", path) }
            #expect(answer.status == 503 && answer.retryAfter == "5" && answer.spent < .milliseconds(1500))
        }
        try site.signal("checkout", SIGCONT)
        #expect(try site.send("GET", "/healthz").status == 200)
        try expectVerified(site)
    }

    @Test func anIssuerThatHangsKeepsNobodyOutWhoIsIn() throws {
        let site = try Site()
        let ada = ("Authorization", "Bearer \(try site.token("ada"))")
        #expect(try site.send("GET", "/api/v1/credits", headers: [ada]).status == 200)
        try site.control("/control/api/issuer-faults", ["fault": "timeout", "seconds": 40, "count": 100_000])
        let logins = try (0..<20).map { _ in
            let begun = try site.send("GET", "/auth/login")
            let cookie = try #require(begun.headers["set-cookie"]?.split(separator: ";").first)
            let state = try #require(begun.headers["location"]?.firstMatch(of: /[?&]state=([^&]+)/)?.1)
            return (cookie: String(cookie), state: String(state))
        }
        // Who brings no login of ours costs the issuer nothing.
        let forged = timed {
            let cookie = logins[0].cookie.prefix { $0 != "." }
            return try site.send(
                "GET", "/auth/callback?code=c&state=\(logins[0].state)", headers: [("Cookie", "\(cookie).AAAA")])
        }
        #expect(forged.status == 400 && forged.spent < .seconds(2))
        let callbacks = Monitor<[Timed]?>(nil)
        startThread {
            let answers = atOnce(20) { number in
                let (cookie, state) = logins[number]
                return try site.send("GET", "/auth/callback?code=c&state=\(state)", headers: [("Cookie", cookie)])
            }
            callbacks.withLock { $0 = answers }
        }
        var looks: [Timed] = []
        while callbacks.look({ $0 == nil }) {
            looks.append(timed { try site.send("GET", "/api/v1/credits", headers: [ada]) })
        }
        #expect(looks.count > 20 && looks.allSatisfy { $0.status == 200 && $0.spent < .seconds(2) })
        let answers = try #require(callbacks.look { $0 })
        #expect(answers.filter { $0.status == 502 }.count == Self.mostWaiting, "Asked, and heard nothing")
        #expect(answers.filter { $0.status == 503 && $0.retryAfter == "5" }.count == 20 - Self.mostWaiting)
    }

    @Test func whoeverComesBeforeTheKeysAreThereWaits() throws {
        let site = try Site()
        let people = try bearers(60, site)
        // The first reading hangs for a while, the second comes a second later.
        try site.control("/control/api/issuer-faults", ["fault": "timeout", "seconds": 1, "count": 2])
        try site.signal("auth", SIGKILL)
        let answers = atOnce(60) { number in
            try site.send("GET", "/api/v1/credits", headers: [people[number]])
        }
        #expect(answers.allSatisfy { $0.status == 200 }, "\(Set(answers.map(\.status)))")
    }

    @Test func withoutTheKeysNobodyIsTurnedAwayForGood() throws {
        let site = try Site()
        let ada = ("Authorization", "Bearer \(try site.token("ada"))")
        try site.control("/control/api/issuer-faults", ["fault": "500", "count": 100_000])
        try site.signal("auth", SIGKILL)
        let answers = atOnce(60) { _ in try site.send("GET", "/api/v1/credits", headers: [ada]) }
        #expect(answers.allSatisfy { $0.status == 503 && $0.code == "unavailable" && $0.retryAfter == "5" })
        let page = try site.send("GET", "/buy", headers: [ada, ("Accept", "text/html")])
        #expect(page.status == 503 && page.headers["content-type"] == "text/html; charset=utf-8")
        let nobody = try site.send("GET", "/api/v1/credits")
        #expect(nobody.status == 401, "What needs no key needs no issuer")
        try site.control("/control/api/issuer-faults", [:])
        try eventually("the keys are read unasked", within: .seconds(40)) {
            try site.send("GET", "/api/v1/credits", headers: [ada]).status == 200
        }
    }
}
