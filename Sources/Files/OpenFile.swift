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

    func write(_ bytes: [UInt8]) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError("write") }
            written += count
        }
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

    func facts() throws(FileError) -> stat {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else { throw FileError("fstat") }
        return facts
    }
}
