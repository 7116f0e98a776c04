import Core
import Testing

@testable import polar_simulator

@Suite struct SettingsTests {
    @Test(arguments: [
        ("SIMULATOR_PUBLIC_URL", ""), ("CREDITS_PUBLIC_URL", "http://elsewhere.example"),
        ("SIMULATOR_WEBHOOK_URL", "ftp://x"), ("POLAR_ACCESS_TOKEN", ""), ("POLAR_PRODUCT_ID", "x"),
        ("POLAR_WEBHOOK_SECRET", "whsec_"), ("POLAR_WEBHOOK_SECRET", "no base64 and much too plain for it"),
        ("SIMULATOR_WEBHOOK_SCHEME", "new"), ("SIMULATOR_RETRY_FACTOR", "0"), ("SIMULATOR_RETRY_FACTOR", "nan"),
        ("SIMULATOR_API_LIMIT", "-1"), ("OIDC_CLIENT_SECRET", ""),
    ])
    func aFaultIsNamed(name: String, value: String) {
        let error = #expect(throws: SettingsError.self) { try Playing.settings([name: value]) }
        #expect(error?.faults.map(\.name) == [name])
    }

    @Test func aLegacySecretNeedsNoBase64() throws {
        let settings = try Playing.settings([
            "POLAR_WEBHOOK_SECRET": "any text of at least 24 bytes,and one more of the same kind",
            "SIMULATOR_WEBHOOK_SCHEME": "legacy",
        ])
        #expect(settings.webhookSecret == "any text of at least 24 bytes")
    }
}
