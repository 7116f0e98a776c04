private import CProcess
private import Glibc

/// Time since the machine's start, which no change of the wall clock moves.
struct MonotonicTime: Comparable {
    private let sinceStart: Duration

    static func now() -> MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(sinceStart: .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec))
    }

    static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        MonotonicTime(sinceStart: time.sinceStart + duration)
    }

    static func - (later: MonotonicTime, earlier: MonotonicTime) -> Duration { later.sinceStart - earlier.sinceStart }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.sinceStart < right.sinceStart }
}
