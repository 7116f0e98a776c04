import Database
import Foundation
import SQLite
import TestSupport
import Testing

@testable import Core

/// What is added up as it happens, and how it is folded.
@Suite struct SumTests {
    private let test: TestStore
    private static let counter = Counter("credits_deliveries_total", labels: #"verdict="applied""#)

    init() throws { test = try TestStore() }

    private func add(_ times: Int, in store: Store? = nil) throws {
        _ = try (store ?? test.store).write { transaction throws(DatabaseError) in
            for _ in 0..<times { try Counters.add(to: Self.counter, in: transaction) }
        }
    }

    private func counted() throws -> Int64? { try test.store.operations.counters()[Self.counter] }

    private func changes() throws -> Int64 { try test.integers("SELECT count(*) FROM sum_changes")[0] }

    /// Two writers and two who fold, each with a store of its own, as different programs have.
    @Test func foldingWhileOthersAddLosesNothingAndDoublesNothing() throws {
        atOnce(4) { number in
            #expect(throws: Never.self) {
                let store = try Store(at: SQLiteFile(test.path)) { Issue.record("the store broke: \($0)") }
                for turn in 0..<150 {
                    if number < 2 { try add(turn % 7, in: store) } else { try test.fold(in: store) }
                }
            }
        }
        let sum = Int64(2 * (0..<150).reduce(0) { $0 + $1 % 7 })
        #expect(try counted() == sum)
        try test.fold()
        #expect(try counted() == sum && changes() == 0)
    }

    @Test func whoeverReadsSeesTheSameSumBeforeMeanwhileAndAfterwards() throws {
        let many = Int(Sums.piece) + 500
        try add(many)
        let reader = try test.connection()
        try reader.execute("BEGIN")
        #expect(try Counters.all(on: reader) == [Self.counter: Int64(many)])
        try test.fold()
        #expect(try changes() == 500, "one piece is gone")
        #expect(try counted() == Int64(many))
        #expect(try Counters.all(on: reader) == [Self.counter: Int64(many)])
        try test.fold()
        #expect(try changes() == 0 && counted() == Int64(many))
        #expect(try Counters.all(on: reader) == [Self.counter: Int64(many)], "as it was when the reader began")
        try reader.execute("COMMIT")
        #expect(try Counters.all(on: reader) == [Self.counter: Int64(many)])
    }

    @Test func aFoldThatEndsHalfWayChangesNothing() throws {
        try add(30)
        try test.fold()
        try add(20)
        _ = try test.adjust(5, try test.seen("bob").text, key: "k")
        let connection = try test.connection()
        // The changes are removed and one sum is written when it ends.
        try connection.execute(
            """
            CREATE TRIGGER no_ledger BEFORE INSERT ON sums WHEN NEW.name = 'ledger'
            BEGIN SELECT RAISE(ABORT, 'no'); END
            """)
        let before = try (changes(), test.integers("SELECT count FROM sums"))
        #expect(throws: StoreError.self) { try test.fold() }
        #expect(try (changes(), test.integers("SELECT count FROM sums")) == before && before.1 == [30])
        #expect(try counted() == 50)
        try test.verify()
        try connection.execute("DROP TRIGGER no_ledger")
        try test.fold()
        #expect(try changes() == 0 && counted() == 50)
        try test.verify()
    }

    /// Numbers of rows are given before their transactions commit.
    @Test func aChangeThatComesLateWithAnEarlierNumberCounts() throws {
        let connection = try test.connection()
        for id in [7, 9, 8, 2] {
            try connection.execute(
                "INSERT INTO sum_changes VALUES ($1, 'counters', 'a', 0, 1, 0)", .integer(Int64(id)))
            try test.fold()
        }
        #expect(try test.store.operations.counters() == [Counter("a"): 4])
    }

    @Test func whatIsLittleIsLeftUntilItIsWorthIt() throws {
        try add(Int(Sums.worthFolding) - 1)
        try test.store.operations.foldSums()
        #expect(try changes() == Sums.worthFolding - 1)
        try add(2 * Int(Sums.piece))
        try test.store.operations.foldSums()
        #expect(try changes() < Sums.worthFolding)
        #expect(try counted() == Sums.worthFolding - 1 + 2 * Sums.piece)
    }

    @Test(arguments: ["", #"verdict="applied""#, #"a="{",b="}""#]) func aCounterIsReadAsItWasNamed(_ labels: String) {
        let counter = Counter("credits_x_total", labels: labels)
        #expect(Counter(key: counter.key) == counter)
    }

    @Test func textThatOnlyLooksTheSameIsSummedApart() throws {
        for currency in ["\u{E9}uro", "e\u{301}uro"] {
            _ = try test.store.write { transaction throws(DatabaseError) in
                try Sums.add(1, 5, to: .sold, "sandbox \(currency)", in: transaction)
            }
        }
        try test.fold()
        #expect(try test.integers("SELECT amount FROM sums WHERE name = 'sold'") == [5, 5])
    }

    /// One statement each: what adds up stands beside what it sums, and nobody can do the one without the other.
    @Test func whatIsSummedIsWrittenInOnePlace() throws {
        let texts = try StatementSource.all(below: "Sources", without: { $0.contains("Migrations/") })
        func files(_ isFound: (String) -> Bool) -> [String] {
            texts.filter { isFound($0.parts.joined(separator: " ")) }.map {
                URL(fileURLWithPath: $0.file).lastPathComponent
            }
        }
        for (beginning, file) in [
            ("INSERT INTO ledger_entry", "Ledger.swift"), ("UPDATE users SET balance", "Ledger.swift"),
            ("INSERT INTO payments", "Payments.swift"), ("INSERT INTO generations", "Generations.swift"),
            ("INSERT INTO sum_changes", "Sums.swift"), ("INSERT INTO sums", "Sums.swift"),
        ] {
            #expect(files { $0.hasPrefix(beginning) } == [file], "\(beginning)")
        }
        #expect(files { $0.hasPrefix("UPDATE payments") || $0.hasPrefix("DELETE FROM payments") } == [])
        let counted = ["status =", "_blob =", "_bytes =", "input_removed ="]
        let past = files { text in
            let set = text.components(separatedBy: " WHERE ")[0]
            return text.hasPrefix("UPDATE generations") && counted.contains { set.contains($0) }
        }
        #expect(past == ["Jobs.swift"], "a lease alone: neither of the two statuses is kept as a sum")
    }
}

extension TestStore {
    /// One step of folding, be it worth it or not.
    func fold(in other: Store? = nil) throws {
        try (other ?? store).write { transaction throws(DatabaseError) in try Sums.fold(in: transaction) }
    }
}

/// A database that was filled while triggers added up.
@Suite struct SumsUpgradeTests {
    private static let day = Int64(86_400_000)
    private static let now = TestStore.now.rawValue

    private static let users = ["ada", "bob"]
    private static let entries = [
        ("ada", "trial", Int64(10), Int64(10), Int64(-3)), ("bob", "trial", 10, 10, -3),
        ("ada", "adjustment", 5, 15, -1),
        ("ada", "charge", -1, 14, -1), ("ada", "charge", -1, 13, 0), ("bob", "charge", -1, 9, 0),
    ]

    /// As the program of then wrote it: the triggers of then add up.
    private static func fill(_ connection: Connection) throws {
        for user in users {
            try connection.execute("INSERT INTO users (id, created_ms) VALUES ($1, 0)", .text(user))
        }
        for (number, entry) in entries.enumerated() {
            let (user, kind, amount, after, days) = entry
            let isCharge = kind == "charge"
            let generation = TestStore.generation(UInt8(number)).text
            try connection.execute(
                """
                INSERT INTO ledger_entry (user_id, kind, amount, balance_after, idempotency_key, generation_id, actor,
                                          reason, created_ms)
                VALUES ($1, $2, $3, $4, $5, $6, 'a', 'r', $7)
                """, .text(user), .text(kind), .integer(amount), .integer(after),
                .text(
                    isCharge
                        ? "generation:\(generation):charge:1"
                        : kind == "trial" ? "trial:\(user)" : "adjustment:\(number)"),
                .optional(isCharge ? generation : nil), .integer(now + days * day))
            try connection.execute(
                """
                INSERT INTO ledger_days VALUES ($1, $2, 1, $3)
                ON CONFLICT DO UPDATE SET entries = entries + 1, credits = credits + $3
                """, .integer((now + days * day) / day), .text(kind), .integer(amount))
            if isCharge { try generate(generation, of: user, on: connection) }
        }
        // One has ended with its picture, one is in hand, one waits.
        let ids = (3...5).map { TestStore.generation(UInt8($0)).text }
        try connection.execute(
            "UPDATE generations SET status = 'processing', lease_end_ms = $1 WHERE id IN ($2, $3)", .integer(now),
            .text(ids[0]), .text(ids[1]))
        try connection.execute(
            """
            UPDATE generations SET status = 'completed', lease_end_ms = NULL, completed_ms = $1, result_blob = $3,
                                   result_bytes = 500, result_kind = 'jpeg', result_width = 1, result_height = 1
            WHERE id = $2
            """, .integer(now), .text(ids[0]), .text(TestStore.image(2).blob.text))
        try sell(on: connection)
        try connection.execute(
            "INSERT INTO counters VALUES ('credits_x_total', 'a=\"b\"', 7), ('credits_y_total', '', 3)")
    }

    private static func generate(_ id: String, of user: String, on connection: Connection) throws {
        try connection.execute(
            """
            INSERT INTO generations (id, user_id, status, charge, due_ms, input_blob, input_kind, input_bytes, width,
                                     height, created_ms)
            VALUES ($1, $2, 'pending', 1, $3, $4, 'jpeg', 1000, 1, 1, $3)
            """, .text(id), .text(user), .integer(now), .text(TestStore.image(1).blob.text))
    }

    /// Two that no rule could grant, one of them refunded in part a day later, and one that was never paid.
    private static func sell(on connection: Connection) throws {
        for (number, state, reason, cents) in [
            (1, "parked", "unknown_user", 500), (2, "parked", "unknown_user", 700), (3, "recorded", "unpaid", 900),
        ] {
            try connection.execute(
                """
                INSERT INTO payments (order_id, environment, state, reason, status, currency, net_cents, total_cents,
                                      refunded_cents, clock_us, snapshot, created_ms, updated_ms)
                VALUES ($1, 'sandbox', $2, $3, 'paid', 'usd', $4, $4, 0, 0, '{}', $5, $5)
                """, .text(uuid(number)), .text(state), .text(reason), .integer(Int64(cents)), .integer(now - day))
        }
        try connection.execute(
            "UPDATE payments SET refunded_cents = 200, updated_ms = $1 WHERE order_id = $2", .integer(now),
            .text(uuid(2)))
    }

    @Test func everySumIsRightAfterwards() throws {
        let directory = try TemporaryDirectory()
        let file = SQLiteFile(directory.path + "/credits.db")
        _ = try Migrator.migrate(file, Array(Migration.all.prefix { $0.version < Migration.sums.version }))
        let connection = try SQLiteConnection(path: file.path, mode: .write)
        try Self.fill(connection)
        #expect(try Store.migrate(file) == ["sums"])
        let store = try Store(at: file) { Issue.record("the store broke: \($0)") }
        #expect(try store.ledger.verify() == [])
        let overview = try store.operations.overview(in: .sandbox, at: TestStore.now)
        #expect(overview.credits == [.trial: 20, .adjustment: 5, .charge: -3])
        #expect(overview.generations == [.pending: 1, .processing: 1, .completed: 1])
        let money = try #require(overview.money.first)
        #expect(overview.money.count == 1 && money.sold == 1200 && money.refunded == 200)
        #expect(money.days[28].orders == 2 && money.days[28].sold == 1200 && money.days[28].refunded == 0)
        #expect(money.days[29].orders == 0 && money.days[29].refunded == 200)
        let measured = try store.operations.measurements()
        #expect(measured.counters == [Counter("credits_x_total", labels: #"a="b""#): 7, Counter("credits_y_total"): 3])
        #expect(measured.entries.map(\.entries) == [2, 3, 1])
        // Triggers only refuse.
        let triggers = try connection.query("SELECT sql FROM sqlite_schema WHERE type = 'trigger'") { $0.text(0) }
        #expect(!triggers.isEmpty && triggers.allSatisfy { $0.contains("BEGIN SELECT RAISE(ABORT") })
        let ada = try #require(UserID("ada"))
        _ = try store.generations.submit(
            TestStore.generation(9), of: TestStore.image(9), for: Profile(user: ada), at: TestStore.now)
        _ = try store.generations.delete(TestStore.generation(3), of: ada, at: TestStore.now)
        #expect(try store.ledger.verify() == [])
    }
}
