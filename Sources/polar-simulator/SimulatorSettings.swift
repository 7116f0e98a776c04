internal import Core
private import Crypto

/// What the simulator is told by its environment.
struct SimulatorSettings: Sendable {
    /// Our own address, without a slash at its end; the issuer's name as well.
    let publicURL: String
    /// The site's own address: where signing in may lead back to.
    let siteURL: String
    let webhookURL: String
    let webhookSecret: String
    let accessToken: String
    let productID: String
    let apiVersion: String
    let clientID: String
    let clientSecret: String
    /// Without it the image provider refuses every key.
    let geminiKey: String?
    /// Where programs are looked for.
    let path: String
    let stateFile: String?
    let scheme: Scheme
    let retryFactor: Double
    let apiLimitPerMinute: Int
    let serving: ServingSettings

    /// How a webhook secret becomes the key of the signature.
    enum Scheme: String, Sendable, Codable, CaseIterable {
        /// Secrets that Polar made from 8 September 2026 on: base64 behind `whsec_`.
        case standard
        /// Older ones, and every one that a merchant supplied: the bytes of the whole text.
        case legacy

        /// `nil` if the secret is not one of this scheme.
        func key(of secret: String) -> [UInt8]? {
            switch self {
            case .legacy: Array(secret.utf8)
            case .standard:
                secret.hasPrefix("whsec_")
                    ? Base64.decoded(String(secret.dropFirst("whsec_".count))).flatMap { $0.isEmpty ? nil : $0 } : nil
            }
        }
    }

    init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        publicURL = reader.address("SIMULATOR_PUBLIC_URL")
        siteURL = reader.address("CREDITS_PUBLIC_URL")
        webhookURL = reader.address("SIMULATOR_WEBHOOK_URL")
        accessToken = reader.secret("POLAR_ACCESS_TOKEN").revealed
        productID = reader.identifier("POLAR_PRODUCT_ID", of: Core.Product.self).text
        clientID = reader.text("OIDC_CLIENT_ID")
        clientSecret = reader.secret("OIDC_CLIENT_SECRET").revealed
        apiVersion = reader.optional("POLAR_API_VERSION") ?? "2026-10"
        geminiKey = reader.optionalSecret("GEMINI_API_KEY")?.revealed
        path = reader.optional("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        stateFile = reader.optional("SIMULATOR_STATE")
        apiLimitPerMinute = reader.integer("SIMULATOR_API_LIMIT", in: 0...1_000_000, default: 500)
        serving = ServingSettings(&reader)
        scheme = reader.choice("SIMULATOR_WEBHOOK_SCHEME", default: .standard)
        // While a secret is rotated Polar signs with one of them: the first of the list.
        webhookSecret = reader.secrets("POLAR_WEBHOOK_SECRET", minimumBytes: 24).first?.revealed ?? ""
        if !webhookSecret.isEmpty, scheme.key(of: webhookSecret) == nil {
            reader.refuse(
                "POLAR_WEBHOOK_SECRET", "is not whsec_ and base64, as SIMULATOR_WEBHOOK_SCHEME standard has it", ())
        }
        let factor = reader.optional("SIMULATOR_RETRY_FACTOR") ?? "1"
        let range = 0.0001...100.0
        retryFactor =
            Double(factor).flatMap { range.contains($0) ? $0 : nil }
            ?? reader.refuse("SIMULATOR_RETRY_FACTOR", "is not a number from 0.0001 to 100", 1)
        try reader.finish()
    }
}

/// The first three parts of an address: nothing of it but its origin.
func origin(of url: String) -> String {
    url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
}

func isUUID(_ text: String) -> Bool { Identifier<World>(text) != nil }

/// A random UUID (version 4), in lower case.
func newUUID() -> String { Identifier<World>(random: randomBytes(16)).text }

/// Letters and digits that nobody can guess.
func newToken(_ prefix: String = "") -> String {
    prefix + Base64.urlEncoded(randomBytes(32)).filter { $0 != "-" && $0 != "_" }
}
