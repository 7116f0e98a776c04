private import CFastCGI
private import Glibc
public import HTTP
private import Threads

/// How an executable wants to be served.
public struct ServeOptions: Sendable {
    /// How many requests are in hand at once: each has a thread of its own, which may block.
    public var threads: Int
    /// A longer body is answered 413.
    public var maximumBodyBytes: Int
    public var streaming: Streaming?
    /// The name of nginx's user. Root and our own user may connect as well: they could do worse anyway.
    public var peer: String
    /// How long a stop waits for the requests in hand. systemd and `deploy/stack` wait a little longer.
    public var patience: Duration

    /// Requests whose body is not read before they are answered, but handed over as ``Request/stream``.
    public struct Streaming: Sendable {
        let maximumBodyBytes: Int
        let applies: @Sendable (Request) -> Bool

        /// - Parameters:
        ///   - maximumBodyBytes: takes the place of the other limit.
        ///   - applies: asked with all of the request but its body.
        public init(maximumBodyBytes: Int, applies: @escaping @Sendable (Request) -> Bool) {
            precondition(maximumBodyBytes >= 0)
            self.maximumBodyBytes = maximumBodyBytes
            self.applies = applies
        }
    }

    public init(
        threads: Int = 16, maximumBodyBytes: Int, streaming: Streaming? = nil, peer: String = "www-data",
        patience: Duration = .seconds(9)
    ) {
        self.threads = threads
        self.maximumBodyBytes = maximumBodyBytes
        self.streaming = streaming
        self.peer = peer
        self.patience = patience
    }
}

/// One request that was answered.
public struct Served: Sendable {
    public let method: String
    public let status: Int
    /// From the first byte read to the last one written.
    public let duration: Duration
}

/// Answers requests until SIGTERM or SIGINT, on the listening socket that the process was started with: descriptor 0,
/// or the one that systemd hands over. Without such a socket it answers one request as a plain CGI program.
///
/// A stop takes no further connection, lets every request in hand finish, then returns.
///
/// - Parameters:
///   - observe: told of each request once it is answered.
///   - respond: gets the request and gives back the whole response, on any of the threads. It cannot throw: every failure
///     already has a response.
///
/// Source: https://fastcgi-archives.github.io/FastCGI_Specification.html
public func serve(
    _ options: ServeOptions, observe: @escaping @Sendable (Served) -> Void = { _ in },
    respond: @escaping @Sendable (Request) -> Response
) {
    precondition(options.threads > 0 && options.maximumBodyBytes >= 0)
    guard let listener = Listener(peer: options.peer) else {
        answerOnce(options, observe: observe, respond: respond)
        return
    }
    StopSignals.block()
    // libfcgi lingers for up to two seconds on a peer that does not close; nginx does.
    unsafe setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "200", 1)
    precondition(FCGX_Init() == 0, "libfcgi does not start")

    let running = Monitor(options.threads)
    for _ in 0..<options.threads {
        startThread {
            while let connection = listener.next() {
                answer(connection, options, observe: observe, respond: respond)
            }
            running.withLock { $0 -= 1 }
        }
    }
    StopSignals.wait()
    listener.stop()
    _ = running.wait(atMost: options.patience) { $0 == 0 ? true : nil }
}
