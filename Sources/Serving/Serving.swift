public import Core
public import FastCGI
public import HTTP
public import System

/// What one program does with requests.
public struct Endpoint {
    /// A longer body is answered 413.
    public var maximumBodyBytes = 64 << 10
    public var streaming: ServeOptions.Streaming?
    /// Which paths are answered even when every thread is busy.
    public var isUrgent: (@Sendable (_ path: String) -> Bool)?
    /// Called before the first request is taken.
    public var begin: () -> Void = {}
    /// Called after the last one.
    public var end: () -> Void = {}
    let respond: @Sendable (Request) -> Response

    public init(respond: @escaping @Sendable (Request) -> Response) { self.respond = respond }
}

/// The whole life of a program that answers requests: it reads its settings, opens the store, serves until SIGTERM, counts
/// what it does. One that cannot start says why, and ends with an ``ExitStatus``.
///
/// - Parameter make: everything that the program itself adds.
public func serving<Settings: ServerSettings>(
    _ program: String, _ make: (Settings, Store, JSONLog) throws -> Endpoint
) {
    keepFreedMemory()
    do {
        let settings = try Settings(System.environment())
        let log = JSONLog(program: program, level: settings.serving.logLevel)
        let store = try Store(settings.store, log: log)
        let endpoint = try make(settings, store, log)
        let tally = Tally(of: program, keptIn: store, log: log)
        endpoint.begin()
        log(LogLine(.notice, "process.started"))
        var options = ServeOptions()
        (options.threads, options.peer) = (settings.serving.threads, settings.serving.peer)
        (options.maximumBodyBytes, options.streaming) = (endpoint.maximumBodyBytes, endpoint.streaming)
        options.isUrgent = endpoint.isUrgent
        serve(options, observe: { tally.count($0.method, $0.status, $0.duration) }, respond: endpoint.respond)
        tally.keep()
        endpoint.end()
        log(LogLine(.notice, "process.stopped"))
    } catch {
        System.fail(error)
    }
}
