private import CFastCGI
private import Glibc
private import Threads

/// The socket that nginx connects to, shared by the threads of this process and, during a restart, by the next one.
@safe final class Listener: Sendable {
    private let socket: Int32
    /// An eventfd: readable from the moment the process is to stop.
    private let stopEvent: Int32
    /// Another: readable while something is handed over.
    private let handedEvent: Int32
    private let peers: Set<uid_t>
    private let handed = Monitor(Handed())
    /// One thread at a time waits for the next connection: otherwise each connection would wake them all.
    private let turn = Monitor(())

    /// `nil` if the process was not started on a listening socket.
    init?(peer: String) {
        guard let socket = Self.inheritedSocket() else { return nil }
        self.socket = socket
        stopEvent = credits_event()
        handedEvent = credits_event()
        precondition(stopEvent >= 0 && handedEvent >= 0, "No eventfd")
        var peers: Set<uid_t> = [0, geteuid()]
        if let user = unsafe getpwnam(peer) { unsafe peers.insert(user.pointee.pw_uid) }
        self.peers = peers
        // Another process may take the connection between poll and accept: then accept must not block.
        let flags = fcntl(socket, F_GETFL)
        _ = fcntl(socket, F_SETFL, flags | O_NONBLOCK)
    }

    /// The next request of nginx's, or `nil` once the process is to stop.
    func next() -> Exchange? {
        while true {
            guard let arrival = turn.withLock({ _ in arrival() }) else { return nil }
            switch arrival {
            case .read(let exchange): return exchange
            case .connection(let connection): if let exchange = Exchange(connection) { return exchange }
            }
        }
    }

    /// The next request of nginx's that nobody else takes, or `nil` once the process is to stop. Waits as long as too many
    /// are handed over already.
    func nextWhileBusy() -> Exchange? {
        while true {
            handed.wait { $0.waiting.count < Handed.most ? () : nil }
            let ready = Self.ready(of: [stopEvent, socket])
            if ready[0] { return nil }
            if ready[1], let connection = accepted(), let exchange = Exchange(connection) { return exchange }
        }
    }

    /// Gives a request to whichever thread is free first.
    ///
    /// - Returns: whether there will be one: at a stop, threads go.
    func handOver(_ exchange: Exchange) -> Bool {
        handed.withLock { handed in
            guard !handed.isClosed else { return false }
            handed.waiting.append(exchange)
            Self.announce(on: handedEvent)
            return true
        }
    }

    private struct Handed {
        /// Each has a descriptor.
        static let most = 256

        var waiting: [Exchange] = []
        /// A thread has gone, and others follow.
        var isClosed = false
    }

    private enum Arrival {
        case connection(Int32)
        case read(Exchange)
    }

    private func arrival() -> Arrival? {
        while true {
            let ready = Self.ready(of: [stopEvent, handedEvent, socket])
            if ready[1], let exchange = takeHanded() { return .read(exchange) }
            if ready[0] {
                guard let last = lastHanded() else { return nil }
                return .read(last)
            }
            if ready[2], let connection = accepted() { return .connection(connection) }
        }
    }

    private func takeHanded() -> Exchange? {
        handed.withLock { handed in
            guard !handed.waiting.isEmpty else { return nil }
            let first = handed.waiting.removeFirst()
            if handed.waiting.isEmpty { Self.silence(handedEvent) }
            return first
        }
    }

    /// At a stop: what was handed over still, and nothing more once that is empty.
    private func lastHanded() -> Exchange? {
        handed.withLock { handed in
            guard !handed.waiting.isEmpty else {
                handed.isClosed = true
                return nil
            }
            return handed.waiting.removeFirst()
        }
    }

    /// Waits until one of them is readable, and tells which are.
    private static func ready(of descriptors: [Int32]) -> [Bool] {
        var events = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while unsafe poll(&events, nfds_t(events.count), -1) <= 0 {}
        return events.map { $0.revents != 0 }
    }

    private func accepted() -> Int32? {
        let connection = credits_accept(socket)
        guard connection >= 0 else {
            // Out of descriptors: give the requests in hand a moment to return theirs.
            if errno == EMFILE || errno == ENFILE { usleep(10_000) }
            return nil
        }
        guard isTrusted(connection) else {
            close(connection)
            return nil
        }
        return connection
    }

    private static func announce(on event: Int32) {
        var one: UInt64 = 1
        _ = unsafe write(event, &one, 8)
    }

    private static func silence(_ event: Int32) {
        var count: UInt64 = 0
        _ = unsafe read(event, &count, 8)
    }

    func stop() { Self.announce(on: stopEvent) }

    /// Whoever can connect can say who the caller is, so only nginx may. It also sets the time-outs, for libfcgi has none.
    private func isTrusted(_ connection: Int32) -> Bool {
        var user: uid_t = 0
        guard unsafe credits_peer_user(connection, &user) == 0, peers.contains(user) else { return false }
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        let timeoutSize = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, timeoutSize)
        unsafe setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &timeout, timeoutSize)
        return true
    }

    /// Source: https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
    private static func inheritedSocket() -> Int32? {
        if let count = unsafe getenv("LISTEN_FDS"), unsafe String(cString: count) == "1",
            let process = unsafe getenv("LISTEN_PID"), unsafe Int32(String(cString: process)) == getpid(),
            isListening(3)
        {
            return 3
        }
        return isListening(0) ? 0 : nil
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0
    }
}
