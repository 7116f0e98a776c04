internal import Core
internal import Endpoints
internal import Identity
private import JOSE
internal import Threads

/// The issuer as this program knows it: its keys, its configuration, and how a code becomes an ID token.
struct Issuer: Sendable {
    private let calls: IssuerCalls
    private let settings: AuthSettings
    private let places: Bulkhead
    private let keys: Refetched<KeySet>

    /// Begins to read the keys.
    ///
    /// - Parameter places: for requests that wait for the issuer.
    init(_ settings: AuthSettings, places: Bulkhead, log: @escaping @Sendable (LogLine) -> Void) {
        let calls = IssuerCalls(settings, log: log)
        self.calls = calls
        self.settings = settings
        self.places = places
        // A key that is not there brings another reading, at most once a minute.
        keys = Refetched(.init(pause: .seconds(60)), places: places, fetch: calls.keys)
    }

    /// Whoever comes before the keys are there waits at the socket, as many as they are, and no longer than one reading takes.
    func waitForKeys() { keys.waitForValue(atMost: .seconds(5)) }

    /// Checks signatures with the issuer's keys.
    var verifier: TokenVerifier {
        TokenVerifier(keys: { [keys] isStale in keys.value(unless: isStale) }, signed: Self.payload)
    }

    /// Begins to read the configuration.
    func login(_ client: AuthSettings.Client) -> Auth.Login {
        let configuration = Refetched(.init(pause: .seconds(60)), places: places, fetch: calls.configuration)
        return Auth.Login(
            client: client.id, issuer: settings.issuer, configuration: { configuration.value() },
            exchange: { [calls, places] code, verifier, configuration throws(CodeExchangeError) in
                let token = try places.enter { () throws(CodeExchangeError) in
                    try calls.exchange(code, verifier, at: configuration.tokenEndpoint, as: client)
                }
                guard let token else { throw .noPlace }
                return token
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
}

extension TokenAlgorithm {
    fileprivate var jws: JWSAlgorithm {
        switch self {
        case .rs256: .rs256
        case .es256: .es256
        }
    }
}
