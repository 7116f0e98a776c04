public import Core
internal import HTTP
internal import Interface

extension Site {
    /// Everything that `admin` serves, to admins alone.
    public init(_ dependencies: AdminDependencies) {
        let metrics = MetricsPage(store: dependencies.store, freeBytes: dependencies.freeBytes, now: dependencies.now)
        let others: [String: Site.Handler] = ["adminHealth": Health.healthz, "metrics": metrics.show]
        let parts = [
            AdminAPI.handlers(dependencies), AdminExports.handlers(dependencies), AdminPages.handlers(dependencies),
            others,
        ]
        self.init(
            of: .admin, parts.reduce(into: [:]) { all, part in all.merge(part) { first, _ in first } },
            forms: AdminPages.forms(dependencies), dependencies)
    }
}

/// What the endpoints of `admin` work with.
public struct AdminDependencies: Dependencies {
    let store: Store
    let scope: OrderScope
    let publicURL: String
    /// Bytes free where the database is; `nil` if the system does not tell.
    let freeBytes: @Sendable () -> Int64?
    let now: @Sendable () -> Instant
    let random: @Sendable (Int) -> [UInt8]
    let log: @Sendable (LogLine) -> Void

    public init(
        store: Store, scope: OrderScope, publicURL: String, freeBytes: @escaping @Sendable () -> Int64?,
        now: @escaping @Sendable () -> Instant,
        random: @escaping @Sendable (Int) -> [UInt8], log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.store = store
        self.scope = scope
        self.publicURL = publicURL
        self.freeBytes = freeBytes
        self.now = now
        self.random = random
        self.log = log
    }

    /// Logs what an admin did, if it changed anything.
    func tell(
        _ deed: some Deed, _ facts: [String: any LogValue] = [:], by actor: UserID, _ request: Request
    ) {
        if let line = deed.logLine(facts.merging(["admin.id": actor]) { $1 }) { log(line.of(request: request.id)) }
    }
}

extension Request {
    /// The user whom an address names.
    ///
    /// - Parameter segment: the part of the path. An id that no path can hold, such as one with `//`, is reached with `-`
    ///   in its place and `?user_id=`.
    func subject(_ segment: String) throws(RequestError) -> UserID {
        let text = segment == "-" ? parameters["user_id"] ?? segment : segment
        guard let user = UserID(text) else { throw .notFound }
        return user
    }
}
