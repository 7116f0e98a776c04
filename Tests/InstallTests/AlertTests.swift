import Foundation
import TestSupport
import Testing

/// Alert rules and dashboard: what they name is there, and each alert says what to do.
@Suite struct AlertTests {
    private static let rules = "\(Places.repository)/deploy/prometheus/alerts.yml"
    private static let known = try? Set(
        Places.text(of: "\(Places.repository)/Tests/Fixtures/metrics.txt").split(separator: "\n").map(String.init))

    private static func promtool(_ arguments: String...) throws -> Program.Ended {
        try Program("/usr/bin/promtool").run(arguments, environment: [:])
    }

    @Test func prometheusAcceptsTheRules() throws {
        let ended = try Self.promtool("check", "rules", Self.rules)
        #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
    }

    @Test func eachAlertComesWhenItShouldAndNotBefore() throws {
        let cases = "\(Places.repository)/Tests/Fixtures/alerts.test.yml"
        let ended = try Self.promtool("test", "rules", cases)
        #expect(ended.status == 0, "\(ended.output)\(ended.errors)")
        let names = try Places.text(of: Self.rules).matches(of: /- alert: (\w+)/).map { String($0.1) }
        let text = try Places.text(of: cases)
        #expect(names.count == 20)
        for name in names { #expect(text.matches(of: try Regex("alertname: \(name)\\n")).count >= 2, "\(name)") }
    }

    @Test(arguments: ["deploy/prometheus/alerts.yml", "deploy/grafana/dashboard.json"])
    func onlyMetricsThatExistAreNamed(path: String) throws {
        let named = try Places.text(of: "\(Places.repository)/\(path)").matches(of: /\bcredits_[a-z_]+/).map {
            String($0.output)
        }
        #expect(named.count > 15)
        #expect(Set(named).subtracting(try #require(Self.known)) == [])
    }

    @Test func eachAlertHasItsChapterInTheRunbook() throws {
        let chapters = try Places.text(of: "\(Places.repository)/deploy/RUNBOOK.md").matches(of: /\n#+ (.+)/).map {
            $0.1.lowercased().replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || $0 == "-" }
        }
        for anchor in try Places.text(of: Self.rules).matches(of: /runbook: deploy\/RUNBOOK.md#(\S+)/) {
            #expect(chapters.contains(String(anchor.1)), "\(anchor.1)")
        }
    }
}
