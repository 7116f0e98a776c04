public import Core
public import HTTP
internal import Interface

extension Site {
    /// Everything that `generations` serves: uploads, the gallery, the pictures.
    public init(_ dependencies: GenerationsDependencies) {
        let api = GenerationsAPI(dependencies: dependencies)
        let images = GenerationImages(dependencies: dependencies)
        let pages = GalleryPages(dependencies: dependencies)
        self.init(
            of: .generations,
            [
                "listGenerations": api.list, "createGeneration": api.upload, "getGeneration": api.show,
                "deleteGeneration": api.delete, "retryGeneration": api.retry, "getOriginal": images.original,
                "getResult": images.result, "getThumbnail": images.thumbnail, "galleryPage": pages.gallery,
                "upload": pages.upload, "generationPage": pages.show,
                "generationsHealth": Health.healthz,
            ], forms: ["actOnGeneration": pages.act], dependencies)
    }

    /// Whether the body is a picture: such requests are to be served piece by piece.
    public static func takesPicture(_ request: Request) -> Bool {
        Route.Program.generations.routes.contains { route in
            route.takesPicture && route.method.map(Request.Method.init) == request.method
                && route.path.utf8.elementsEqual(request.path.utf8)
        }
    }
}

/// What the endpoints of `generations` work with.
public struct GenerationsDependencies: Dependencies {
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
