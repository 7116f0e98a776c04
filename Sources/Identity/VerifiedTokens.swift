internal import Core
private import Crypto
private import Synchronization

/// Claims of tokens whose signature was checked a moment ago. A client sends the same token with every request, and
/// checking an RSA signature costs more than all the rest.
///
/// What is kept is the signature's part alone: issuer, audience and times are looked at each time. It counts for a minute,
/// and for as long as the issuer's keys are the same.
final class VerifiedTokens: Sendable {
    static let lifetime = Duration.seconds(60)
    /// Beyond it everything is forgotten.
    static let most = 2048

    private struct Kept {
        let claims: TokenClaims
        let at: Instant
    }

    private struct State {
        var keys: KeySet?
        var kept: [[UInt8]: Kept] = [:]
    }

    private let state = Mutex(State())

    /// - Returns: with the keys in force then: the caller looks whether they still are.
    func find(_ token: String, at now: Instant) -> (claims: TokenClaims, keys: KeySet)? {
        let name = sha256(Array(token.utf8))
        return state.withLock { state in
            guard let keys = state.keys, let kept = state.kept[name] else { return nil }
            return (.zero..<Self.lifetime).contains(kept.at.distance(to: now)) ? (kept.claims, keys) : nil
        }
    }

    /// - Parameter keys: those in force before the signature was checked: of a newer set nothing is known.
    func keep(_ claims: TokenClaims, of token: String, under keys: KeySet, at now: Instant) {
        let name = sha256(Array(token.utf8))
        state.withLock { state in
            if state.keys != keys || state.kept.count >= Self.most { state = State(keys: keys) }
            state.kept[name] = Kept(claims: claims, at: now)
        }
    }
}
