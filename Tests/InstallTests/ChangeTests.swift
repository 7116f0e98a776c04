import Foundation
import Glibc
import TestSupport
import Testing

/// What deploy/install makes of settings that have changed, and of a database that is not there.
@Suite(.serialized, .enabled(if: geteuid() == 0)) struct ChangeTests {
    private let installation: Installation
    private let settings: String

    init() throws {
        installation = try Installation(runs: true)
        settings = "\(installation.root)/etc/polar-credits/settings.env"
        let ended = try installation.install()
        guard ended.status == 0 else { throw NeverCame(description: ended.errors) }
    }

    @Test func aChangedSettingIsInForceAfterwards() throws {
        #expect(try installation.upload(as: "ada").answer == "HTTP/2 202")
        let before = installation.release
        try installation.set("AUTH_AUDIENCE=others")
        #expect(try installation.install("--check").errors.contains("1 changes would be made"))
        let ended = try installation.install()
        #expect(ended.status == 0 && ended.errors.contains("All programs are ready."), "\(ended.errors)")
        #expect(try installation.upload(as: "ada").answer == "HTTP/2 401")
        #expect(installation.release == before, "the programs are the same")
        #expect(try installation.install("--rollback").errors.contains("There is no earlier release"))
        #expect(try installation.install().errors.contains("is installed already"))
    }

    @Test func aReplacedSecretIsInForceAfterwardsAndRootsAlone() throws {
        let secret = "whsec_" + Data("another secret of 32 bytes, new ".utf8).base64EncodedString()
        let place = "\(installation.root)/etc/polar-credits/credentials/POLAR_WEBHOOK_SECRET"
        try Places.write(secret + "\n", to: place)
        let event = OrderEvent(product: Installation.product)
        #expect(try installation.deliver(event, secret: secret) == "HTTP/2 403")
        #expect(try installation.install().status == 0)
        #expect(try installation.deliver(event, secret: secret) == "HTTP/2 202")
        #expect(try installation.deliver(event) == "HTTP/2 403")

        let opt = "\(installation.root)/opt/polar-credits"
        #expect(try Shell.run(["grep", "--recursive", "--files-with-matches", secret, opt]).output == "")
        #expect(try Shell.run(["stat", "--format=%a %u", "\(opt)/in-force"]).output == "700 0\n")
    }

    @Test func aFileThatASettingNamesIsPartOfIt() throws {
        let keys = "\(installation.root)/etc/polar-credits/jwks.json"
        try Places.write(Places.text(of: keys) + "\n", to: keys)
        #expect(try installation.install().errors.contains("with settings that have changed"))
        #expect(try installation.install().errors.contains("is installed already"))
    }

    @Test func aWrongSettingIsToldAndNothingIsTouched() throws {
        let text = try Places.text(of: settings)
        try installation.set("POLAR_SERVER=neither")
        let ended = try installation.install()
        #expect(ended.status == 78 && ended.errors.contains("POLAR_SERVER"), "\(ended.errors)")
        #expect(try installation.missing() == [])
        let commands = try Places.text(of: "\(installation.root)/log/commands").split(separator: "\n")
        #expect(commands.filter { $0.hasPrefix("stop ") } == [])
        try Places.write(text, to: settings)
        #expect(try installation.install().errors.contains("is installed already"))
    }

    @Test func settingsAreTakenBackWithTheRelease() throws {
        let text = try Places.text(of: settings)
        try installation.set("AUTH_AUDIENCE=others")
        let tried = try Places.text(of: settings)
        try installation.place([("admin", StandIn.broken)])
        let ended = try installation.install()
        #expect(ended.status == 1 && ended.errors.contains("runs again."), "\(ended.errors)")
        #expect(try Places.text(of: settings) == text)
        #expect(try Places.text(of: settings + ".refused") == tried)
        #expect(try Shell.run(["stat", "--format=%a", settings, settings + ".refused"]).output == "600\n600\n")
        #expect(try installation.upload(as: "ada").answer == "HTTP/2 202")
    }

    /// Putting them back would change what runs.
    @Test func settingsThatWereInForceMeanwhileStay() throws {
        try installation.set("AUTH_AUDIENCE=others")
        _ = try Shell.run(["touch", "--date=1 hour ago", settings])
        let tried = try Places.text(of: settings)
        try installation.place([("admin", StandIn.broken)])
        let ended = try installation.install()
        #expect(ended.status == 1 && ended.errors.contains("runs again."), "\(ended.errors)")
        #expect(try Places.text(of: settings) == tried)
    }

    @Test(arguments: [false, true]) func aDatabaseThatIsAwayIsNotReplaced(isUpgrade: Bool) throws {
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        let (disk, away) = ("\(installation.root)/var/lib/polar-credits", "\(installation.root)/away")
        let systemctl = "\(installation.root)/systemctl"
        let names = Installation.programs.dropLast().map { "polar-credits-\($0).service" }
        _ = try Shell.run([systemctl, "stop"] + names)
        try FileManager.default.moveItem(atPath: disk, toPath: away)
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: false)
        if isUpgrade { try installation.place([("checkout", installation.otherBuild(of: "checkout", 1))]) }
        for options in [[], ["--check"]] {
            let ended = try installation.install(options)
            #expect(ended.status == 1 && ended.errors.contains("The database is not there"), "\(ended.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: disk) == [])
        }
        try FileManager.default.removeItem(atPath: disk)
        try FileManager.default.moveItem(atPath: away, toPath: disk)
        #expect(try installation.install().status == 0)
        #expect(try installation.missing() == [])
        #expect(try installation.sql("SELECT count(*) FROM ledger_entry") == "2")
    }

    @Test func aDatabaseThatIsLostIsRestoredByHand() throws {
        #expect(try installation.deliver(OrderEvent(product: Installation.product)) == "HTTP/2 202")
        let creditctl = "\(installation.root)/opt/polar-credits/current/tools/creditctl"
        #expect(try Shell.run([creditctl, "backup"]).status == 0)
        let names = Installation.programs.dropLast().map { "polar-credits-\($0).service" }
        _ = try Shell.run(["\(installation.root)/systemctl", "stop"] + names)
        let database = "\(installation.root)/var/lib/polar-credits/credits.db"
        for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + end) }
        #expect(try installation.install().errors.contains("restore a backup"))
        let restored = try Shell.run([creditctl, "restore", "latest"])
        #expect(restored.output.contains("restored "), "\(restored.output)")
        #expect(try installation.install().status == 0)
        #expect(try installation.sql("SELECT count(*) FROM ledger_entry") == "2")
    }
}
