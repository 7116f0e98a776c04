private import JSON

/// The issuer's answer to a code: an ID token, not yet believed.
///
/// Source: https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse
public enum CodeExchange {
    public static func idToken(status: Int, body: [UInt8]) throws(CodeExchangeError) -> String {
        let json = try? JSON(body)
        guard status == 200 else {
            throw .refused(status: status, code: json?["error"]?.string.flatMap(ProviderErrorCode.init)?.text)
        }
        guard let token = json?["id_token"]?.string else { throw .noIDToken }
        return token
    }
}

/// An `error` of the issuer's, short and plain enough for a log.
public struct ProviderErrorCode: Equatable, Sendable {
    public let text: String

    public init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard isPlain, (1...64).contains(text.utf8.count) else { return nil }
        self.text = text
    }
}

public enum CodeExchangeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// As many as may wait for the issuer already do: it was not asked.
    case noPlace
    /// No whole answer came.
    case noAnswer(String)
    case refused(status: Int, code: String?)
    case noIDToken

    public var description: String {
        switch self {
        case .noPlace: "too many wait for the issuer"
        case .noAnswer(let reason): "no answer: \(reason)"
        case .refused(let status, let code): "refused with \(status) \(code ?? "")"
        case .noIDToken: "the answer holds no id_token"
        }
    }
}
