import Database
import TestSupport
import Testing

@testable import Core

/// Long, seeded histories of generations of two users and several workers, some of whom die, against the store and against
/// a model of a few lines. A failure names its seed; run that seed alone to debug.
@Suite struct GenerationModelTests {
    private static let maximumAttempts: Int64 = 3

    /// What the rules say, without a database.
    private struct Model {
        struct Entry {
            let user: String
            var status = Generation.Status.pending
            var charges = 1
            var isRefunded = false
            var isDeleted = false
            /// Its picture could not be read.
            var isGone = false
            var attempts: Int64 = 0
            var unreadable = 0
            var due: Int64
            var leaseEnd: Int64 = 0
        }

        var balance = ["ada": Int64(10), "bob": 10]
        var entries: [UInt8: Entry] = [:]
        var isRefunding = true
        var now: Int64 = 0

        mutating func refund(_ number: UInt8) {
            entries[number]?.isRefunded = true
            balance[entries[number]?.user ?? "", default: 0] += 1
        }

        mutating func end(_ number: UInt8) {
            entries[number]?.status = .failed
            if isRefunding { refund(number) }
        }

        mutating func cancel(_ number: UInt8) {
            entries[number]?.status = .cancelled
            refund(number)
        }

        /// Back to the queue, unless nobody wants it any more.
        mutating func wait(_ number: UInt8, until due: Int64) {
            if entries[number]?.isDeleted == true { return cancel(number) }
            entries[number]?.status = .pending
            entries[number]?.due = due
        }

        /// What a claim does before it looks for a job.
        mutating func endAbandoned() {
            for (number, entry) in entries where entry.status == .processing && entry.leaseEnd <= now {
                if entry.isDeleted { cancel(number) } else if entry.attempts >= maximumAttempts { end(number) }
            }
        }

        var hasJob: Bool {
            entries.values.contains {
                ($0.status == .pending && $0.due <= now) || ($0.status == .processing && $0.leaseEnd <= now)
            }
        }
    }

    private struct History {
        let test: TestStore
        let connection: Connection
        var model = Model()
        var random: SplitMix64
        /// In the hands of workers, with the fence of the lease.
        var jobs: [(number: UInt8, job: Job)] = []

        mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &random) }
    }

    @Test(arguments: UInt64(1)...20) func theStoreAgreesWithTheModel(seed: UInt64) throws {
        let test = try TestStore()
        try test.seen("ada")
        try test.seen("bob")
        var history = try History(test: test, connection: test.connection(), random: SplitMix64(seed: seed))
        for step in 1...120 {
            history.model.now += history.pick([0, 1, 5, 30, 70]) ?? 0
            switch UInt8.random(in: 0..<20, using: &history.random) {
            case 0...3: try submit(&history)
            case 4...8: try claim(&history)
            case 9...10: try complete(&history)
            case 11...13: try fail(&history)
            case 14: try handBack(&history)
            case 15...16: try retry(&history)
            case 17: try delete(&history)
            case 18:  // A worker dies: it never reports.
                if !history.jobs.isEmpty {
                    history.jobs.remove(at: Int.random(in: history.jobs.indices, using: &history.random))
                }
            case _:
                history.model.isRefunding.toggle()
                try test.refundOnFailure(history.model.isRefunding)
            }
            try compare(history, "step \(step)")
        }
        try test.verify()
    }

    private func compare(_ history: History, _ comment: Comment) throws {
        let balances = try history.connection.query("SELECT balance FROM users ORDER BY id") { $0.integer(0) }
        #expect(balances == ["ada", "bob"].map { history.model.balance[$0] }, comment)
        let rows = try history.connection.query(
            "SELECT status || ' ' || charge || ' ' || refunded || ' ' || attempts FROM generations ORDER BY seq"
        ) { $0.text(0) }
        let entries = history.model.entries.sorted { $0.key < $1.key }.map { _, entry in
            "\(entry.status.rawValue) \(entry.charges) \(entry.isRefunded ? 1 : 0) \(entry.attempts)"
        }
        #expect(rows == entries, comment)
    }

    private func submit(_ history: inout History) throws {
        let number = UInt8(history.model.entries.count + 1)
        let user = history.pick(["ada", "bob"]) ?? "ada"
        let isQueued = try history.test.submit(number, user, at: history.model.now).isQueued
        #expect(isQueued == (history.model.balance[user, default: 0] > 0))
        guard isQueued else { return }
        history.model.balance[user, default: 0] -= 1
        history.model.entries[number] = Model.Entry(user: user, due: history.model.now)
    }

    private func claim(_ history: inout History) throws {
        history.model.endAbandoned()
        let now = history.model.now
        let outcome = try history.test.store.jobs.claim(
            for: .seconds(60), maximumAttempts: Self.maximumAttempts, at: TestStore.at(now))
        guard case .job(let job) = outcome else {
            #expect(outcome == .nothing && !history.model.hasJob)
            return
        }
        let number = try #require(
            history.model.entries.keys.first { TestStore.generation($0) == job.generation })
        let entry = try #require(history.model.entries[number])
        #expect(entry.status == .pending ? entry.due <= now : entry.status == .processing && entry.leaseEnd <= now)
        #expect(job.attempt == entry.attempts + 1 && job.attempt <= Self.maximumAttempts)
        history.jobs.removeAll { $0.number == number && history.random.next() % 2 == 0 }
        history.jobs.append((number, job))
        history.model.entries[number]?.status = .processing
        history.model.entries[number]?.attempts += 1
        history.model.entries[number]?.leaseEnd = now + 60
    }

    /// A job that some worker believes to have, and whether it has it.
    private func report(_ history: inout History) -> (number: UInt8, job: Job, isHeld: Bool)? {
        guard let index = history.pick(Array(history.jobs.indices)) else { return nil }
        let (number, job) = history.jobs.remove(at: index)
        let isNewest = !history.jobs.contains { $0.number == number && $0.job.fence > job.fence }
        let fence = (try? history.test.integers("SELECT fence FROM generations WHERE id = '\(job.generation.text)'"))?[
            0]
        let isHeld = history.model.entries[number]?.status == .processing && fence == job.fence
        #expect(isNewest || !isHeld, "two workers hold one job")
        return (number, job, isHeld)
    }

    private func complete(_ history: inout History) throws {
        guard let (number, job, isHeld) = report(&history) else { return }
        let outcome = try history.test.complete(job, at: history.model.now)
        #expect(outcome == (isHeld ? .recorded : .leaseLost))
        if isHeld { history.model.entries[number]?.status = .completed }
    }

    private func fail(_ history: inout History) throws {
        guard let (number, job, isHeld) = report(&history) else { return }
        let failure = history.pick(GenerationFailure.allCases) ?? .providerTimeout
        let (now, isRefunding) = (history.model.now, history.model.isRefunding)
        let outcome = try history.test.fail(job, failure, maximumAttempts: Self.maximumAttempts, at: now)
        guard isHeld, let entry = history.model.entries[number] else {
            #expect(outcome == .leaseLost)
            return
        }
        let isFinal =
            failure == .rejectedBySafety || failure == .inputMissing || job.attempt == Self.maximumAttempts
            || (failure == .unreadableResult && entry.unreadable > 0)
        if isFinal {
            #expect(outcome == .failed(refunded: isRefunding))
            history.model.entries[number]?.isGone = failure == .inputMissing
            return history.model.end(number)
        }
        if failure == .unreadableResult { history.model.entries[number]?.unreadable += 1 }
        let due = now + (job.attempt == 1 ? 5 : 10)
        #expect(outcome == (entry.isDeleted ? .failed(refunded: true) : .retry(at: TestStore.at(due))))
        history.model.wait(number, until: due)
    }

    private func handBack(_ history: inout History) throws {
        guard let (number, job, isHeld) = report(&history) else { return }
        let outcome = try history.test.store.jobs.handBack(job, at: TestStore.at(history.model.now))
        #expect(outcome == (isHeld ? .recorded : .leaseLost))
        guard isHeld else { return }
        if history.model.entries[number]?.isDeleted == false { history.model.entries[number]?.attempts -= 1 }
        history.model.wait(number, until: history.model.now)
    }

    private func retry(_ history: inout History) throws {
        guard let (number, entry) = history.pick(Array(history.model.entries).sorted { $0.key < $1.key }) else {
            return
        }
        let outcome = try history.test.retry(number, entry.user, at: history.model.now)
        let balance = history.model.balance[entry.user, default: 0]
        guard !entry.isDeleted else { return #expect(outcome == .unknown) }
        guard entry.status == .failed else { return #expect(outcome == .notFailed) }
        guard !entry.isGone else { return #expect(outcome == .pictureGone) }
        if entry.isRefunded && balance == 0 { return #expect(outcome == .insufficientCredits(balance: 0)) }
        guard case .queued(_, let left) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        if entry.isRefunded {
            history.model.balance[entry.user, default: 0] -= 1
            history.model.entries[number]?.charges += 1
        }
        #expect(left.rawValue == history.model.balance[entry.user])
        history.model.entries[number]?.isRefunded = false
        history.model.entries[number]?.status = .pending
        history.model.entries[number]?.attempts = 0
        history.model.entries[number]?.unreadable = 0
        history.model.entries[number]?.due = history.model.now
    }

    private func delete(_ history: inout History) throws {
        guard let (number, entry) = history.pick(Array(history.model.entries).sorted { $0.key < $1.key }) else {
            return
        }
        let outcome = try history.test.delete(number, entry.user, at: history.model.now)
        guard !entry.isDeleted else { return #expect(outcome == .unknown) }
        history.model.entries[number]?.isDeleted = true
        guard case .deleted(_, let isRefunded) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(isRefunded == (entry.status == .pending))
        if entry.status == .pending { history.model.cancel(number) }
    }
}
