import Testing

@testable import Core

/// What an operator sees and does.
@Suite struct GenerationReportTests {
    private let test: TestStore

    /// 1 is deleted, 2 completed, 3 failed and given back, 4 of another user and pending.
    init() throws {
        test = try TestStore()
        for number in UInt8(1)...3 { try test.submit(number, at: Int64(number)) }
        _ = try test.delete(1)
        _ = try test.complete(test.job(at: 5), thumbnail: 201, at: 6)
        try test.fail(test.job(at: 5), .rejectedBySafety, at: 6)
        try test.submit(4, "bob", at: 7)
    }

    private func ids(_ user: String? = nil, _ status: Generation.Status? = nil, limit: Int = 10) throws -> [Generation
        .ID]
    {
        try test.store.generations.reports(of: user.map { try test.user($0) }, status: status, limit: limit).map(\.id)
    }

    @Test func listsAllOfThem() throws {
        #expect(try ids() == [4, 3, 2, 1].map(TestStore.generation))
        #expect(try ids(limit: 2) == [4, 3].map(TestStore.generation))
        #expect(try ids("bob") == [TestStore.generation(4)])
        #expect(try ids("ada", .failed) == [TestStore.generation(3)])
        #expect(try ids("eve").isEmpty)
    }

    @Test func tellsOfADeletedOne() throws {
        let (report, entries) = try #require(try test.store.generations.report(on: TestStore.generation(1)))
        #expect(report.status == .cancelled && report.isRefunded && report.input == nil && report.deletedAt != nil)
        #expect(entries.map(\.kind) == [.charge, .refund])
        #expect(try test.store.generations.report(on: TestStore.generation(9)) == nil)
    }

    @Test func anOperatorRetriesInItsUsersPlace() throws {
        guard
            case .queued(let generation, let balance) = try test.store.generations.retry(
                TestStore.generation(3), by: "test", at: TestStore.now)
        else {
            Issue.record("it was not queued")
            return
        }
        #expect(generation.user == (try test.user()) && balance == 8)
        #expect(
            try test.texts("SELECT action || ' ' || subject FROM audit_log WHERE actor = 'test'").last
                == "generation.retry \(TestStore.generation(3).text)")
        #expect(try test.store.generations.retry(TestStore.generation(3), by: "test", at: TestStore.now) == .notFailed)
        #expect(try test.store.generations.retry(TestStore.generation(1), by: "test", at: TestStore.now) == .unknown)
        try test.verify()
    }

    @Test func anOperatorCannotChargeWhereThereIsNothing() throws {
        _ = try test.adjust(-9, key: "spend")
        #expect(try test.balance() == 0)
        #expect(
            try test.store.generations.retry(TestStore.generation(3), by: "test", at: TestStore.now)
                == .insufficientCredits(balance: 0))
        #expect(try test.integers("SELECT count(*) FROM audit_log WHERE action = 'generation.retry'") == [0])
    }

    @Test func tellsOfItsFiles() throws {
        let (report, _) = try #require(try test.store.generations.report(on: TestStore.generation(2)))
        #expect(report.result == TestStore.image(200).blob && report.thumbnail == TestStore.image(201).blob)
        #expect(report.completedAt == TestStore.at(6) && report.deletedAt == nil)
    }

    @Test func namesEveryFileThatIsNeeded() throws {
        var found: [BlobID] = []
        var cursor: Int64?
        repeat {
            let page = try test.store.generations.blobReferences(after: cursor, limit: 1)
            found += page.items.map(\.blob)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(found == [2, 200, 201, 3, 4].map { TestStore.image($0).blob })
        #expect(try test.store.generations.blobReferences().items.map(\.blob) == found)
        for blob in found { #expect(try test.store.generations.isReferenced(blob)) }
    }

    @Test func whatIsNotKeptIsNoPlaceInTheList() throws {
        let test = try TestStore()
        for number in UInt8(1)...3 { try test.submit(number) }
        try test.fail(test.job(), .inputMissing)
        let first = try test.store.generations.blobReferences(limit: 1)
        #expect(first.items.map(\.blob) == [TestStore.image(2).blob])
        let second = try test.store.generations.blobReferences(after: first.nextCursor, limit: 1)
        #expect(second.items.map(\.blob) == [TestStore.image(3).blob])
    }
}
