internal import Core
private import Crypto
private import HTTP
private import HTTPClient
internal import Identity
private import System

/// What is asked of the issuer over the network.
///
/// Only addresses of the settings are called, and those that the issuer's own configuration names.
struct IssuerCalls: Sendable {
    private let settings: AuthSettings
    private let log: @Sendable (LogLine) -> Void
    private let http = HTTPClient(
        connectTimeout: .seconds(3), totalTimeout: .seconds(5), maximumResponseBytes: KeySet.maximumBytes)

    init(_ settings: AuthSettings, log: @escaping @Sendable (LogLine) -> Void) {
        self.settings = settings
        self.log = log
    }

    /// `nil` if they cannot be read, which is logged.
    func keys() -> KeySet? {
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

    /// `nil` if it cannot be read, which is logged.
    func configuration() -> IssuerConfiguration? {
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
    func exchange(
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
