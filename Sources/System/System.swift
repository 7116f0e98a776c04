public import Core
private import FoundationEssentials
private import Glibc
private import Threads

/// What a process takes from the operating system. Only `main.swift` files and tests import this target.
public enum System {
    public static func environment() -> EnvironmentReader {
        EnvironmentReader(ProcessInfo.processInfo.environment, file: text(ofFile:))
    }

    public static func now() -> Instant {
        Instant(rawValue: Int64((Date.now.timeIntervalSince1970 * 1000).rounded(.down)))
    }

    /// Since the process first asked, whatever becomes of the wall clock.
    public static func uptime() -> Duration { start.duration(to: .now) }

    private static let start = ContinuousClock.now

    /// Asks the process to stop as SIGTERM does: the requests in hand are finished, and whoever keeps the process
    /// starts it anew.
    public static func stop() { StopSignals.raise() }

    /// Lets the time pass.
    public static func wait(_ duration: Duration) {
        let parts = duration.components
        var rest = timespec(tv_sec: Int(parts.seconds), tv_nsec: Int(parts.attoseconds / 1_000_000_000))
        var left = timespec()
        // A signal ends a sleep early, and leaves what is left of it.
        while unsafe nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
    }

    /// Calls on a thread of its own, with a pause before each call, until it is told that there is nobody left to call.
    static func repeatedly(after pause: Duration, _ isThere: @escaping @Sendable () -> Bool) {
        startThread {
            repeat { wait(pause) } while isThere()
        }
    }

    /// Ends the process, and says why.
    public static func fail(_ error: any Error, _ status: ExitStatus? = nil) -> Never {
        write("\(error)\n")
        exit((status ?? ExitStatus(because: error)).rawValue)
    }

    /// Ends the process well and at once, although threads of it may still wait for somebody's answer: nothing that they
    /// use is torn down beneath them.
    public static func end() -> Never { _exit(0) }

    /// How many bytes an unprivileged process may still write where the file is; `nil` if the system does not tell.
    public static func freeBytes(beside path: String) -> Int64? {
        var facts = statvfs()
        let directory = path.contains("/") ? String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) + "/" : "."
        guard unsafe statvfs(directory, &facts) == 0 else { return nil }
        return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }

    /// The text of a file of at most 1 MiB.
    public static func text(ofFile path: String) -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 1 << 20 else { return nil }
        return String(validating: data, as: UTF8.self)
    }

    /// Whether somebody may be reading standard error as it is written.
    public static var hasTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// A line on standard error, for a person.
    public static func complain(_ text: String) { write(text + "\n") }

    /// In one write(2), so that the lines of several threads and processes do not mix.
    static func write(_ text: String) {
        var text = text
        _ = text.withUTF8 { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
