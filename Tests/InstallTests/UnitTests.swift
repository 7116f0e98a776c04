import Foundation
import TestSupport
import Testing

/// What systemd itself says about the units, as they are installed.
@Suite struct UnitTests {
    private let installation: Installation
    private let units: TemporaryDirectory

    /// With the paths of this root: systemd looks whether what a unit starts is there.
    init() throws {
        installation = try Installation()
        try installation.install()
        units = try TemporaryDirectory()
        let from = "\(installation.root)/usr/local/lib/systemd/system"
        for path in try FileManager.default.subpathsOfDirectory(atPath: from) where path.hasPrefix("polar-credits") {
            let text = try? Places.text(of: "\(from)/\(path)")
            let place = "\(units.path)/\(path)"
            if let text {
                try Places.write(
                    text.replacing("=/opt/polar-credits", with: "=\(installation.root)/opt/polar-credits"), to: place)
            } else {
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            }
        }
    }

    private var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: units.path).filter { !$0.hasSuffix(".d") }.sorted()
        }
    }

    @Test func systemdAcceptsThem() throws {
        let ended = try Program("/usr/bin/systemd-analyze").run(
            ["verify", "--man=no"] + names.map { "\(units.path)/\($0)" }, environment: [:])
        #expect(try names.count == 24)
        #expect(ended.status == 0)
        #expect(ended.errors == "")
    }

    /// systemd's own measure of what a program could do: 10 is everything, 0 is nothing.
    @Test func noProgramMayDoMoreThanItNeeds() throws {
        let online: Set = ["auth", "checkout", "generation-worker", "reconcile", "reconcile-deep"]
        for unit in try names where unit.hasSuffix(".service") {
            let name = unit.dropFirst("polar-credits-".count).dropLast(".service".count)
            let ended = try Program("/usr/bin/systemd-analyze").run(
                ["security", "--offline=true", "--no-pager", "\(units.path)/\(unit)"], environment: [:])
            let score = ended.output.firstMatch(of: /Overall exposure level for \S+: ([0-9.]+)/).flatMap {
                Double(String($0.1))
            }
            #expect(try #require(score) <= (online.contains(String(name)) ? 1.3 : 0.5), "\(unit)")
        }
    }

    @Test func eachProgramGetsItsSecretsAndNoOthers() throws {
        let given = try names.filter { $0.hasSuffix(".service") }.reduce(into: [String: String]()) { given, unit in
            let text = try? Places.text(of: "\(units.path)/\(unit).d/20-credentials.conf")
            given[unit] = text?.firstMatch(of: /LoadCredential=(\w+):\/etc\/polar-credits\/credentials\/\1\n/).map {
                String($0.1)
            }
        }
        #expect(
            given == [
                "polar-credits-checkout.service": "POLAR_ACCESS_TOKEN",
                "polar-credits-reconcile.service": "POLAR_ACCESS_TOKEN",
                "polar-credits-reconcile-deep.service": "POLAR_ACCESS_TOKEN",
                "polar-credits-polar-orders.service": "POLAR_WEBHOOK_SECRET",
            ])
    }

    @Test func wrongSettingsAreNotTriedAgain() throws {
        for unit in try names where unit.hasSuffix(".service") {
            let text = try Places.text(of: "\(units.path)/\(unit)")
            guard text.contains("Restart=") else { continue }
            #expect(text.contains("Restart=always\nRestartSec=1\nRestartPreventExitStatus=78\n"), "\(unit)")
            #expect(text.contains("\nStartLimitIntervalSec=0\n"), "\(unit)")
            #expect(text.contains("TimeoutStopSec=12\n"), "\(unit)")
        }
    }

    @Test func everyProgramThatServesIsInstalledAndAskedWhetherItIsReady() throws {
        let stack = try Places.text(of: "\(Places.repository)/deploy/stack")
        let release = try Places.text(of: "\(Places.repository)/deploy/installing/release")
        let list = /\nhandlers=\(([a-z -]+)\)|\nreadonly handlers=\(([a-z -]+)\)/
        let names = [stack, release].map { text in
            text.firstMatch(of: list).map { Set(($0.1 ?? $0.2 ?? "").split(separator: " ")) }
        }
        #expect(names[0] == names[1])
        for name in try #require(names[0]) {
            #expect(
                try Places.text(of: "\(Places.repository)/deploy/installing/services").contains("\n        \(name)) "))
        }
    }
}
