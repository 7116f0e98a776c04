private import Crypto

/// What the simulator is told by its environment.
struct Settings: Sendable {
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
    let stateFile: String?
    let scheme: Scheme
    let retryFactor: Double
    let apiLimitPerMinute: Int
    let peer: String
    let threads: Int

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

    /// Every fault at once, none with a value.
    struct Faults: Error, CustomStringConvertible {
        let lines: [String]
        var description: String { lines.joined(separator: "\n") }
    }

    /// - Parameter value: the setting of that name, from the environment or from the file named with `_FILE` added.
    init(_ value: (String) -> String?) throws(Faults) {
        var faults: [String] = []
        func text(_ name: String) -> String {
            guard let text = value(name), !text.isEmpty else {
                faults.append("\(name) is missing")
                return ""
            }
            return text
        }
        func number<Number: LosslessStringConvertible & Comparable>(
            _ name: String, in range: ClosedRange<Number>, default standard: Number
        ) -> Number {
            guard let text = value(name), !text.isEmpty else { return standard }
            if let number = Number(text), range.contains(number) { return number }
            faults.append("\(name) is not a number from \(range.lowerBound) to \(range.upperBound)")
            return standard
        }
        publicURL = Self.withoutSlash(text("SIMULATOR_PUBLIC_URL"))
        siteURL = Self.withoutSlash(text("CREDITS_PUBLIC_URL"))
        webhookURL = text("SIMULATOR_WEBHOOK_URL")
        accessToken = text("POLAR_ACCESS_TOKEN")
        productID = text("POLAR_PRODUCT_ID").lowercased()
        clientID = text("OIDC_CLIENT_ID")
        clientSecret = text("OIDC_CLIENT_SECRET")
        // While a secret is rotated Polar signs with one of them: the first of the list.
        webhookSecret = text("POLAR_WEBHOOK_SECRET").split(separator: ",").first.map { Self.trimmed($0) } ?? ""
        apiVersion = value("POLAR_API_VERSION").flatMap { $0.isEmpty ? nil : $0 } ?? "2026-10"
        stateFile = value("SIMULATOR_STATE").flatMap { $0.isEmpty ? nil : $0 }
        retryFactor = number("SIMULATOR_RETRY_FACTOR", in: 0.0001...100, default: 1)
        apiLimitPerMinute = number("SIMULATOR_API_LIMIT", in: 0...1_000_000, default: 500)
        threads = number("FASTCGI_THREADS", in: 1...256, default: 16)
        peer = value("FASTCGI_PEER") ?? "www-data"
        let schemeName = value("SIMULATOR_WEBHOOK_SCHEME") ?? "standard"
        scheme = Scheme(rawValue: schemeName) ?? .standard
        if Scheme(rawValue: schemeName) == nil { faults.append("SIMULATOR_WEBHOOK_SCHEME is not standard or legacy") }
        if !webhookSecret.isEmpty, scheme.key(of: webhookSecret) == nil {
            faults.append("POLAR_WEBHOOK_SECRET is not whsec_ and base64, as the standard scheme has it")
        }
        if !productID.isEmpty, !isUUID(productID) { faults.append("POLAR_PRODUCT_ID is not a UUID") }
        guard faults.isEmpty else { throw Faults(lines: faults) }
    }

    private static func withoutSlash(_ url: String) -> String { url.hasSuffix("/") ? String(url.dropLast()) : url }

    private static func trimmed(_ text: Substring) -> String { String(text.filter { !$0.isWhitespace }) }
}

/// The first three parts of an address: nothing of it but its origin.
func origin(of url: String) -> String {
    url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
}

func isUUID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return parts.map(\.count) == [8, 4, 4, 4, 12] && parts.joined().allSatisfy { hexadecimalDigits.contains($0) }
}

private let hexadecimalDigits = Set("0123456789abcdefABCDEF".utf8)

/// A random UUID (version 4), in lower case.
func newUUID() -> String {
    var bytes = randomBytes(16)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let text = Array(hexadecimal(bytes))
    return [text[0..<8], text[8..<12], text[12..<16], text[16..<20], text[20..<32]].map { String($0) }
        .joined(separator: "-")
}

/// Letters and digits that nobody can guess.
func newToken(_ prefix: String = "") -> String {
    prefix + Base64.urlEncoded(randomBytes(32)).filter { $0 != "-" && $0 != "_" }
}
