private import Glibc

/// Feeds a program and collects what it answers, without ever waiting for one of the two alone.
final class Exchange {
    enum Verdict { case ended, timedOut, tooMuchOutput, stopped }

    private static let maximumErrorBytes = 4 << 10
    private static let tick = Duration.milliseconds(100)
    private static let readsAtOnce = 4

    private var inputStream: Descriptor?
    private var outputStream: Descriptor?
    private var errorStream: Descriptor?
    private var unsent: ArraySlice<UInt8>
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private let maximumOutputBytes: Int
    private(set) var output: [UInt8] = []
    private(set) var errors: [UInt8] = []

    init(with child: borrowing Child, input: [UInt8], maximumOutputBytes: Int) {
        inputStream = child.input
        outputStream = child.output
        errorStream = child.errors
        unsent = input[...]
        self.maximumOutputBytes = maximumOutputBytes
    }

    /// Returns when the program has ended or must be.
    func run(watching ended: Descriptor, until deadline: MonotonicTime, isStopping: () -> Bool) -> Verdict {
        while true {
            feed()
            guard collect() else { return .tooMuchOutput }
            let rest = deadline - MonotonicTime.now()
            guard rest > .zero else { return .timedOut }
            guard !isStopping() else { return .stopped }
            if waits(for: ended, atMost: min(rest, Self.tick)) { return .ended }
        }
    }

    /// - Returns: whether the program has ended.
    private func waits(for ended: Descriptor, atMost patience: Duration) -> Bool {
        var watched = [pollfd(fd: ended.number, events: Int16(POLLIN), revents: 0)]
        if let inputStream { watched.append(pollfd(fd: inputStream.number, events: Int16(POLLOUT), revents: 0)) }
        for stream in [outputStream, errorStream] {
            if let stream { watched.append(pollfd(fd: stream.number, events: Int16(POLLIN), revents: 0)) }
        }
        // Rounded up: zero would not wait at all.
        let milliseconds = Int32((patience / .milliseconds(1)).rounded(.up))
        return unsafe poll(&watched, nfds_t(watched.count), milliseconds) > 0 && watched[0].revents != 0
    }

    private func feed() {
        while let stream = inputStream {
            guard !unsent.isEmpty else { return closeInput() }
            switch stream.write(unsent) {
            case .bytes(let count): unsent = unsent.dropFirst(count)
            case .later: return
            case .over: closeInput()
            }
        }
    }

    private func closeInput() {
        inputStream?.close()
        inputStream = nil
    }

    /// Takes what is there to read, but no more than a pipe holds: an endless writer must not keep us from the clock.
    ///
    /// - Returns: `false` once that is more than the caller wants.
    func collect() -> Bool {
        for _ in 0..<Self.readsAtOnce {
            guard let stream = errorStream else { break }
            guard case .bytes(let count) = taken(from: stream, else: { errorStream = nil }) else { break }
            errors += buffer[..<min(count, Self.maximumErrorBytes - errors.count)]
        }
        for _ in 0..<Self.readsAtOnce {
            guard let stream = outputStream else { break }
            guard case .bytes(let count) = taken(from: stream, else: { outputStream = nil }) else { break }
            guard count <= maximumOutputBytes - output.count else { return false }
            output += buffer[..<count]
        }
        return true
    }

    private func taken(from stream: Descriptor, else isOver: () -> Void) -> Descriptor.Transfer {
        let transfer = stream.read(into: &buffer)
        if transfer == .over { isOver() }
        return transfer
    }
}
