import Foundation
import TestSupport
import Testing

/// Polar's own Python SDK against the built simulator behind a real nginx.
@Suite struct ProofTests {
    @Test func polarsOwnSDKTakesUsForPolar() throws {
        let receiverPort = Int.random(in: 30_000..<32_000)
        let site = try Site(["SIMULATOR_WEBHOOK_URL": "http://127.0.0.1:\(receiverPort)/", "SIMULATOR_API_LIMIT": "0"])
        let script = "\(Places.repository)/Tests/SimulatorTests/polar_sdk_proof.py"
        func setting(_ name: String) throws -> String { try #require(site.settings[name]) }
        let proof = try Program("/usr/bin/env").run(
            [
                "python3", script, "http://127.0.0.1:\(site.simulatorPort)", String(receiverPort),
                setting("POLAR_ACCESS_TOKEN"), setting("POLAR_WEBHOOK_SECRET"), setting("POLAR_PRODUCT_ID"),
                "\(Places.products)/polar-sdk",
            ], environment: ProcessInfo.processInfo.environment, within: .seconds(300))
        #expect(proof.status == 0, "\(proof.output)\(proof.errors)")
        #expect(proof.output.hasPrefix("PROVED"))
    }
}
