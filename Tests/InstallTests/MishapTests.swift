import Foundation
import Glibc
import TestSupport
import Testing

/// Whatever ends an exchange half-way, one of the two releases runs afterwards, and all of it.
@Suite(.serialized, .enabled(if: geteuid() == 0)) struct MishapTests {
    /// The secret that stands between some of them makes the units of the two releases differ.
    private static let failures: [(pattern: String, hasKey: Bool)] = [
        ("systemctl stop *", false), ("systemctl daemon-reload", false), ("systemctl reset-failed *", false),
        ("systemctl enable --quiet polar*", false), ("systemctl start *.socket", false),
        ("systemctl start polar-credits.target *", false), ("systemctl enable *nginx*", false),
        ("systemctl is-active *", false), ("ln *current.new", false), ("mv *current.new *", false),
        ("mkdir *usr/local/bin", false), ("ln *bin/creditctl", false), ("cmp *admin.service *", false),
        ("install *20-credentials.conf.new", true), ("mv *20-credentials.conf.new *", true),
        ("ln *previous", true),
    ]

    @Test func afterAnyCommandThatFailsOneReleaseRuns() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let key = "\(installation.root)/etc/polar-credits/credentials/GEMINI_API_KEY"
        for (number, failure) in Self.failures.enumerated() {
            let before = installation.release
            try? FileManager.default.removeItem(atPath: key)
            if failure.hasKey { try Places.write("key\n", to: key) }
            try installation.place([("checkout", installation.otherBuild(of: "checkout", number + 1))])
            let (happened, ended) = try Mishap(pattern: failure.pattern).strike(installation)
            #expect(happened, "\(failure.pattern): \(ended.errors)")
            try Self.expectOneRuns(installation, "\(failure.pattern): \(ended.errors)")
            if failure.pattern != "ln *previous" {
                #expect((ended.status == 0) == (installation.release != before), "\(failure.pattern): \(ended.errors)")
            }
        }
        #expect(try installation.install().status == 0, "it mends itself")
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
    }

    @Test func aSignalEndsNoExchange() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let moments = ["systemctl stop *", "systemctl daemon-reload", "systemctl start *.socket"]
        for (number, signal) in ["TERM", "HUP", "INT", "PIPE"].enumerated() {
            let before = installation.release
            try installation.place([("checkout", installation.otherBuild(of: "checkout", number + 1))])
            let mishap = Mishap(pattern: moments[number % moments.count], signal: signal)
            let (happened, ended) = try mishap.strike(installation)
            #expect(happened && ended.status == 0, "\(signal): \(ended.errors)")
            #expect(installation.release != before)
            try Self.expectOneRuns(installation, "\(signal): \(ended.errors)")
        }
        // Also where nothing is exchanged, only started.
        _ = try Shell.run(["\(installation.root)/systemctl", "stop", "polar-credits-admin.service"])
        let (happened, ended) = try Mishap(pattern: "systemctl stop *", signal: "TERM").strike(installation)
        #expect(happened && ended.status == 0, "\(ended.errors)")
        try Self.expectOneRuns(installation, ended.errors)
    }

    @Test func whatKillsItIsMendedByTheNextTime() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        for (number, moment) in ["systemctl stop *", "ln *bin/creditctl", "systemctl daemon-reload"].enumerated() {
            try installation.place([("checkout", installation.otherBuild(of: "checkout", number + 1))])
            let (happened, ended) = try Mishap(pattern: moment, signal: "KILL").strike(installation)
            #expect(happened && ended.status != 0, "\(moment)")
            #expect(try installation.install().status == 0)
            try Self.expectOneRuns(installation, moment)
        }
    }

    @Test func aFirstInstallationThatFailsHalfWayIsGoneOnWith() throws {
        for pattern in ["ln *current.new", "systemctl daemon-reload"] {
            let installation = try Installation(runs: true)
            let (happened, ended) = try Mishap(pattern: pattern).strike(installation)
            #expect(happened && ended.status != 0, "\(ended.errors)")
            try Self.expectOneRuns(installation, ended.errors)
            let again = try installation.install()
            #expect(again.status == 0, "\(again.errors)")
        }
    }

    @Test func aUnitThatCannotBeEnabledIsToldAndEndsNothing() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let before = installation.release
        try installation.place([("checkout", installation.otherBuild(of: "checkout", 1))])
        let mishap = Mishap(pattern: "systemctl enable *inbox-prune.timer*", isForGood: true)
        let (_, ended) = try mishap.strike(installation)
        #expect(ended.status == 0 && installation.release != before, "\(ended.errors)")
        #expect(ended.errors.matches(of: /is not enabled/).count == 1)
        #expect(ended.errors.contains("polar-credits-inbox-prune.timer is not enabled"))
        try Self.expectOneRuns(installation, ended.errors)
    }

    private static func expectOneRuns(_ installation: Installation, _ what: String) throws {
        #expect(try installation.missing() == [], "\(what)")
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"), "\(what)")
        #expect(try installation.ask("/api/v1/credits").output.hasPrefix("HTTP/2 401"), "\(what)")
    }
}
