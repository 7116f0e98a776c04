private import CFastCGI
private import Glibc
private import Threads

/// The socket that nginx connects to, shared by the threads of this process and, during a restart, by the next one.
@safe final class Listener: Sendable {
    private let socket: Int32
    /// An eventfd: readable from the moment the process is to stop.
    private let stopEvent: Int32
    private let peers: Set<uid_t>
    /// One thread at a time waits for the next connection: otherwise each connection would wake them all.
    private let turn = Monitor(())

    /// `nil` if the process was not started on a listening socket.
    init?(peer: String) {
        guard let socket = Self.inheritedSocket() else { return nil }
        self.socket = socket
        stopEvent = credits_event()
        precondition(stopEvent >= 0, "No eventfd")
        var peers: Set<uid_t> = [0, geteuid()]
        if let user = unsafe getpwnam(peer) { unsafe peers.insert(user.pointee.pw_uid) }
        self.peers = peers
        // Another process may take the connection between poll and accept: then accept must not block.
        let flags = fcntl(socket, F_GETFL)
        _ = fcntl(socket, F_SETFL, flags | O_NONBLOCK)
    }

    /// The next connection of nginx's, or `nil` once the process is to stop.
    func next() -> Int32? {
        turn.withLock { _ -> Int32? in
            while true {
                var events = [
                    pollfd(fd: stopEvent, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
                ]
                guard unsafe poll(&events, 2, -1) > 0 else { continue }
                if events[0].revents != 0 { return nil }
                let connection = credits_accept(socket)
                guard connection >= 0 else {
                    // Out of descriptors: give the requests in hand a moment to return theirs.
                    if errno == EMFILE || errno == ENFILE { usleep(10_000) }
                    continue
                }
                if isTrusted(connection) { return connection }
                close(connection)
            }
        }
    }

    func stop() {
        var one: UInt64 = 1
        _ = unsafe write(stopEvent, &one, 8)
    }

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
