public import Core

/// What the doctor looks with.
public struct DoctorDependencies: Sendable {
    public typealias AskPolar =
        @Sendable (_ method: String, _ path: String, _ body: [UInt8]?) throws(PolarFailure) -> PolarProbe

    /// A request to our own site, or to the issuer.
    public struct Call: Sendable {
        public var method = "GET"
        public let url: String
        public var headers: [(String, String)] = []
        public var body: [UInt8]?
        /// To this machine, whatever address the name has.
        public var isLocal = false

        init(_ url: String) { self.url = url }
    }

    public enum Answer: Sendable {
        case answered(status: Int, body: [UInt8])
        case failed(String)
    }

    /// The tools that `generation-worker` needs.
    public enum Tools: Sendable {
        case ready
        case missing(String)
    }

    let environment: @Sendable () -> EnvironmentReader
    let look: @Sendable (String) -> FileLook
    let canWrite: @Sendable (String) -> Bool
    let text: @Sendable (String) -> String?
    let freeBytes: @Sendable (String) -> Int64?
    let polar: @Sendable (PolarSettings) -> AskPolar
    let call: @Sendable (Call) -> Answer
    let tools: @Sendable (WorkerSettings) -> Tools
    /// Such as `active`; `nil` where no service manager answers.
    let unitState: @Sendable (String) -> String?
    let inspect: @Sendable (StoreSettings) throws(StoreError) -> DatabaseFacts
    let openStore: @Sendable (StoreSettings) throws(StoreError) -> Store
    let now: @Sendable () -> Instant
    let random: @Sendable (Int) -> [UInt8]

    public init(
        environment: @escaping @Sendable () -> EnvironmentReader, look: @escaping @Sendable (String) -> FileLook,
        canWrite: @escaping @Sendable (String) -> Bool, text: @escaping @Sendable (String) -> String?,
        freeBytes: @escaping @Sendable (String) -> Int64?, polar: @escaping @Sendable (PolarSettings) -> AskPolar,
        call: @escaping @Sendable (Call) -> Answer, tools: @escaping @Sendable (WorkerSettings) -> Tools,
        unitState: @escaping @Sendable (String) -> String?,
        inspect: @escaping @Sendable (StoreSettings) throws(StoreError) -> DatabaseFacts,
        openStore: @escaping @Sendable (StoreSettings) throws(StoreError) -> Store,
        now: @escaping @Sendable () -> Instant, random: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.environment = environment
        self.look = look
        self.canWrite = canWrite
        self.text = text
        self.freeBytes = freeBytes
        self.polar = polar
        self.call = call
        self.tools = tools
        self.unitState = unitState
        self.inspect = inspect
        self.openStore = openStore
        self.now = now
        self.random = random
    }
}

public struct DoctorWish: Sendable {
    /// Leave out what needs the network.
    public let isOffline: Bool
    /// Less than this free is a fault, less than four times as much a warning.
    public let minimumFreeBytes: Int64
    /// Where the sockets of the handlers are.
    public let sockets: String

    public init(isOffline: Bool, minimumFreeBytes: Int64, sockets: String) {
        self.isOffline = isOffline
        self.minimumFreeBytes = minimumFreeBytes
        self.sockets = sockets
    }
}
