internal import Core
private import Crypto
internal import Endpoints
private import HTTP
private import HTTPClient
private import JOSE
private import System

/// What is asked of the issuer over the network: its keys, its configuration, an ID token for a code.
///
/// Only addresses of the settings are called, and those that the issuer's own configuration names.
struct Issuer: Sendable {
    private let settings: AuthSettings
    private let log: @Sendable (LogLine) -> Void
    private let http = HTTPClient(
        connectTimeout: .seconds(3), totalTimeout: .seconds(5), maximumResponseBytes: KeySet.maximumBytes)

    init(_ settings: AuthSettings, log: @escaping @Sendable (LogLine) -> Void) {
        self.settings = settings
        self.log = log
    }

    /// Checks signatures with the issuer's keys: read when first needed, so that the issuer may start later than we do,
    /// and again for a key that is not there, at most once a minute.
    var verifier: TokenVerifier {
        let keys = Refetched(pause: .seconds(60), now: System.now, fetch: fetchKeys)
        return TokenVerifier(
            key: { header throws(TokenError) in
                guard let set = keys.value(unless: { $0.mightMiss(header) }) else { throw .keysUnavailable }
                return try set.key(for: header)
            },
            signed: Self.payload)
    }

    func login(_ client: AuthSettings.Client) -> Auth.Login {
        // People wait for this one: it is asked for again sooner.
        let configuration = Refetched(pause: .seconds(5), now: System.now, fetch: fetchConfiguration)
        return Auth.Login(
            client: client.id, issuer: settings.issuer, configuration: { configuration.value() },
            exchange: { code, verifier, configuration throws(CodeExchangeError) in
                try exchange(code, verifier, at: configuration.tokenEndpoint, as: client)
            })
    }

    private static func payload(of token: String, signedBy key: KeySet.Key) throws(TokenError) -> [UInt8] {
        do throws(JOSEError) {
            return try JWS.verified(token, by: JWK(json: key.json), algorithm: key.algorithm.jws)
        } catch {
            switch error {
            case .badKey, .failed: throw .keyUnusable
            case .wrongKeyType: throw .keyOfAnotherType
            case .malformed: throw .notThreeParts
            case .signatureMismatch: throw .signatureMismatch
            }
        }
    }

    private func fetchKeys() -> KeySet? {
        let bytes: [UInt8]?
        switch settings.keySource {
        case .file(let path): bytes = System.text(ofFile: path).map { Array($0.utf8) }
        case .address(let address): bytes = body(at: address)
        }
        guard let bytes else { return failed("keys.not_read", "no answer") }
        do throws(KeySetError) {
            let set = try KeySet(bytes)
            log(LogLine(.info, "keys.read", ["keys.count": set.keys.count]))
            return set
        } catch {
            return failed("keys.not_read", error.description)
        }
    }

    private func fetchConfiguration() -> IssuerConfiguration? {
        guard let bytes = body(at: IssuerConfiguration.address(ofIssuer: settings.issuer)) else {
            return failed("issuer.not_read", "no answer")
        }
        do throws(IssuerConfigurationError) {
            return try IssuerConfiguration(bytes, of: settings.issuer)
        } catch {
            return failed("issuer.not_read", error.description)
        }
    }

    private func failed<Value>(_ event: String, _ reason: String) -> Value? {
        log(LogLine(.error, event, ["issuer.reason": reason]))
        return nil
    }

    private func body(at address: String) -> [UInt8]? {
        do throws(HTTPClientError) {
            let answer = try http.send(
                HTTPClient.Call(method: "GET", url: address, headers: [("Accept", "application/json")]))
            guard answer.status == 200 else { return failed("issuer.refused", "status \(answer.status)") }
            return answer.body
        } catch {
            return failed("issuer.silent", "\(error)")
        }
    }

    /// Source: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3, with the client's name and secret as in 2.3.1
    private func exchange(
        _ code: String, _ verifier: String, at endpoint: String, as client: AuthSettings.Client
    ) throws(CodeExchangeError) -> String {
        let fields = [
            ("grant_type", "authorization_code"), ("code", code), ("code_verifier", verifier),
            ("redirect_uri", settings.publicURL + "/auth/callback"),
        ]
        let form = fields.map { "\($0)=\(PercentEncoding.encoded($1))" }.joined(separator: "&")
        let name = PercentEncoding.encoded(client.id)
        let credentials = Array("\(name):\(PercentEncoding.encoded(client.secret.revealed))".utf8)
        let call = HTTPClient.Call(
            method: "POST", url: endpoint,
            headers: [
                ("Authorization", "Basic " + Base64.encoded(credentials)), ("Accept", "application/json"),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ], body: Array(form.utf8))
        let answer: HTTPClient.Answer
        do throws(HTTPClientError) { answer = try http.send(call) } catch { throw .noAnswer("\(error)") }
        return try CodeExchange.idToken(status: answer.status, body: answer.body)
    }
}

extension TokenAlgorithm {
    fileprivate var jws: JWSAlgorithm {
        switch self {
        case .rs256: .rs256
        case .es256: .es256
        }
    }
}
