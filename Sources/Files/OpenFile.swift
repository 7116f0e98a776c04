internal import Glibc

/// One open file description; closed with its last reference.
final class OpenFile {
    private let descriptor: Int32

    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(FileError) {
        while true {
            let descriptor = unsafe open(path, flags | O_CLOEXEC, mode)
            if descriptor >= 0 {
                self.descriptor = descriptor
                return
            }
            guard errno == EINTR else { throw FileError("open") }
        }
    }

    deinit { Glibc.close(descriptor) }

    func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError("write") }
            rest = rest.dropFirst(count)
        }
    }

    /// Those from `offset` on, fewer at the end of the file.
    func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let added = unsafe bytes.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress?.advanced(by: filled), count - filled, off_t(offset + filled))
            }
            if added < 0 && errno == EINTR { continue }
            guard added >= 0 else { throw FileError("pread") }
            guard added > 0 else { break }
            filled += added
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Up to the end of the file.
    func read(maximumBytes: Int) throws(FileError) -> [UInt8] {
        let size = try facts().st_size
        guard size <= maximumBytes else { throw .tooLarge }
        var bytes: [UInt8] = []
        // One byte more than the size said: a file that grew meanwhile is seen.
        var chunk = [UInt8](repeating: 0, count: min(maximumBytes, size) + 1)
        while true {
            let room = chunk.count
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, room) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read") }
            if count == 0 { return bytes }
            guard bytes.count + count <= maximumBytes else { throw .tooLarge }
            bytes += chunk[..<count]
        }
    }

    /// After an error nothing is known of the file: the caller must not try again with the same one.
    func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError("fsync") }
    }

    /// Whatever the process's mask says.
    func setMode(_ mode: mode_t) throws(FileError) {
        guard fchmod(descriptor, mode) == 0 else { throw FileError("fchmod") }
    }

    func lock(_ operation: Int32) throws(FileError) {
        while flock(descriptor, operation) != 0 {
            guard errno == EINTR else { throw FileError("flock") }
        }
    }

    /// Another lock of the same file, which knows nothing of the one above: one holder excludes all others.
    func lockDoor() throws(FileError) { try setDoor(F_WRLCK) }

    func unlockDoor() throws(FileError) { try setDoor(F_UNLCK) }

    /// F_OFD_SETLKW, on every architecture; the header shows it only to those who define _GNU_SOURCE.
    private static let setWhenFree: Int32 = 38

    /// Of the open file and not of the process, so that threads exclude each other too.
    private func setDoor(_ kind: Int32) throws(FileError) {
        var range = Glibc.flock(
            l_type: Int16(kind), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 1, l_pid: 0)
        while unsafe fcntl(descriptor, Self.setWhenFree, &range) != 0 {
            guard errno == EINTR else { throw FileError("fcntl") }
        }
    }

    /// - Returns: `false` if somebody else holds it.
    func lockAtOnce() throws(FileError) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw FileError("flock") }
        }
        return true
    }

    func facts() throws(FileError) -> stat {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else { throw FileError("fstat") }
        return facts
    }
}
