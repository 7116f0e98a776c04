import Database
import Testing

@testable import Core

/// What the database itself refuses of generations, whoever asks.
@Suite struct GenerationSchemaTests {
    private let test: TestStore
    private let connection: Connection
    private static let paid = "'\(TestStore.generation(9).text)'"

    /// 1 is pending, 2 completed, 3 failed and given back, 4 failed and not, 5 processing; 9 is paid for and nothing else.
    init() throws {
        test = try TestStore()
        for number in UInt8(2)...5 { try test.submit(number) }
        _ = try test.complete(test.job())
        try test.fail(test.job(), .rejectedBySafety)
        try test.refundOnFailure(false)
        try test.fail(test.job(), .rejectedBySafety)
        try test.job()
        try test.submit(1, at: 1)
        try test.seen("bob")
        let ada = try test.user()
        _ = try test.store.write { transaction throws(DatabaseError) in
            try Ledger.post(
                .charge(TestStore.generation(9), attempt: 1), of: -1, to: ada, at: TestStore.now, in: transaction)
        }
        connection = try test.connection()
    }

    @Test func takesWhatIsPaidFor() throws {
        try connection.execute(Self.insert())
        try connection.execute("UPDATE user_usage SET image_bytes = image_bytes + 1")
        try test.verify()
    }

    private static func insert(
        _ id: String = paid, user: String = "'ada'", status: String = "'pending'", charge: String = "1",
        refunded: String = "0", verb: String = "INSERT"
    ) -> String {
        """
        \(verb) INTO generations (id, user_id, status, charge, refunded, due_ms, input_blob, input_kind, input_bytes, width,
                                  height, created_ms)
        VALUES (\(id), \(user), \(status), \(charge), \(refunded), 0, 'b', 'png', 1, 1, 1, 0)
        """
    }

    private static func update(_ number: UInt8, _ change: String) -> String {
        "UPDATE generations SET \(change) WHERE id = '\(TestStore.generation(number).text)'"
    }

    @Test(arguments: [
        ("one that nobody paid for", insert("'x'"), "a generation is paid for"),
        ("one that somebody else paid for", insert(user: "'bob'"), "a generation is paid for"),
        ("one that was charged twice at once", insert(charge: "2"), "a generation is paid for"),
        ("one that is given back at once", insert(status: "'cancelled'", refunded: "1"), "a generation is paid for"),
        ("one twice", insert("'\(TestStore.generation(1).text)'"), "a generation is never replaced"),
        (
            "one replaced", insert("'\(TestStore.generation(1).text)'", verb: "INSERT OR REPLACE"),
            "a generation is never replaced"
        ),
        ("one removed", "DELETE FROM generations", "a generation stays"),
        ("another user", update(1, "user_id = 'bob'"), "a generation keeps its user"),
        ("another name", update(1, "id = 'x'"), "a generation keeps its user"),
        ("a status that is none", update(1, "status = 'lost'"), "status"),
        ("charged again without an entry", update(3, "charge = 2, refunded = 0"), "a retry is paid for"),
        ("charged again although it stands", update(4, "charge = 2"), "a retry is paid for"),
        ("charge number 0", update(1, "charge = 0"), "a retry is paid for"),
        ("given back without an entry", update(4, "refunded = 1"), "a refund is in the ledger"),
        ("not given back against the ledger", update(3, "refunded = 0"), "a refund is in the ledger"),
        ("completed and given back", update(3, "status = 'completed', error = NULL, result_blob = 'b'"), "CHECK"),
        ("waiting and given back", update(3, "status = 'pending', error = NULL"), "CHECK"),
        ("cancelled and kept", update(1, "status = 'cancelled'"), "CHECK"),
        ("completed without a picture", update(5, "status = 'completed', lease_end_ms = NULL"), "CHECK"),
        ("failed for no reason", update(1, "status = 'failed'"), "CHECK"),
        ("a reason without a failure", update(1, "error = 'provider_timeout'"), "CHECK"),
        ("worked on without a lease", update(1, "status = 'processing'"), "CHECK"),
        ("a lease without work", update(1, "lease_end_ms = 1"), "CHECK"),
        ("no input", update(1, "input_blob = NULL"), "CHECK"),
        ("tries below zero", update(1, "attempts = -1"), "attempts >= 0"),
        ("no width", update(1, "width = 0"), "width > 0"),
        ("a thumbnail of nothing", update(1, "thumbnail_blob = 'b'"), "CHECK"),
    ])
    func refuses(_ description: String, _ sql: String, _ words: String) throws {
        let error = #expect(throws: DatabaseError.self) { try connection.execute(sql) }
        #expect(error?.kind == .brokenRule, "a constraint, not a mistake of the test: \(String(describing: error))")
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(try test.store.ledger.verify().map(\.code) == ["entry_without_generation"])
    }
}
