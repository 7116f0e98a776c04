private import Glibc

/// Starts a thread of its own, with every signal blocked: only the main thread waits for signals.
///
/// libfcgi and SQLite block, so the threads here are the operating system's and not the cooperative pool's.
public func startThread(_ body: @escaping @Sendable () -> Void) {
    var handle = pthread_t()
    let box = unsafe Unmanaged.passRetained(Body(run: body)).toOpaque()
    let code = unsafe pthread_create(
        &handle, nil,
        { raw in
            guard let raw = unsafe raw else { return nil }
            blockSignals()
            unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
            return nil
        }, box)
    precondition(code == 0, "The system starts no more threads")
    pthread_detach(handle)
}

private final class Body {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func blockSignals() {
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
}

/// SIGTERM and SIGINT, taken one at a time by the thread that asks.
public enum StopSignals {
    /// From here on neither signal ends the process by itself. Call it before the first thread starts.
    public static func block() {
        var signals = set()
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits until one arrives.
    public static func wait() {
        var signals = set()
        var number: Int32 = 0
        while unsafe sigwait(&signals, &number) != 0 {}
    }

    /// As if somebody had sent SIGTERM.
    public static func raise() { kill(getpid(), SIGTERM) }

    private static func set() -> sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGTERM)
        unsafe sigaddset(&signals, SIGINT)
        return signals
    }
}
