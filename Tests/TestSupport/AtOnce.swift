import Threads

/// Runs `body` on so many threads at once, and returns when the last has ended.
public func atOnce(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let running = Monitor(count)
    for number in 0..<count {
        startThread {
            body(number)
            running.withLock { $0 -= 1 }
        }
    }
    running.wait { $0 == 0 ? () : nil }
}
