internal import Core
internal import HTTP
internal import JSON
private import Threads

/// `/healthz` and `/readyz`: alive; able to do the work. nginx lets only this machine ask.
struct Health: Sendable {
    /// Below this, a write may soon fail.
    static let minimumFreeBytes: Int64 = 64 << 20
    /// Whoever asks wants to hear within a second, above all when something hangs.
    static let patience = Duration.milliseconds(700)

    let store: Store
    /// Bytes free where the database is; `nil` if the system does not tell.
    let freeBytes: @Sendable () -> Int64?
    private let probes = Bulkhead(places: 4)

    static func healthz(_ request: Request, _: String) throws(RequestError) -> Response { .json(.ok, ["status": "ok"]) }

    func readyz(_ request: Request, _: String) throws(RequestError) -> Response {
        switch probes.aside(atMost: Self.patience, probe) {
        case .ready: return .json(.ok, ["status": "ready"])
        case .failed(let error): throw .notStored(error)
        case nil: throw .notStored(.unavailable("not checked within \(Self.patience)"))
        }
    }

    private enum Verdict {
        case ready
        case failed(StoreError)
    }

    private func probe() -> Verdict {
        do throws(StoreError) { try store.operations.check(within: Self.patience) } catch { return .failed(error) }
        guard let free = freeBytes(), free >= Self.minimumFreeBytes else { return .failed(.full) }
        return .ready
    }
}
