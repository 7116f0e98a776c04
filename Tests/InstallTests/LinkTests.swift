import Foundation
import Glibc
import TestSupport
import Testing

/// Root trusts nothing that the user credits owns: whoever has broken into one of the programs is not root by the next upgrade.
@Suite(.serialized, .enabled(if: geteuid() == 0)) struct LinkTests {
    private static let secret = "root's alone"

    /// Root that may do to others' files what anybody may: every look, write or chown below the data directory fails.
    @Test func rootNeedsNoRightBelowTheDataDirectory() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let before = installation.release
        try installation.set("# nothing that a program reads")
        try installation.place([("checkout", installation.otherBuild(of: "checkout"))])
        let weak = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner,-chown", "--"]
        let ended = try installation.install(by: weak)
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.errors.contains("All programs are ready."))
        #expect(installation.release != before)
        let check = try installation.install("--check", by: weak)
        #expect(check.status == 0 && check.errors.contains("0 changes would be made"), "\(check.errors)")
        let back = try installation.install("--rollback", by: weak)
        #expect(back.status == 0 && installation.release == before, "\(back.errors)")
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
    }

    @Test func noLinkIsFollowed() throws {
        let installation = try Installation(runs: true)
        #expect(try installation.install().status == 0)
        let (data, canary) = ("\(installation.root)/var/lib/polar-credits", "\(installation.root)/canary")
        try FileManager.default.createDirectory(atPath: canary, withIntermediateDirectories: false)
        try Places.write(Self.secret, to: canary + "/file")
        unsafe chmod(canary, 0o700)
        unsafe chmod(canary + "/file", 0o600)
        let before = try Self.facts(of: canary)

        for (number, name) in Self.places.enumerated() {
            let target = Self.directories.contains(name) ? canary : canary + "/file"
            try Self.plant("mv '\(data)/\(name)' '\(data)/kept' || true; ln -s '\(target)' '\(data)/\(name)'")
            try installation.place([("checkout", installation.otherBuild(of: "checkout", number))])
            let ended = try installation.install()
            if Self.directories.contains(name) && name != ".before-upgrade" {
                #expect(ended.status == 1 && ended.errors.contains("\(name) is a link"), "\(ended.errors)")
            }
            #expect(try Self.facts(of: canary) == before, "\(name)")
            let leaks = try Shell.run([
                "grep", "--recursive", "--files-with-matches", Self.secret, data,
            ])
            #expect(leaks.output == "", "\(name)")
            try Self.plant("rm -f '\(data)/\(name)'; [ ! -e '\(data)/kept' ] || mv '\(data)/kept' '\(data)/\(name)'")
        }
        #expect(try installation.install().status == 0)
        #expect(try installation.ask("/readyz").output.hasPrefix("HTTP/2 200"))
    }

    private static let directories: Set = ["images", "backups", ".before-upgrade"]
    /// Where the installer has something to do, or once had.
    private static let places = [
        "images", "backups", ".before-upgrade", "credits.db.lane", "credits.db.open", "credits.db-shm",
        "credits.db-wal",
        "credits.db",
    ]

    /// As a program of ours could.
    private static func plant(_ script: String) throws {
        let ended = try Shell.run([
            "setpriv", "--reuid", "61234", "--regid", "61234", "--clear-groups", "sh", "-c", script + " 2>/dev/null",
        ])
        #expect(ended.status == 0, "\(script): \(ended.output)")
    }

    /// Owner, mode, time and contents.
    private static func facts(of canary: String) throws -> String {
        try Shell.run(["stat", "--format=%u %g %a %Z", canary, canary + "/file"]).output
            + Places.text(of: canary + "/file") + Shell.run(["ls", "--almost-all", canary]).output
    }
}
