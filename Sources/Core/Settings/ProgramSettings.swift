/// What every executable that touches the database needs to know.
public struct StoreSettings: Sendable {
    /// `CREDITS_DATABASE`: the SQLite file. Its directory must be writable, for the WAL.
    public let database: String
    /// `COMMIT_GROUP`: how many changes share one commit at most; 1 only to measure what the others gain.
    public let commitGroup: Int
    /// `TRIAL_DAILY_LIMIT`: how many new users get the trial credits on one day (UTC); the others start at 0.
    public let trialsADay: Int64

    public static let standardTrialsADay: Int64 = 500

    public init(_ reader: inout EnvironmentReader) {
        database = reader.text("CREDITS_DATABASE")
        commitGroup = reader.integer("COMMIT_GROUP", in: 1...1024, default: 64)
        trialsADay = Int64(
            reader.integer("TRIAL_DAILY_LIMIT", in: 0...1_000_000_000, default: Int(Self.standardTrialsADay)))
    }
}

/// What every FastCGI executable needs to know.
public struct ServingSettings: Sendable {
    /// `FASTCGI_THREADS`: how many requests are in hand at once. A third of them at most, and
    /// one where there are fewer than three, waits for Polar or the issuer.
    public let threads: Int
    /// `FASTCGI_PEER`: the name of nginx's user; root and our own may connect as well.
    public let peer: String
    /// `LOG_LEVEL`: lines below it are left out.
    public let logLevel: LogLine.Level
    /// `CREDITS_SOURCES`: the repository, for whoever works on templates and stylesheets: pages read them anew each time.
    public let sources: String?

    public init(_ reader: inout EnvironmentReader) {
        threads = reader.integer("FASTCGI_THREADS", in: 1...256, default: 16)
        peer = reader.optional("FASTCGI_PEER") ?? "www-data"
        logLevel = reader.choice("LOG_LEVEL", default: .notice)
        sources = reader.optional("CREDITS_SOURCES")
    }
}

/// What a program that answers requests needs to know before it takes one.
public protocol ServerSettings: Sendable {
    var store: StoreSettings { get }
    var serving: ServingSettings { get }

    init(_ reader: consuming EnvironmentReader) throws(SettingsError)
}

/// What `polar-orders` needs to know before it takes a request.
public struct PolarOrdersSettings: ServerSettings {
    public let store: StoreSettings
    public let serving: ServingSettings
    public let scope: OrderScope
    /// `POLAR_WEBHOOK_SECRET`: the endpoint's secret as the dashboard shows it; several while it is being changed.
    public let webhookSecrets: [Secret]

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        serving = ServingSettings(&reader)
        scope = OrderScope(&reader)
        webhookSecrets = reader.secrets("POLAR_WEBHOOK_SECRET", minimumBytes: 24)
        try reader.finish()
    }
}

/// What `checkout` needs to know before it takes a request.
public struct CheckoutSettings: ServerSettings {
    public let store: StoreSettings
    public let serving: ServingSettings
    public let scope: OrderScope
    /// `CREDITS_PUBLIC_URL`: the site's own address, without a slash at its end.
    public let publicURL: String
    public let polar: PolarSettings

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        serving = ServingSettings(&reader)
        scope = OrderScope(&reader)
        publicURL = reader.address("CREDITS_PUBLIC_URL")
        polar = PolarSettings(&reader, environment: scope.environment)
        try reader.finish()
    }
}

/// What `admin` needs to know before it takes a request.
public struct AdminSettings: ServerSettings {
    public let store: StoreSettings
    public let serving: ServingSettings
    public let scope: OrderScope
    /// `CREDITS_PUBLIC_URL`: the site's own address, without a slash at its end.
    public let publicURL: String

    public init(_ reader: consuming EnvironmentReader) throws(SettingsError) {
        store = StoreSettings(&reader)
        serving = ServingSettings(&reader)
        scope = OrderScope(&reader)
        publicURL = reader.address("CREDITS_PUBLIC_URL")
        try reader.finish()
    }
}

/// How to call Polar's API.
public struct PolarSettings: Sendable {
    /// `POLAR_API_URL`, or the address of the environment.
    public let address: String
    public let token: Secret
    /// `POLAR_API_VERSION`: pinned, because Polar's default moves.
    public let version: String

    public init(_ reader: inout EnvironmentReader, environment: Environment) {
        switch environment {
        case .sandbox: address = reader.address("POLAR_API_URL", default: "https://sandbox-api.polar.sh")
        case .production: address = reader.address("POLAR_API_URL", default: "https://api.polar.sh")
        }
        token = reader.secret("POLAR_ACCESS_TOKEN")
        version = reader.optional("POLAR_API_VERSION") ?? "2026-10"
    }
}
