public import Core
public import FastCGI
public import HTTP
public import System

/// What one program does with requests.
public struct Endpoint {
    let maximumBodyBytes: Int
    let streaming: ServeOptions.Streaming?
    let isUrgent: (@Sendable (_ path: String) -> Bool)?
    let respond: @Sendable (Request) -> Response
    let begin: () -> Void
    let end: () -> Void

    /// - Parameters:
    ///   - maximumBodyBytes: a longer body is answered 413.
    ///   - isUrgent: which paths are answered even when every thread is busy.
    ///   - begin: called before the first request is taken.
    ///   - end: called after the last one.
    public init(
        maximumBodyBytes: Int = 64 << 10, streaming: ServeOptions.Streaming? = nil,
        isUrgent: (@Sendable (_ path: String) -> Bool)? = nil, begin: @escaping () -> Void = {},
        end: @escaping () -> Void = {}, respond: @escaping @Sendable (Request) -> Response
    ) {
        self.maximumBodyBytes = maximumBodyBytes
        self.streaming = streaming
        self.isUrgent = isUrgent
        self.begin = begin
        self.end = end
        self.respond = respond
    }
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
        serve(
            ServeOptions(
                threads: settings.serving.threads, maximumBodyBytes: endpoint.maximumBodyBytes,
                streaming: endpoint.streaming, isUrgent: endpoint.isUrgent, peer: settings.serving.peer),
            observe: { tally.count($0.method, $0.status, $0.duration) }, respond: endpoint.respond)
        tally.keep()
        endpoint.end()
        log(LogLine(.notice, "process.stopped"))
    } catch {
        System.fail(error)
    }
}
