import Foundation
import Glibc
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
        defer { _ = load.stop() }
        try eventually("load", within: .seconds(60)) { load.count > 20 }
        try installation.set("# nothing that a program reads")
        try installation.place([("checkout", installation.otherBuild(of: "checkout"))])
        let ended = try installation.install()
        #expect(ended.status == 0, "\(ended.errors)")
        let after = load.count
        try eventually("load goes on", within: .seconds(60)) { load.count > after + 20 }
        #expect(load.stop() == [])
        #expect(installation.release != before)
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

    @Test func aReleaseThatDoesNotGetReadyIsTakenBack() throws {
        let installation = try Self.running()
        let before = installation.release
        try installation.place([("admin", StandIn.broken)])
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("Not ready: admin"))
        #expect(ended.errors.contains("Going back to release"))
        #expect(ended.errors.contains("runs again."))
        #expect(installation.release == before)
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
    }

    /// The old programs cannot read the new schema, and the old database lacks what came since.
    @Test func aReleaseThatHasMigratedStays() throws {
        let installation = try Self.running()
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        let before = try #require(installation.release)
        try installation.place(Installation.programs.map { ($0, StandIn.broken) })
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("The database: canary"))
        #expect(ended.errors.contains("stays, although not all of it is ready"))
        #expect(installation.release != before)
        #expect(try installation.sql("PRAGMA user_version") == "99")
        #expect(try installation.sql("SELECT count(*) FROM ledger_entry") == "2")
        let back = try installation.install("--rollback")
        #expect(back.status == 1 && back.errors.contains("cannot read this database"))
    }

    /// What a client was told has happened, whatever becomes of the release that told it.
    @Test(arguments: [false, true]) func nothingIsLostByAReleaseThatFailsLate(migrates: Bool) throws {
        let installation = try Self.running()
        let load = Load(on: installation, uploads: true)
        defer { _ = load.stop() }
        try eventually("load", within: .seconds(60)) { load.count > 20 && load.uploads.count > 5 }
        let (orders, uploads) = (load.count, load.uploads.count)
        let broken = [("admin", StandIn.broken)] + (migrates ? [("creditctl", StandIn.migrating)] : [])
        try installation.place(broken)
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("Going back to release") != migrates, "\(ended.errors)")
        let (ordersThen, uploadsThen) = (load.count, load.uploads.count)
        try eventually("load goes on", within: .seconds(60)) {
            load.count > ordersThen + 20 && load.uploads.count > uploadsThen + 5
        }
        #expect(load.stop() == [])
        #expect(ordersThen > orders && uploadsThen > uploads, "it was asked all through")

        let kept = try Set(
            installation.sql("SELECT order_id FROM ledger_entry WHERE kind = 'purchase'").split(separator: "\n")
                .map(String.init))
        #expect(Set(load.orders).subtracting(kept) == [])
        let jobs = try Set(installation.sql("SELECT id FROM generations").split(separator: "\n").map(String.init))
        #expect(Set(load.uploads).subtracting(jobs) == [])
        let verified = try Shell.run([
            "\(installation.root)/opt/polar-credits/current/tools/creditctl", "ledger", "verify",
        ])
        #expect(verified.status == 0 && verified.output == "no faults\n", "\(verified.output)")
    }

    @Test func withoutABackupThereIsNoUpgrade() throws {
        let installation = try Self.running()
        let before = installation.release
        let place = "\(installation.root)/opt/polar-credits/current/bin/creditctl"
        try FileManager.default.removeItem(atPath: place)
        try FileManager.default.copyItem(atPath: "/bin/false", toPath: place)
        try installation.place([("checkout", installation.otherBuild(of: "checkout"))])
        let ended = try installation.install()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("There is no backup, so there is no upgrade"))
        #expect(installation.release == before)
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
    }
}
