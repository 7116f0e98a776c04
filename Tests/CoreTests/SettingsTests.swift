import Database
import TestSupport
import Testing

@testable import Core

@Suite struct BillingSettingsTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func set(
        version: Int64? = nil, _ change: (inout SettingsChange) -> Void
    ) throws -> SettingsOutcome {
        var settings = SettingsChange()
        change(&settings)
        return try test.store.changeSettings(settings, expectedVersion: version, by: "ada", at: TestStore.now)
    }

    @Test func beginAsTheProductSays() throws {
        let settings = try test.store.settings()
        #expect(settings.packPriceCents == 500 && settings.creditsPerPack == 420 && settings.refundOnFailure)
        #expect(settings.freeTrialCredits == 10 && settings.currency == "usd" && settings.version == 1)
        #expect(settings.updatedAt == nil && settings.updatedBy == nil)
    }

    @Test func aChangeIsRecordedWithOldAndNew() throws {
        guard case .changed(let settings) = try set({ ($0.creditsPerPack, $0.refundOnFailure) = (500, false) }) else {
            Issue.record("not changed")
            return
        }
        #expect(try settings == test.store.settings())
        #expect(settings.creditsPerPack == 500 && !settings.refundOnFailure && settings.packPriceCents == 500)
        #expect(settings.version == 2 && settings.updatedAt == TestStore.now && settings.updatedBy == "ada")
        let log = try test.texts("SELECT actor || action || old || new FROM audit_log")
        #expect(
            log == [
                #"adasettings.change{"credits_per_pack":420,"refund_on_failure":true}"#
                    + #"{"credits_per_pack":500,"refund_on_failure":false}"#
            ])
    }

    @Test func nothingNewIsNoChange() throws {
        let before = try test.store.settings()
        #expect(try set { $0.creditsPerPack = 420 } == .unchanged(before))
        #expect(try set { _ in } == .unchanged(before))
        #expect(try test.integers("SELECT count(*) FROM audit_log") == [0])
    }

    @Test func aFormThatIsOldIsStale() throws {
        _ = try set(version: 1) { $0.creditsPerPack = 500 }
        let current = try test.store.settings()
        #expect(try set(version: 1) { $0.creditsPerPack = 600 } == .stale(current: current))
        #expect(try test.store.settings() == current)
        guard case .changed = try set(version: 2, { $0.creditsPerPack = 600 }) else {
            Issue.record("not changed"); return
        }
    }

    @Test(
        arguments: [
            (49, 1, 0, ["pack_price_cents"]), (50, 1, 0, []), (1_000_000, 1_000_000, 10_000, []),
            (1_000_001, 1, 0, ["pack_price_cents"]), (50, 0, 0, ["credits_per_pack"]),
            (50, 1_000_001, 0, ["credits_per_pack"]), (50, 1, -1, ["free_trial_credits"]),
            (50, 1, 10_001, ["free_trial_credits"]),
            (.min, .max, .min, ["pack_price_cents", "credits_per_pack", "free_trial_credits"]),
        ] as [(Int64, Int64, Int64, [String])])
    func boundsAreKept(_ price: Int64, _ credits: Int64, _ trial: Int64, _ faults: [String]) throws {
        let outcome = try set {
            ($0.packPriceCents, $0.creditsPerPack, $0.freeTrialCredits) = (price, credits, trial)
        }
        switch outcome {
        case .outOfBounds(let found): #expect(found.map(\.name) == faults)
        case .changed, .unchanged: #expect(faults.isEmpty)
        case .stale: Issue.record("stale")
        }
        #expect(try test.store.settings().version == (faults.isEmpty ? 2 : 1))
    }
}

@Suite struct AdminTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func grant(_ user: String) throws -> GrantAdminOutcome {
        try test.store.grantAdmin(to: test.user(user), by: "root", at: TestStore.now)
    }

    private func revoke(_ user: String) throws -> RevokeAdminOutcome {
        try test.store.revokeAdmin(from: test.user(user), by: "root", at: TestStore.now)
    }

    @Test func theLastOneStays() throws {
        #expect(try revoke("ada") == .notAdmin)
        #expect(try grant("ada") == .granted)
        #expect(try grant("ada") == .alreadyAdmin)
        #expect(try revoke("ada") == .lastAdmin)
        #expect(try grant("bob") == .granted)
        #expect(try revoke("eve") == .notAdmin)
        #expect(try revoke("ada") == .revoked)
        #expect(try revoke("bob") == .lastAdmin)
        #expect(try test.store.admins().map(\.user.text) == ["bob"])
        #expect(try test.store.isAdmin(test.user("bob")) && !test.store.isAdmin(test.user("ada")))
    }

    @Test func everyChangeIsInTheAuditLogAndNoRefusalIs() throws {
        _ = try grant("ada")
        _ = try grant("ada")
        _ = try revoke("ada")
        _ = try grant("bob")
        _ = try revoke("ada")
        let log = try test.texts("SELECT actor || ' ' || action || ' ' || subject FROM audit_log ORDER BY id")
        #expect(log == ["root admin.grant ada", "root admin.grant bob", "root admin.revoke ada"])
    }

    @Test func anAdminIsNoUserYet() throws {
        _ = try grant("ada")
        #expect(try test.integers("SELECT count(*) FROM users") == [0])
    }
}

@Suite struct ProgramSettingsTests {
    private static let good = [
        "CREDITS_DATABASE": "/var/lib/credits.db", "POLAR_SERVER": "sandbox",
        "POLAR_PRODUCT_ID": "d8f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b",
        "POLAR_WEBHOOK_SECRET": "whsec_0123456789012345678901234567890123456789012",
    ]

    private func read(_ environment: [String: String], files: [String: String] = [:]) throws -> PolarOrdersSettings {
        try PolarOrdersSettings(EnvironmentReader(environment) { files[$0] })
    }

    @Test func namesEveryFaultAtOnceAndNoValue() {
        let error = #expect(throws: SettingsError.self) {
            try read([
                "POLAR_SERVER": "staging", "POLAR_WEBHOOK_SECRET": "hunter2", "POLAR_PRODUCT_ID": "hunter3",
                "FASTCGI_THREADS": "0", "COMMIT_GROUP": "many", "LOG_LEVEL": "loud",
            ])
        }
        #expect(
            error?.description == """
                CREDITS_DATABASE is missing
                COMMIT_GROUP is not a whole number from 1 to 1024
                FASTCGI_THREADS is not a whole number from 1 to 256
                LOG_LEVEL is not one of debug, info, notice, warning, error
                POLAR_SERVER is not one of sandbox, production
                POLAR_PRODUCT_ID is not a UUID
                POLAR_WEBHOOK_SECRET is shorter than 24 bytes
                """)
    }

    @Test func nothingAtAllNamesWhatHasNoDefault() {
        let error = #expect(throws: SettingsError.self) { try read([:]) }
        #expect(
            error?.faults.map(\.name) == [
                "CREDITS_DATABASE", "POLAR_SERVER", "POLAR_PRODUCT_ID", "POLAR_WEBHOOK_SECRET",
            ])
    }

    @Test func theDefaultsAreTheProducts() throws {
        let settings = try read(Self.good)
        #expect(settings.serving.threads == 16 && settings.serving.peer == "www-data")
        #expect(settings.serving.logLevel == .notice && settings.store.commitGroup == 64)
        #expect(settings.environment == .sandbox)
    }

    @Test(arguments: [
        ("CREDITS_DATABASE", ""), ("POLAR_SERVER", ""), ("POLAR_SERVER", "Sandbox"), ("POLAR_PRODUCT_ID", ""),
        ("POLAR_WEBHOOK_SECRET", ""), ("POLAR_WEBHOOK_SECRET", "   "), ("POLAR_WEBHOOK_SECRET", "whsec_"),
        ("POLAR_WEBHOOK_SECRET", ","), ("FASTCGI_THREADS", "257"), ("FASTCGI_THREADS", "1e1"),
        ("FASTCGI_THREADS", " 4"), ("POLAR_WEBHOOK_SECRET", "whsec_0123456789012345678901234567890123456789012,short"),
    ])
    func oneFaultIsEnough(_ name: String, _ value: String) {
        let error = #expect(throws: SettingsError.self) { try read(Self.good.merging([name: value]) { $1 }) }
        #expect(error?.faults.map(\.name) == [name])
        #expect(value.count < 3 || error?.description.contains(value) == false)
    }

    @Test func aSecretComesFromAFileWithoutItsLineFeed() throws {
        var environment = Self.good
        environment["POLAR_WEBHOOK_SECRET"] = nil
        environment["POLAR_WEBHOOK_SECRET_FILE"] = "/run/secret"
        let secret = "whsec_0123456789012345678901234567890123456789012"
        let settings = try read(environment, files: ["/run/secret": "\(secret)\n"])
        #expect(settings.webhookSecrets.map(\.revealed) == [secret])
    }

    @Test(arguments: [(nil, "cannot be read"), ("", "is empty"), (" \n", "is empty")] as [(String?, String)])
    func aFileThatGivesNothingIsNamed(_ content: String?, _ reason: String) {
        var environment = Self.good
        environment["POLAR_WEBHOOK_SECRET"] = nil
        environment["POLAR_WEBHOOK_SECRET_FILE"] = "/run/secret"
        let files = content.map { ["/run/secret": $0] } ?? [:]
        let error = #expect(throws: SettingsError.self) { try read(environment, files: files) }
        #expect(error?.description == "POLAR_WEBHOOK_SECRET_FILE \(reason)")
    }

    @Test func severalSecretsAreACommaList() throws {
        let list = " first-secret-0123456789012 ,second-secret-0123456789012\n"
        let settings = try read(Self.good.merging(["POLAR_WEBHOOK_SECRET": list]) { $1 })
        #expect(
            settings.webhookSecrets.map(\.revealed) == ["first-secret-0123456789012", "second-secret-0123456789012"])
    }

    @Test(arguments: [
        ("https://credits.example.com", true), ("http://credits.example.com", false), ("http://localhost:8080", true),
        ("http://127.0.0.1", true), ("http://[::1]:1", true), ("http://localhost.example.com", false),
        ("http://localhost@example.com", false), ("https://user@example.com", false), ("https://", false),
        ("ftp://example.com", false), ("https://a b", false), ("//example.com", false), ("", false),
    ])
    func anAddressIsHTTPSOrLocal(_ address: String, _ isOne: Bool) {
        var reader = EnvironmentReader(["CREDITS_PUBLIC_URL": address]) { _ in nil }
        _ = reader.address("CREDITS_PUBLIC_URL")
        #expect(((try? reader.finish()) != nil) == isOne)
    }
}
