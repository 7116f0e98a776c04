import Foundation
import JSON
import TestSupport
import Testing

/// `creditctl doctor` on a real installation, with one fault planted at a time.
@Suite(.serialized) struct DoctorTests {
    private static let sharedSite = Result { try Site() }
    private let site: Site

    init() throws { site = try Self.sharedSite.get() }

    /// A fault, and what the doctor says to it.
    struct Plant: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The check that should find it, and a part of what it should say.
        let check: String
        let words: String
        var environment: [String: String?] = [:]
        var setup: JSON = .null
        var arguments: [String] = []

        init(
            _ name: String, _ check: String, _ words: String, environment: [String: String?] = [:],
            setup: JSON = .null, arguments: [String] = []
        ) {
            testDescription = name
            self.check = check
            self.words = words
            self.environment = environment
            self.setup = setup
            self.arguments = arguments
        }
    }

    private static let otherSecret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    private static let otherProduct = "11111111-2222-4333-8444-555555555555"

    private func doctor(
        _ environment: [String: String?] = [:], _ arguments: [String] = []
    ) throws -> (ended: Program.Ended, findings: [JSON]) {
        let settings = site.settings.merging(environment.compactMapValues(\.self)) { $1 }
            .filter { environment[$0.key] ?? "kept" != nil }
        let sockets = arguments.contains("--sockets") ? [] : ["--sockets", site.directory + "/run"]
        let ended = try Program("\(site.directory)/bin/creditctl").run(
            ["doctor", "--json"] + sockets + arguments, environment: settings)
        for name in ["POLAR_WEBHOOK_SECRET", "POLAR_ACCESS_TOKEN", "OIDC_CLIENT_SECRET", "GEMINI_API_KEY"] {
            let secret = try #require(site.settings[name])
            #expect(!(ended.output + ended.errors).contains(secret), "\(name) is printed")
        }
        return (ended, try JSON(Array(ended.output.utf8))["findings"]?.array ?? [])
    }

    private func expectFault(
        _ check: String, _ words: String, in visit: (ended: Program.Ended, findings: [JSON]),
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(visit.ended.status == 1, sourceLocation: sourceLocation)
        let found = visit.findings.contains { finding in
            finding["level"] == "fault" && finding["check"]?.string == check
                && finding["text"]?.string?.contains(words) == true && finding["advice"]?.string?.isEmpty == false
        }
        #expect(found, Comment(rawValue: visit.ended.output), sourceLocation: sourceLocation)
    }

    @Test func aSoundInstallationHasNoFault() throws {
        let visit = try doctor()
        #expect(visit.ended.status == 0, Comment(rawValue: visit.ended.output))
        let levels = visit.findings.map { "\($0["check"]?.string ?? "") \($0["level"]?.string ?? "")" }
        for check in [
            "settings", "webhook_secret", "permissions", "images", "database", "disk", "sockets", "generator", "clock",
            "polar_scopes", "polar_product", "polar_endpoint", "handler_auth", "handler_polar-orders",
            "handler_checkout", "handler_generations", "handler_admin", "webhook_self_test", "sign_in",
        ] {
            #expect(levels.contains("\(check) ok"), "\(check)")
        }
        let inbox = try site.creditctl("inbox", "list", "--type", "credits.self_test", "--json")
        #expect(try JSON(Array(inbox.output.utf8))["items"]?.array?.isEmpty == false)
        #expect(try site.creditctl("doctor", "--sockets", site.directory + "/run").output.contains("0 faults"))
    }

    @Test(arguments: [
        Plant(
            "a wrong secret", "webhook_secret", "is not the secret of the endpoint",
            environment: ["POLAR_WEBHOOK_SECRET": otherSecret]),
        Plant(
            "a secret that the programs do not have", "webhook_self_test", "refuses an event",
            environment: ["POLAR_WEBHOOK_SECRET": otherSecret]),
        Plant(
            "a short secret", "settings", "POLAR_WEBHOOK_SECRET is shorter",
            environment: ["POLAR_WEBHOOK_SECRET": "whsec_short"]),
        Plant("no secret", "settings", "POLAR_WEBHOOK_SECRET is missing", environment: ["POLAR_WEBHOOK_SECRET": nil]),
        Plant("no issuer", "settings", "AUTH_ISSUER is missing", environment: ["AUTH_ISSUER": nil]),
        Plant(
            "tokens for anybody", "settings", "AUTH_AUDIENCE is missing, and so are OIDC_CLIENT_ID",
            environment: ["OIDC_CLIENT_ID": nil, "OIDC_CLIENT_SECRET": nil]),
        Plant(
            "a limit that is none", "settings", "TRIAL_DAILY_LIMIT is not a whole number",
            environment: ["TRIAL_DAILY_LIMIT": "-1"]),
        Plant(
            "a day that is none", "settings", "IMAGE_DAYS is not a whole number", environment: ["IMAGE_DAYS": "0"]),
        Plant(
            "a wrong token", "polar_token", "does not know the access token",
            environment: ["POLAR_ACCESS_TOKEN": "polar_oat_wrong"]),
        Plant(
            "a version that is gone", "polar", "this version of its API", environment: ["POLAR_API_VERSION": "2025-01"]),
        Plant("no Polar", "polar", "cannot be asked", environment: ["POLAR_API_URL": "http://127.0.0.1:1"]),
        Plant(
            "a missing scope", "polar_scopes", "disputes:read",
            setup: [
                "scopes": [
                    "checkouts:write", "checkouts:read", "orders:read", "refunds:read", "webhooks:read",
                    "products:read",
                ]
            ]),
        Plant(
            "no right to sell", "polar_scopes", "checkouts:write", setup: ["scopes": ["orders:read", "products:read"]]),
        Plant("an archived product", "polar_product", "archived", setup: ["product_archived": true]),
        Plant("a subscription", "polar_product", "subscription", setup: ["product_recurring": true]),
        Plant("another currency", "polar_product", "no price in usd", setup: ["product_currency": "eur"]),
        Plant(
            "another price", "polar_product", "costs 499 cents at Polar and 500 here", setup: ["product_amount": 499]),
        Plant(
            "a price that the buyer names", "polar_product", "of the type custom",
            setup: ["product_amount_type": "custom"]),
        Plant(
            "no word on checkouts", "polar_endpoint", "does not send checkout.updated",
            setup: ["endpoint_events": ["order.created", "order.paid", "order.updated", "order.refunded"]]),
        Plant(
            "another product", "polar_product", "does not know the product",
            environment: ["POLAR_PRODUCT_ID": otherProduct]),
        Plant("no endpoint", "polar_endpoint", "there is none", setup: ["endpoint_missing": true]),
        Plant(
            "an endpoint that leads elsewhere", "polar_endpoint", "only to https://old.example/polar/orders",
            setup: ["endpoint_url": "https://old.example/polar/orders"]),
        Plant(
            "too few events", "polar_endpoint", "does not send checkout.updated, order.refunded, order.updated",
            setup: ["endpoint_events": ["order.created", "order.paid"]]),
        Plant("a chat's format", "polar_endpoint", "format is discord", setup: ["endpoint_format": "discord"]),
        Plant("a clock that is behind", "clock", " s behind Polar's", setup: ["date_offset_seconds": 600]),
        Plant("no room", "disk", "MiB are free", arguments: ["--free", "1000000000"]),
        Plant("no images", "images", "no directory", environment: ["CREDITS_IMAGES": "/nowhere/at/all"]),
        Plant("no database", "database", "cannot be opened", environment: ["CREDITS_DATABASE": "/nowhere/credits.db"]),
        Plant(
            "no generator", "generator", "GENERATOR_COMMAND names no program",
            environment: ["GENERATOR": "command", "GENERATOR_COMMAND": "/nowhere/make"]),
        Plant(
            "no keys of the issuer", "sign_in", "does not answer",
            environment: ["AUTH_JWKS_URL": "http://127.0.0.1:1/keys"]),
        Plant(
            "a site that does not answer", "handler_auth", "does not answer",
            environment: ["CREDITS_PUBLIC_URL": "http://localhost:1"]),
    ])
    func eachFaultIsFoundAndNamed(_ plant: Plant) throws {
        try site.control("/control/api/setup", plant.setup == .null ? .object([]) : plant.setup)
        let visit = try doctor(plant.environment, plant.arguments)
        try site.control("/control/api/setup", .object([]))
        expectFault(plant.check, plant.words, in: visit)
    }

    @Test func anEndpointThatIsSwitchedOffIsFound() throws {
        try site.control("/control/api/endpoint/disable", .object([]))
        let visit = try doctor()
        try site.control("/control/api/endpoint/enable", .object([]))
        expectFault("polar_endpoint", "switched off", in: visit)
        #expect(try doctor().ended.status == 0)
    }

    @Test func aHandlerThatNginxDoesNotReachIsFound() throws {
        for name in ["generations", "polar-orders", "auth"] {
            let socket = "\(site.directory)/run/\(name).sock"
            try FileManager.default.moveItem(atPath: socket, toPath: socket + ".away")
            let visit = try doctor()
            try FileManager.default.moveItem(atPath: socket + ".away", toPath: socket)
            expectFault("handler_\(name)", "nginx does not reach", in: visit)
            expectFault("sockets", "no socket \(name).sock", in: visit)
        }
        #expect(try doctor().ended.status == 0)
    }

    @Test func anotherDatabaseThanTheProgramsHaveIsFound() throws {
        let directory = try TemporaryDirectory()
        let copy = directory.path + "/copy.db"
        let sqlite = Program("/usr/bin/sqlite3")
        #expect(try sqlite.run([site.settings["CREDITS_DATABASE"] ?? "", "VACUUM INTO '\(copy)'"]).status == 0)
        let visit = try doctor(["CREDITS_DATABASE": copy])
        expectFault("database", "its journal is delete", in: visit)
        expectFault("webhook_self_test", "not in the inbox", in: visit)
        #expect(try sqlite.run([copy, "PRAGMA user_version = 3"]).status == 0)
        expectFault("schema", "has schema 3", in: try doctor(["CREDITS_DATABASE": copy]))
    }

    @Test func aSecretThatEverybodyCanReadIsFound() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/token"
        try Places.write((site.settings["POLAR_ACCESS_TOKEN"] ?? "") + "\n", to: file)
        let changes: [String: String?] = ["POLAR_ACCESS_TOKEN": nil, "POLAR_ACCESS_TOKEN_FILE": file]
        let manager = FileManager.default
        try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        #expect(try doctor(changes).ended.status == 0, "Its directory is closed")
        try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
        expectFault("permissions", "POLAR_ACCESS_TOKEN_FILE", in: try doctor(changes))
        try manager.setAttributes([.posixPermissions: 0o400], ofItemAtPath: file)
        #expect(try doctor(changes).ended.status == 0)
    }

    @Test func offlineNothingIsAskedOverTheNetwork() throws {
        let visit = try doctor(
            ["POLAR_API_URL": "http://127.0.0.1:1", "CREDITS_PUBLIC_URL": "http://localhost:1"], ["--offline"])
        #expect(visit.ended.status == 0, Comment(rawValue: visit.ended.output))
        let skipped = visit.findings.filter { $0["level"] == "skipped" }.compactMap { $0["check"]?.string }
        #expect(Set(skipped).isSuperset(of: ["polar", "site", "sign_in"]))
    }
}
