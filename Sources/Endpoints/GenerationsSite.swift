public import Core
public import HTTP
internal import JSON

/// Everything that `generations` serves: uploads, the gallery, the pictures.
public struct GenerationsSite: Sendable {
    private let routes: Routes

    public init(_ dependencies: GenerationsDependencies) {
        let api = GenerationsAPI(dependencies)
        let images = GenerationImages(dependencies)
        let pages = GalleryPages(dependencies)
        routes = Routes(
            [
                .init("/api/v1/generations", [(.get, api.list), (.post, api.upload)]),
                .init("/api/v1/generations/{id}", [(.get, api.show), (.delete, api.delete)]),
                .init("/api/v1/generations/{id}/retry", [(.post, api.retry)]),
                .init("/api/v1/generations/{id}/original", [(.get, images.original)]),
                .init("/api/v1/generations/{id}/result", [(.get, images.result)]),
                .init("/api/v1/generations/{id}/thumbnail", [(.get, images.thumbnail)]),
                .init("/", [(.get, pages.gallery), (.post, pages.upload)]),
                .init("/generations/{id}", [(.get, pages.show), (.post, pages.act)]),
                .init("/healthz/generations", [(.get, Self.healthz)]),
            ], log: dependencies.log)
    }

    public func respond(to request: Request) -> Response { routes.respond(to: request) }

    /// Whether the body is a picture: such requests are to be served piece by piece.
    public static func takesPicture(_ request: Request) -> Bool {
        request.method == .post && ["/api/v1/generations", "/"].contains(request.path)
    }

    /// Whether this is asked by somebody who wants to know if anything hangs.
    public static let isUrgent: @Sendable (_ path: String) -> Bool = { $0 == "/healthz/generations" }

    private static func healthz(_ request: Request, _: String) throws(RequestError) -> Response {
        .json(.ok, ["status": "ok"])
    }
}

/// What the endpoints of `generations` work with.
public struct GenerationsDependencies: Sendable {
    /// Begins a content in the directory of images.
    public typealias Begin = @Sendable () throws(BlobError) -> any IncomingBlob
    /// Removes the files that nobody refers to any more.
    public typealias Discard = @Sendable ([BlobID]) throws(BlobError) -> Void

    let store: Store
    let maximumUploadBytes: Int
    let maximumPixels: Int
    let limits: UploadLimits
    let begin: Begin
    private let remove: Discard
    let now: @Sendable () -> Instant
    let random: @Sendable (Int) -> [UInt8]
    let log: @Sendable (LogLine) -> Void

    public init(
        store: Store, maximumUploadBytes: Int, maximumPixels: Int, limits: UploadLimits,
        begin: @escaping Begin, discard: @escaping Discard, now: @escaping @Sendable () -> Instant,
        random: @escaping @Sendable (Int) -> [UInt8], log: @escaping @Sendable (LogLine) -> Void
    ) {
        self.store = store
        self.maximumUploadBytes = maximumUploadBytes
        self.maximumPixels = maximumPixels
        self.limits = limits
        self.begin = begin
        remove = discard
        self.now = now
        self.random = random
        self.log = log
    }

    /// What stays behind is nobody's, and goes with the next sweep.
    func discard(_ blobs: [BlobID], _ request: Request) {
        do throws(BlobError) {
            try remove(blobs)
        } catch {
            let facts = ["blob.reason": error.description]
            log(LogLine(.error, "blobs.not_removed", facts).of(request: request.id))
        }
    }

    /// The longest body of an upload: one picture, and what a form puts around it.
    public static func maximumBodyBytes(maximumUploadBytes: Int) -> Int { maximumUploadBytes + (64 << 10) }
}
