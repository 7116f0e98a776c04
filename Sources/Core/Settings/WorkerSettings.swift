/// What `generation-worker` needs to know before it takes a job.
public struct WorkerSettings: Sendable {
    /// `GENERATOR`: who makes the pictures.
    public enum Generator: Sendable {
        case gemini(GeminiSettings)
        /// `GENERATOR_COMMAND`: a program and its arguments with spaces between; no shell reads it.
        case command(String)
    }

    public let store: StoreSettings
    /// `CREDITS_IMAGES`: the directory of the image files.
    public let images: String
    public let generator: Generator
    /// The text of `GENERATION_PROMPT_FILE`, or a prompt of ours.
    public let prompt: String
    /// `GENERATION_ATTEMPTS`: the try of this number is the last.
    public let attempts: Int64
    /// `GENERATION_TIMEOUT_SECONDS`: for one call of the provider.
    public let timeout: Duration
    /// `GENERATOR_COMMAND_MEMORY_BYTES`: what each process of the command may hold.
    public let commandMemoryBytes: Int
    /// `GENERATION_CONCURRENCY`: how many jobs are in hand at once.
    public let concurrency: Int
    /// `GENERATION_MAXIMUM_AGE_SECONDS`: a job that has waited for longer fails, and its credit comes back.
    public let maximumAge: Duration
    /// `GENERATION_DAILY_LIMIT`: calls of the provider in a day (UTC); none unless set.
    public let dailyLimit: Int64?
    /// `MAX_IMAGE_PIXELS`: of a result.
    public let maximumPixels: Int
    /// `PATH`: where programs are looked for.
    public let path: String
    /// `LOG_LEVEL`: lines below it are left out.
    public let logLevel: LogLine.Level

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        images = reader.text("CREDITS_IMAGES")
        generator = reader.generator()
        prompt = reader.prompt()
        attempts = Int64(reader.integer("GENERATION_ATTEMPTS", in: 1...10, default: 2))
        timeout = .seconds(reader.integer("GENERATION_TIMEOUT_SECONDS", in: 1...600, default: 90))
        commandMemoryBytes = reader.integer(
            "GENERATOR_COMMAND_MEMORY_BYTES", in: 64 << 20...1 << 40, default: 2 << 30)
        concurrency = reader.integer("GENERATION_CONCURRENCY", in: 1...64, default: 2)
        maximumAge = .seconds(reader.integer("GENERATION_MAXIMUM_AGE_SECONDS", in: 1...604_800, default: 3600))
        dailyLimit = reader.dailyLimit()
        maximumPixels = reader.integer("MAX_IMAGE_PIXELS", in: 1...1_000_000_000, default: 50_000_000)
        path = reader.optional("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        logLevel = reader.choice("LOG_LEVEL", default: .notice)
        try reader.finish()
    }
}

/// How to call Gemini.
public struct GeminiSettings: Sendable {
    /// `GEMINI_API_URL`: without a slash at its end.
    public let address: String
    public let key: Secret
    public let model: String

    public init(_ reader: inout EnvironmentReader) {
        address = reader.address("GEMINI_API_URL", default: "https://generativelanguage.googleapis.com")
        key = reader.headerSecret("GEMINI_API_KEY")
        model = reader.modelName("GEMINI_MODEL", default: "gemini-2.5-flash-image")
    }
}

extension EnvironmentReader {
    fileprivate enum GeneratorName: String, CaseIterable { case gemini, command }

    fileprivate mutating func generator() -> WorkerSettings.Generator {
        guard optional("GENERATOR") != nil else {
            // Without a stand-in's own settings: one fault is enough.
            return refuse("GENERATOR", "is missing: one of gemini, command", .command(""))
        }
        let name: GeneratorName = choice("GENERATOR", default: nil)
        switch name {
        case .gemini: return .gemini(GeminiSettings(&self))
        case .command: return .command(text("GENERATOR_COMMAND"))
        }
    }

    fileprivate mutating func prompt() -> String {
        let standard =
            "Make a beautiful new version of this picture: keep its subject and composition, improve light, colour and "
            + "detail. Answer with the picture alone."
        guard let path = optional("GENERATION_PROMPT_FILE") else { return standard }
        guard let text = text(ofFile: path) else { return refuse("GENERATION_PROMPT_FILE", "cannot be read", standard) }
        let isText = (1...32_000).contains(text.utf8.count) && !text.utf8.contains(0)
        return isText ? text : refuse("GENERATION_PROMPT_FILE", "is not a text of 1 to 32000 bytes", standard)
    }

    /// One that goes into a header as it is.
    fileprivate mutating func headerSecret(_ name: String) -> Secret {
        let secret = secret(name)
        guard secret.bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return refuse(name, "holds a byte that no header can", secret)
        }
        return secret
    }

    /// It becomes part of an address.
    fileprivate mutating func modelName(_ name: String, default standard: String) -> String {
        let value = optional(name) ?? standard
        let isName = value.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case let mark: "-._".utf8.contains(mark)
            }
        }
        return isName && value.utf8.count <= 200 ? value : refuse(name, "is not the name of a model", standard)
    }
}
