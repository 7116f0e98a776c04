private import CProcess
private import Glibc

/// One open descriptor of ours; closed with its last reference at the latest.
final class Descriptor {
    let number: Int32
    private var isOpen = true

    init(_ number: Int32) { self.number = number }

    deinit { close() }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(number)
    }

    struct Pipe {
        let reading: Descriptor
        let writing: Descriptor

        init?() {
            var ends: [Int32] = [-1, -1]
            guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
            reading = Descriptor(ends[0])
            writing = Descriptor(ends[1])
        }
    }

    func setNonblocking() { _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK) }

    enum Transfer: Equatable {
        case bytes(Int)
        case later
        /// The other end is closed.
        case over
    }

    func write(_ bytes: ArraySlice<UInt8>) -> Transfer {
        Self.transfer { unsafe bytes.withUnsafeBytes { unsafe Glibc.write(number, $0.baseAddress, $0.count) } }
    }

    func read(into buffer: inout [UInt8]) -> Transfer {
        let transfer = Self.transfer {
            unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress, $0.count) }
        }
        return transfer == .bytes(0) ? .over : transfer
    }

    private static func transfer(_ call: () -> Int) -> Transfer {
        while true {
            let count = call()
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .later
            case _: return .over
            }
        }
    }
}

/// Runs `body` with SIGPIPE held back on this thread: a program may close its input before it has read all.
func withoutPipeSignal<Result>(_ body: () -> Result) -> Result {
    var pipe = sigset_t()
    var before = sigset_t()
    var pending = sigset_t()
    unsafe sigemptyset(&pipe)
    unsafe sigaddset(&pipe, SIGPIPE)
    unsafe sigpending(&pending)
    let wasPending = unsafe sigismember(&pending, SIGPIPE) == 1
    unsafe pthread_sigmask(SIG_BLOCK, &pipe, &before)
    defer {
        var none = timespec()
        if !wasPending { unsafe sigtimedwait(&pipe, nil, &none) }
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }
    return body()
}
