import Dispatch
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// The installed product, served by a real nginx with the production configuration, and what an upgrade costs: nothing.
///
/// Users and owners belong to it, so root alone can run it.
@Suite(.serialized, .enabled(if: geteuid() == 0)) struct UpgradeTests {
    private static func running() throws -> Installation {
        let installation = try Installation(runs: true)
        let ended = try installation.install()
        guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
        return installation
    }

    @Test func itServesOverTLSWithItsOwnCertificate() throws {
        let installation = try Self.running()
        let ready = try installation.ask("/readyz").output
        #expect(ready.hasPrefix("HTTP/2 200"))
        #expect(ready.contains("strict-transport-security: max-age=63072000; includeSubDomains"))
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        #expect(try installation.sql("SELECT kind, amount FROM ledger_entry ORDER BY id") == "trial|10\npurchase|420")
        let style = try installation.ask("/static/style.css").output
        #expect(style.contains("content-type: text/css"))

        let plain = "http://localhost:\(installation.port + 1)"
        let page = try Shell.run(["curl", "--silent", "--include", "\(plain)/buy?quantity=2"]).output
        #expect(page.hasPrefix("HTTP/1.1 301"))
        #expect(page.contains("Location: https://localhost:\(installation.port)/buy?quantity=2"))
        // A redirect would count as a failed delivery, and hide the mistake.
        let webhook = try Shell.run(["curl", "--silent", "--include", "--request", "POST", "\(plain)/polar/orders"])
            .output
        #expect(webhook.hasPrefix("HTTP/1.1 404"))
        let elsewhere = try Shell.run(
            [
                "curl", "--silent", "--insecure", "--header", "Host: evil.example",
                "https://localhost:\(installation.port)/",
            ])
        #expect(elsewhere.output == "")
    }

    @Test func everyLineOfOneRequestCarriesItsNumber() throws {
        let installation = try Self.running()
        let answer = try installation.ask("/polar/orders", ["--request", "POST", "--data", "{}"]).output
        #expect(answer.hasPrefix("HTTP/2 403"))
        let id = try #require(answer.firstMatch(of: /x-request-id: ([0-9a-f]{32})/)).1
        try eventually("nginx and the handler have told of it") {
            let journal = try Places.text(of: "\(installation.root)/log/journal")
            let log = try Places.text(of: "\(installation.root)/log/polar-credits-polar-orders.service")
            return journal.contains("\"request.id\":\"\(id)\"") && log.contains("\"request.id\":\"\(id)\"")
        }
    }

    @Test func nobodyOfTheSameUserLooksIntoAProgram() throws {
        let installation = try Self.running()
        let program = "\(installation.root)/opt/polar-credits/current/bin/checkout"
        let found = try Shell.run(["pgrep", "-f", "^\(program)"]).output
        let pid = try #require(found.split(separator: "\n").first)
        let read = try Shell.run([
            "setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups", "cat", "/proc/\(pid)/environ",
        ])
        #expect(read.status != 0 && read.output.contains("Permission denied"))
    }

    @Test func anUpgradeUnderLoadDropsNoRequest() throws {
        let installation = try Self.running()
        let before = installation.release
        let load = Load(on: installation)
        try eventually("load") { load.count > 20 }
        try installation.set("# nothing that a program reads")
        try installation.place([("checkout", Self.otherBuild(of: "checkout"))])
        let ended = try installation.install()
        #expect(ended.status == 0, "\(ended.errors)")
        let after = load.count
        try eventually("load goes on") { load.count > after + 20 }
        #expect(load.stop() == [])
        #expect(installation.release != before)
    }

    /// The same program as other bytes.
    private static func otherBuild(of name: String) throws -> String {
        let place = "\(try Places.temporaryDirectory())/\(name)"
        try Data(try Places.bytes(of: "\(Places.products)/\(name)") + [0]).write(to: URL(fileURLWithPath: place))
        unsafe chmod(place, 0o755)
        return place
    }

    @Test func aReleaseThatDoesNotWorkIsNotInstalled() throws {
        let installation = try Self.running()
        let before = installation.release
        try installation.place([("auth", "/bin/false")])
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("auth of the new release does not work"))
        #expect(installation.release == before)
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
        let stops = try Places.text(of: "\(installation.root)/log/commands").matches(of: /stop .*auth/).count
        #expect(stops == 0, "nothing that runs was touched")
    }

    @Test func aReleaseThatDoesNotGetReadyIsTakenBackWithItsMigration() throws {
        let installation = try Self.running()
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        let (before, version) = (installation.release, try installation.sql("PRAGMA user_version"))
        try installation.place(Installation.programs.map { ($0, StandIn.path) })
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("The database: canary"))
        #expect(ended.errors.contains("Going back to release"))
        #expect(ended.errors.contains("runs again."))
        #expect(installation.release == before)
        #expect(try installation.sql("PRAGMA user_version") == version)
        #expect(try installation.sql("SELECT count(*) FROM ledger_entry") == "2")
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
    }

    @Test func withoutABackupThereIsNoUpgrade() throws {
        let installation = try Self.running()
        let before = installation.release
        let place = "\(installation.root)/opt/polar-credits/current/bin/creditctl"
        try FileManager.default.removeItem(atPath: place)
        try FileManager.default.copyItem(atPath: "/bin/false", toPath: place)
        try installation.place([("checkout", Self.otherBuild(of: "checkout"))])
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("There is no backup, so there is no upgrade"))
        #expect(installation.release == before)
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
    }
}

/// Deliveries from several clients until it is told to stop.
private final class Load: Sendable {
    private let isOver = Mutex(false)
    private let answers = Mutex<[String]>([])
    private let group = DispatchGroup()

    var count: Int { answers.withLock { $0.count } }

    init(on installation: Installation) {
        for _ in 0..<4 {
            DispatchQueue.global().async(group: group) { [self] in
                while !isOver.withLock({ $0 }) {
                    var event = OrderEvent(product: Installation.product)
                    event.user = "user-\(event.order)"
                    let answer = (try? installation.deliver(event)) ?? "none"
                    answers.withLock { $0.append(answer) }
                }
            }
        }
    }

    /// What was answered instead of 202.
    func stop() -> [String] {
        isOver.withLock { $0 = true }
        group.wait()
        return answers.withLock { $0 }.filter { $0 != "HTTP/2 202" }
    }
}
