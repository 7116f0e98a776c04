import Database
import JSON
import TestSupport
import Testing

@testable import Core

@Suite struct BillingSettingsTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func set(
        version: Int64? = nil, _ settings: KeyValuePairs<String, Int64>
    ) throws -> SettingsOutcome {
        try test.store.settings.change(SettingsChange(settings), expectedVersion: version, by: "ada", at: TestStore.now)
    }

    @Test func beginAsTheProductSays() throws {
        let settings = try test.store.settings.current()
        #expect(settings.packPriceCents == 500 && settings.creditsPerPack == 420 && settings.refundOnFailure)
        #expect(settings.freeTrialCredits == 10 && settings.currency == "usd" && settings.version == 1)
        #expect(settings.updatedAt == nil && settings.updatedBy == nil)
    }

    @Test func aChangeIsRecordedWithOldAndNew() throws {
        guard case .changed(let settings) = try set(["credits_per_pack": 500, "refund_on_failure": 0]) else {
            Issue.record("not changed")
            return
        }
        #expect(try settings == test.store.settings.current())
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
        let before = try test.store.settings.current()
        #expect(try set(["credits_per_pack": 420]) == .unchanged(before))
        #expect(try set([:]) == .unchanged(before))
        #expect(try test.integers("SELECT count(*) FROM audit_log") == [0])
    }

    @Test func aFormThatIsOldIsStale() throws {
        _ = try set(version: 1, ["credits_per_pack": 500])
        let current = try test.store.settings.current()
        #expect(try set(version: 1, ["credits_per_pack": 600]) == .stale(current: current))
        #expect(try test.store.settings.current() == current)
        guard case .changed = try set(version: 2, ["credits_per_pack": 600]) else {
            Issue.record("not changed"); return
        }
    }

    @Test func nothingOutOfBoundsIsTakenAndTheDatabaseRefusesItToo() throws {
        let connection = try test.connection()
        for setting in Setting.table {
            for (value, isWithin) in [
                (setting.bounds.lowerBound - 1, false), (setting.bounds.lowerBound, true),
                (setting.bounds.upperBound, true), (setting.bounds.upperBound + 1, false), (.min, false), (.max, false),
            ] {
                var change = SettingsChange()
                let isTaken = change.set(setting, to: value)
                #expect(isTaken == isWithin, "\(setting.name) \(value)")
                let outcome = try test.store.settings.change(change, expectedVersion: nil, by: "ada", at: TestStore.now)
                #expect(try isWithin == (test.store.settings.current()[setting] == value), "\(outcome)")
                let update = "UPDATE billing_settings SET \(setting.name) = \(value)"
                let isKept = (try? connection.execute(update)) != nil
                #expect(isKept == isWithin, "\(update)")
            }
            var change = SettingsChange()
            let isTaken = change.set(setting, to: nil)
            #expect(try !isTaken && change.isInForce(in: test.store.settings.current()))
        }
    }

    @Test func everyColumnIsASettingOrWhatIsRecordedOfThem() throws {
        let columns = try test.texts("SELECT name FROM pragma_table_info('billing_settings')").compactMap(\.self)
        let recorded = ["id", "currency", "version", "updated_ms", "updated_by"]
        #expect(Set(Setting.table.map(\.name) + recorded) == Set(columns))
        #expect(Set(Setting.table.map(\.name)).count == Setting.table.count)
    }

    @Test func eachSettingHasAPropertyOfItsOwn() throws {
        let before = try test.store.settings.current()
        for setting in Setting.table {
            var changed = before
            changed[setting] = before[setting] + (before[setting] < setting.bounds.upperBound ? 1 : -1)
            #expect(Setting.table.filter { before[$0] != changed[$0] }.map(\.name) == [setting.name])
        }
    }

    @Test func aValueIsReadByItsUnit() throws {
        let price = try #require(Setting.named("pack_price_cents"))
        let refund = try #require(Setting.named("refund_on_failure"))
        #expect(price.value(of: 500) == 500 && price.value(of: "500" as JSON) == nil && price.value(of: true) == nil)
        #expect(price.value(of: "500" as String) == 500 && price.value(of: "5.00" as String) == nil)
        #expect(price.json(500) == 500 && price.rule == "a whole number from 50 to 1000000")
        #expect(refund.value(of: true) == 1 && refund.value(of: false) == 0 && refund.value(of: 1) == nil)
        #expect(refund.value(of: "true" as String) == 1 && refund.value(of: "1" as String) == nil)
        #expect(refund.json(1) == true && refund.json(0) == false && refund.rule == "true or false")
        #expect(Setting.named("Pack_price_cents") == nil && Setting.named("") == nil)
    }
}

@Suite struct AdminTests {
    private let test: TestStore

    init() throws { test = try TestStore() }

    private func grant(_ user: String) throws -> GrantAdminOutcome {
        try test.store.admins.grant(to: test.user(user), by: "root", at: TestStore.now)
    }

    private func revoke(_ user: String) throws -> RevokeAdminOutcome {
        try test.store.admins.revoke(from: test.user(user), by: "root", at: TestStore.now)
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
        #expect(try test.store.admins.all().map(\.user.text) == ["bob"])
        #expect(try test.store.admins.contains(test.user("bob")) && !test.store.admins.contains(test.user("ada")))
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
        #expect(settings.scope.environment == .sandbox)
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
