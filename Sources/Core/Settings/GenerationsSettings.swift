/// What `generations` needs to know before it takes a request.
public struct GenerationsSettings: Sendable {
    public let store: StoreSettings
    public let serving: ServingSettings
    /// `CREDITS_IMAGES`: the directory of the image files.
    public let images: String
    /// `MAX_UPLOAD_BYTES`: of one picture.
    public let maximumUploadBytes: Int
    /// `MAX_IMAGE_PIXELS`: width times height.
    public let maximumPixels: Int

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        serving = ServingSettings(&reader)
        images = reader.text("CREDITS_IMAGES")
        maximumUploadBytes = reader.integer("MAX_UPLOAD_BYTES", in: 1024...104_857_600, default: 3_145_728)
        maximumPixels = reader.integer("MAX_IMAGE_PIXELS", in: 1...1_000_000_000, default: 50_000_000)
        try reader.finish()
    }
}
