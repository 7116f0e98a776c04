import Glibc

struct SocketError: Error, CustomStringConvertible {
    let description: String
    init(_ call: String) { description = "\(call): errno \(errno)" }
}

/// One end of a unix socket. It closes with its last reference.
final class UnixSocket: Sendable {
    let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes connections at the path, for whoever may reach it.
    static func listening(at path: String) throws -> UnixSocket {
        let socket = try UnixSocket(fresh())
        guard try unsafe withAddress(path, { unsafe bind(socket.descriptor, $0, $1) }) == 0 else {
            throw SocketError("bind")
        }
        guard unsafe chmod(path, 0o666) == 0, listen(socket.descriptor, 511) == 0 else { throw SocketError("listen") }
        return socket
    }

    static func connected(to path: String) throws -> UnixSocket {
        let socket = try UnixSocket(fresh())
        // Nobody here waits for ever: a test that hangs tells less than one that fails.
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            unsafe setsockopt(
                socket.descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        guard try unsafe withAddress(path, { unsafe connect(socket.descriptor, $0, $1) }) == 0 else {
            throw SocketError("connect")
        }
        return socket
    }

    private static func fresh() throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket") }
        return descriptor
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else { throw SocketError("path too long") }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Writes what the peer takes; a peer that is gone is told by what is read next.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Everything until the peer closes or resets; the time-out ends it too.
    func readToEnd() -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return all }
            all += buffer.prefix(count)
        }
    }
}
