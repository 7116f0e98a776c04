private import CFastCGI
private import Glibc
public import HTTP
private import Synchronization
private import Threads

/// How an executable wants to be served.
public struct ServeOptions: Sendable {
    /// How many requests are in hand at once: each has a thread of its own, which may block.
    public var threads = 16
    /// A longer body is answered 413.
    public var maximumBodyBytes = 64 << 10
    public var streaming: Streaming?
    /// Which paths are answered at once even when every thread is busy: a thread more is kept for them. The answers to
    /// them must not wait for long themselves.
    public var isUrgent: (@Sendable (_ path: String) -> Bool)?
    /// The name of nginx's user. Root and our own user may connect as well: they could do worse anyway.
    public var peer = "www-data"
    /// How long a stop waits for the requests in hand. systemd and `deploy/stack` wait a little longer.
    public var patience = Duration.seconds(9)

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

    public init() {}
}

/// One request that was answered.
public struct Served: Sendable {
    public let method: String
    public let status: Int
    /// From the first byte read to the last one written.
    public let duration: Duration
}

/// Keeps what is freed for the next request. By default glibc gives it back to the kernel with each, and takes it anew,
/// page by page; and it has eight times as many heaps as processors. Called before any thread is started.
///
/// Source: https://man7.org/linux/man-pages/man3/mallopt.3.html
public func keepFreedMemory() { credits_keep_freed_memory() }

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

    let staff = Staff(options, listener, observe: observe, respond: respond)
    staff.start()
    StopSignals.wait()
    listener.stop()
    staff.waitForEnd()
}

/// The threads that answer, and the one more that sees to what is urgent while all of them are busy.
///
/// A connection says what it is about only once it has been taken. So while everybody is busy, the thread more takes what
/// comes, answers what is urgent and puts the rest where the others, as they become free, look first.
private final class Staff: Sendable {
    private let options: ServeOptions
    private let listener: Listener
    private let observe: @Sendable (Served) -> Void
    private let respond: @Sendable (Request) -> Response
    private let free: Atomic<Int>
    private let areAllBusy = Monitor(false)
    private let running: Monitor<Int>

    init(
        _ options: ServeOptions, _ listener: Listener, observe: @escaping @Sendable (Served) -> Void,
        respond: @escaping @Sendable (Request) -> Response
    ) {
        self.options = options
        self.listener = listener
        self.observe = observe
        self.respond = respond
        free = Atomic(options.threads)
        running = Monitor(options.threads)
    }

    func start() {
        for _ in 0..<options.threads {
            startThread { [self] in
                while let exchange = listener.next() { work(on: exchange) }
                running.withLock { $0 -= 1 }
            }
        }
        guard let isUrgent = options.isUrgent else { return }
        startThread { [self] in
            let places = Bulkhead(places: 8)
            while true {
                areAllBusy.wait { $0 ? () : nil }
                guard let exchange = listener.nextWhileBusy() else { return }
                if isUrgent(exchange.path) || !listener.handOver(exchange) {
                    // On a thread of its own: the next may be urgent too.
                    _ = places.aside(atMost: .zero) { [self] in
                        running.withLock { $0 += 1 }
                        finish(exchange)
                        running.withLock { $0 -= 1 }
                    }
                }
            }
        }
    }

    func waitForEnd() { _ = running.wait(atMost: options.patience) { $0 == 0 ? true : nil } }

    private func work(on exchange: Exchange) {
        if free.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { noteWhetherAllAreBusy() }
        finish(exchange)
        if free.add(1, ordering: .sequentiallyConsistent).oldValue == 0 { noteWhetherAllAreBusy() }
    }

    /// Of two that note at once, the last one sees what both did.
    private func noteWhetherAllAreBusy() {
        areAllBusy.withLock { $0 = free.load(ordering: .sequentiallyConsistent) == 0 }
    }

    private func finish(_ exchange: Exchange) { exchange.answer(options, observe: observe, respond: respond) }
}
