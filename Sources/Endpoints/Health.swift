internal import Core
internal import HTTP
internal import JSON

/// `/healthz` and `/readyz`: alive; able to do the work. nginx lets only this machine ask.
struct Health: Sendable {
    /// Below this, a write may soon fail.
    static let minimumFreeBytes: Int64 = 64 << 20

    let store: Store
    /// Bytes free where the database is; `nil` if the system does not tell.
    let freeBytes: @Sendable () -> Int64?

    func healthz(_ request: Request, _: String) throws(RequestError) -> Response { .json(.ok, ["status": "ok"]) }

    func readyz(_ request: Request, _: String) throws(RequestError) -> Response {
        try stored { () throws(StoreError) in try store.check(within: .milliseconds(800)) }
        guard let free = freeBytes(), free >= Self.minimumFreeBytes else { throw .notStored(.full) }
        return .json(.ok, ["status": "ready"])
    }
}
