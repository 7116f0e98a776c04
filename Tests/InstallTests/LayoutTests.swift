import Foundation
import Glibc
import TestSupport
import Testing

/// What deploy/install puts where, and who may do what with it.
@Suite(.serialized) struct LayoutTests {
    /// Path, kind and mode; owner and group where root installs.
    private static let table = """
        etc/polar-credits d 0755 root:root
        etc/polar-credits/credentials d 0700 root:root
        etc/polar-credits/credentials/POLAR_ACCESS_TOKEN f 0600 root:root
        etc/polar-credits/credentials/POLAR_WEBHOOK_SECRET f 0600 root:root
        etc/polar-credits/settings.env f 0600 root:root
        etc/polar-credits/tls d 0700 root:root
        etc/polar-credits/tls/fullchain.pem f 0600 root:root
        etc/polar-credits/tls/privkey.pem f 0600 root:root
        opt/polar-credits d 0755 root:root
        opt/polar-credits/current/bin/admin f 0711 root:root
        opt/polar-credits/current/bin/auth f 0711 root:root
        opt/polar-credits/current/bin/checkout f 0711 root:root
        opt/polar-credits/current/bin/creditctl f 0711 root:root
        opt/polar-credits/current/bin/generation-worker f 0711 root:root
        opt/polar-credits/current/bin/generations f 0711 root:root
        opt/polar-credits/current/bin/polar-orders f 0711 root:root
        opt/polar-credits/current/nginx/nginx.conf f 0644 root:root
        opt/polar-credits/current/openapi.json f 0644 root:root
        opt/polar-credits/current/static/style.css f 0644 root:root
        opt/polar-credits/current/tools/creditctl f 0755 root:root
        opt/polar-credits/current/tools/run-as-credits f 0755 root:root
        opt/polar-credits/releases d 0755 root:root
        usr/local/lib/systemd/system/polar-credits-checkout.service f 0644 root:root
        usr/local/lib/systemd/system/polar-credits-checkout.socket f 0644 root:root
        usr/local/lib/systemd/system/polar-credits.target f 0644 root:root
        usr/local/lib/sysusers.d/polar-credits.conf f 0644 root:root
        usr/local/lib/tmpfiles.d/polar-credits.conf f 0644 root:root
        var/lib/polar-credits d 0710 credits:www-data
        var/lib/polar-credits/backups d 0700 credits:credits
        var/lib/polar-credits/images d 2710 credits:www-data
        """

    @Test func eachPlaceHasItsModeAndItsOwner() throws {
        let installation = try Installation()
        let ended = try installation.install()
        #expect(ended.status == 0, "\(ended.errors)")
        let found = try Self.number(of: "credits", in: "\(installation.root)/etc/passwd")
        let user = try #require(found)
        for line in Self.table.split(separator: "\n").map({ $0.split(separator: " ") }) {
            var facts = stat()
            let status = unsafe stat("\(installation.root)/\(line[0])", &facts)
            #expect(status == 0, "\(line[0]) is there")
            let kind = facts.st_mode & S_IFMT == S_IFDIR ? "d" : "f"
            #expect("\(kind) \(Self.octal(facts.st_mode))" == "\(line[1]) \(line[2])", "\(line[0])")
            guard geteuid() == 0 else { continue }
            let numbers = ["root": 0, "credits": user, "www-data": 33]
            let owner = line[3].split(separator: ":").compactMap { numbers[String($0)] }
            #expect([facts.st_uid, facts.st_gid] == owner.map(UInt32.init), "\(line[0])")
        }
    }

    @Test func whoCannotReadAProgramCannotTraceIt() throws {
        let installation = try Installation()
        try installation.install()
        let unreadable = try FileManager.default.subpathsOfDirectory(atPath: installation.root + "/opt")
            .filter { $0.contains("/bin/") }
        #expect(unreadable.count == Installation.programs.count)
    }

    @Test func theSecondTimeChangesNothing() throws {
        let installation = try Installation()
        try installation.install()
        let before = try Self.tree(installation.root)
        #expect(try installation.install("--check").errors.contains("0 changes would be made"))
        let again = try installation.install()
        #expect(again.status == 0)
        #expect(again.errors.contains("is installed already"))
        #expect(try Self.tree(installation.root) == before)
    }

    @Test func aCheckChangesNothing() throws {
        let installation = try Installation()
        let before = try Self.tree(installation.root)
        let ended = try installation.install("--check")
        #expect(ended.status == 0, "\(ended.errors)")
        #expect(ended.errors.contains("would: create the user and the group credits"))
        #expect(ended.errors.contains("would: place release"))
        #expect(try Self.tree(installation.root) == before)
    }

    @Test func theFirstTimeTheSettingsAreLeftToBeFilledIn() throws {
        let installation = try Installation()
        let settings = "\(installation.root)/etc/polar-credits/settings.env"
        try FileManager.default.removeItem(atPath: settings)
        #expect(try installation.install().status == 0)
        #expect(try Places.text(of: settings) == Places.text(of: "\(Places.repository)/deploy/settings.example.env"))
    }

    @Test(arguments: [
        ("POLAR_ACCESS_TOKEN=polar_oat_1", "POLAR_ACCESS_TOKEN is in settings.env"),
        ("GEMINI_API_KEY_FILE=/etc/key", "GEMINI_API_KEY is in settings.env"),
        ("CREDITS_PUBLIC_URL=http://example.com", "CREDITS_PUBLIC_URL is not https://HOST"),
        ("CREDITS_PUBLIC_URL=https://example.com/shop", "CREDITS_PUBLIC_URL is not https://HOST"),
        ("CREDITS_DATABASE=/srv/credits.db", "CREDITS_DATABASE is not below /var/lib/polar-credits"),
        ("CREDITS_HTTP_PORT=http", "CREDITS_HTTP_PORT is not a port"),
        ("CREDITS_TRUSTED_PROXIES=proxy.example.com", "CREDITS_TRUSTED_PROXIES is not a list of addresses"),
        ("CREDITS_TRUSTED_PROXIES=10.0.0.1;", "CREDITS_TRUSTED_PROXIES is not a list of addresses"),
        ("CREDITS_TLS_CERTIFICATE=/nowhere.pem", "CREDITS_TLS_CERTIFICATE names no file"),
    ])
    func aSettingThatCannotBeIsNamedAndItsValueIsNot(line: String, fault: String) throws {
        let installation = try Installation()
        try installation.install()
        let before = installation.release
        try installation.set(line)
        let ended = try installation.install()
        #expect(ended.status == 78)
        #expect(ended.errors.contains(fault))
        #expect(!ended.errors.contains("polar_oat_1"))
        #expect(installation.release == before)
    }

    @Test func anUninstallKeepsWhatCannotBeMadeAgain() throws {
        let installation = try Installation()
        try installation.install()
        try Places.write("x", to: "\(installation.root)/var/lib/polar-credits/credits.db")
        let ended = try installation.install("--uninstall")
        #expect(ended.status == 0)
        #expect(
            ended.errors.contains("Kept: database, images and backups in \(installation.root)/var/lib/polar-credits"))
        let left = try Self.tree(installation.root)
        #expect(left.contains { $0.hasPrefix("var/lib/polar-credits/credits.db ") })
        #expect(left.contains { $0.hasPrefix("etc/polar-credits/credentials/POLAR_ACCESS_TOKEN ") })
        #expect(!left.contains { $0.hasPrefix("opt/polar-credits") || $0.contains("systemd/system/polar") })
    }

    @Test(arguments: [["--frobnicate"], ["help"]])
    func wrongUseIsToldTheRightOne(options: [String]) throws {
        let ended = try Program("\(Places.repository)/deploy/install").run(
            options, environment: ["PATH": "/usr/bin:/bin"])
        #expect(ended.status == 2)
        #expect(ended.errors.contains("--root DIRECTORY"))
    }

    private static func octal(_ mode: mode_t) -> String {
        let text = String(mode & 0o7777, radix: 8)
        return String(repeating: "0", count: 4 - text.count) + text
    }

    private static func number(of name: String, in path: String) throws -> Int? {
        try Places.text(of: path).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false)
        }
        .first { $0[0] == name }.flatMap { Int($0[2]) }
    }

    /// Every file with its mode, size and time of change.
    private static func tree(_ root: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root).sorted().map { path in
            var facts = stat()
            _ = unsafe lstat("\(root)/\(path)", &facts)
            let isDirectory = facts.st_mode & S_IFMT == S_IFDIR
            return isDirectory
                ? "\(path) \(facts.st_mode)" : "\(path) \(facts.st_mode) \(facts.st_size) \(facts.st_mtim.tv_sec)"
        }
    }
}
