/// What `generations` needs to know before it takes a request.
public struct GenerationsSettings: ServerSettings {
    public let store: StoreSettings
    public let serving: ServingSettings
    /// `CREDITS_IMAGES`: the directory of the image files.
    public let images: String
    /// `MAX_UPLOAD_BYTES`: of one picture.
    public let maximumUploadBytes: Int
    /// `MAX_IMAGE_PIXELS`: width times height.
    public let maximumPixels: Int
    public let limits: UploadLimits

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        serving = ServingSettings(&reader)
        images = reader.text("CREDITS_IMAGES")
        maximumUploadBytes = reader.integer("MAX_UPLOAD_BYTES", in: 1024...104_857_600, default: 3_145_728)
        maximumPixels = reader.integer("MAX_IMAGE_PIXELS", in: 1...1_000_000_000, default: 50_000_000)
        limits = UploadLimits(&reader)
        try reader.finish()
    }
}

extension UploadLimits {
    public init(_ reader: inout EnvironmentReader) {
        self.init(
            imageBytes: Int64(reader.integer("USER_IMAGE_BYTES", in: 1...1 << 50, default: 1 << 30)),
            waitingJobs: Int64(reader.integer("USER_WAITING_JOBS", in: 1...1_000_000, default: 20)),
            freeFailures: Int64(reader.integer("USER_FREE_FAILURES", in: 0...1_000_000, default: 10)),
            dailyCalls: reader.dailyLimit())
    }
}

extension EnvironmentReader {
    /// `GENERATION_DAILY_LIMIT`: none unless set.
    mutating func dailyLimit() -> Int64? {
        integer("GENERATION_DAILY_LIMIT", in: 0...1_000_000_000).map { Int64($0) }
    }
}
