public import Core
private import Threads

/// Counts what one program serves and writes, and adds it to the counters in the database every 10 seconds and at the
/// program's end: so they outlive it. A program that is killed takes its last seconds of counting with it.
public final class Tally: Sendable {
    /// Upper bounds of the buckets, in seconds as Prometheus has them.
    static let buckets: [(label: String, bound: Duration)] = [
        ("0.005", .milliseconds(5)), ("0.01", .milliseconds(10)), ("0.025", .milliseconds(25)),
        ("0.05", .milliseconds(50)), ("0.1", .milliseconds(100)), ("0.25", .milliseconds(250)),
        ("0.5", .milliseconds(500)), ("1", .seconds(1)), ("2.5", .milliseconds(2500)), ("5", .seconds(5)),
        ("10", .seconds(10)),
    ]
    private static let interval = Duration.seconds(10)

    private let program: String
    private let store: Store
    private let log: JSONLog
    private let counts = Monitor(Counts())
    private let kept = Monitor(Writing.none)

    public init(of program: String, keptIn store: Store, log: JSONLog) {
        self.program = program
        self.store = store
        self.log = log
        System.repeatedly(after: Self.interval) { [weak self] in
            self?.foldSums()
            self?.keep()
            return self != nil
        }
    }

    /// Whichever program comes to it first does it for all of them.
    private func foldSums() {
        do throws(StoreError) {
            try store.operations.foldSums()
        } catch {
            log(LogLine(.warning, "sums.not_folded", ["store.reason": error.description]))
        }
    }

    public func count(_ method: String, _ status: Int, _ duration: Duration) {
        let method = ["GET", "HEAD", "POST", "PUT", "DELETE"].contains(method) ? method : "OTHER"
        counts.withLock { $0.add(Request(method: method, status: status), duration) }
    }

    /// Adds what was counted since the last time to the database.
    public func keep() {
        let taken = counts.withLock { counts in
            defer { counts = Counts() }
            return counts
        }
        let writing = store.writing
        let before = kept.withLock { $0 }
        // Keeping writes as well: that alone is no reason to write again.
        guard !taken.requests.isEmpty || writing.commits > before.commits + 1 else { return }
        do throws(StoreError) {
            try store.operations.add(
                taken.counters(of: program).merging(writing.counters(of: program, since: before)) { $1 })
            kept.withLock { $0 = writing }
        } catch {
            counts.withLock { $0.add(taken) }
            log(LogLine(.warning, "metrics.not_kept", ["store.reason": error.description]))
        }
    }

    private struct Request: Hashable {
        let method: String
        let status: Int
    }

    private struct Counts {
        var requests: [Request: Int64] = [:]
        /// Each request in its bucket alone; the last one has no bound.
        var durations = [Int64](repeating: 0, count: Tally.buckets.count + 1)
        var microseconds: Int64 = 0

        mutating func add(_ request: Request, _ duration: Duration) {
            requests[request, default: 0] += 1
            durations[Tally.buckets.firstIndex { duration <= $0.bound } ?? Tally.buckets.count] += 1
            microseconds += duration.wholeMicroseconds
        }

        mutating func add(_ other: Counts) {
            requests.merge(other.requests, uniquingKeysWith: +)
            for (index, count) in other.durations.enumerated() { durations[index] += count }
            microseconds += other.microseconds
        }

        func counters(of program: String) -> [Counter: Int64] {
            guard !requests.isEmpty else { return [:] }
            let handler = #"handler="\#(program)""#
            var counters: [Counter: Int64] = [:]
            for (request, count) in requests {
                let labels = #"\#(handler),method="\#(request.method)",status="\#(request.status)""#
                counters[Counter("credits_requests_total", labels: labels)] = count
            }
            let name = "credits_request_duration_seconds"
            var total: Int64 = 0
            for (index, count) in durations.enumerated() {
                total += count
                let bound = index < Tally.buckets.count ? Tally.buckets[index].label : "+Inf"
                counters[Counter(name + "_bucket", labels: #"\#(handler),le="\#(bound)""#)] = total
            }
            counters[Counter(name + "_sum", labels: handler)] = microseconds
            counters[Counter(name + "_count", labels: handler)] = total
            return counters
        }
    }
}

extension Writing {
    fileprivate static let none = Writing(commits: 0, changes: 0, waited: .zero)

    fileprivate func counters(of program: String, since earlier: Writing) -> [Counter: Int64] {
        let labels = #"program="\#(program)""#
        return [
            Counter("credits_commits_total", labels: labels): commits - earlier.commits,
            Counter("credits_committed_changes_total", labels: labels): changes - earlier.changes,
            Counter("credits_writer_wait_seconds_count", labels: labels): changes - earlier.changes,
            Counter("credits_writer_wait_seconds_sum", labels: labels):
                (waited - earlier.waited).wholeMicroseconds,
        ]
    }
}

extension Duration {
    fileprivate var wholeMicroseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
