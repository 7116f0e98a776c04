import Database
import Foundation
import SQLite
import TestSupport
import Testing

@testable import Core

/// A ledger that somebody has tampered with, past every trigger and CHECK: each fault is named, and nothing else.
@Suite struct VerificationTests {
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: [String]
        let codes: Set<String>

        init(_ description: String, _ codes: Set<String>, _ sql: String...) {
            (testDescription, self.codes, self.sql) = (description, codes, sql)
        }
    }

    /// ada: trial 10, purchase 420, spent 100 of them, refunded whole (debt 90), bought again and repaid.
    /// One generation was charged, given back and charged again.
    private static func history() throws -> TestStore {
        let test = try TestStore()
        try test.apply(TestOrder())
        _ = try test.adjust(-100, key: "spend")
        try test.apply(TestOrder().refunded(500))
        // Some of the sums are folded and some are not.
        try test.fold()
        try test.apply(TestOrder { $0.id = uuid(2) })
        try test.submit(3)
        try test.fail(test.job(), .rejectedBySafety)
        _ = try test.retry(3)
        return test
    }

    private static let anEntry = """
        INSERT INTO ledger_entry (id, user_id, kind, amount, balance_after, idempotency_key, order_id, generation_id,
                                  created_ms)
        VALUES
        """
    private static let order = TestOrder().id
    private static let generation = Generation.ID(random: .init(repeating: 3, count: 16)).text

    @Test func whatTheProgramWritesIsSound() throws { try Self.history().verify() }

    @Test(arguments: [
        Tampering(
            "a balance too high", ["balance_is_not_its_sum", "balance_is_not_the_newest"],
            "UPDATE users SET balance = balance + 1"),
        Tampering(
            "a day's sum changed", ["day_miscounted"],
            "UPDATE sums SET amount = amount + 1 WHERE name = 'ledger' AND key = 'trial'"),
        Tampering(
            "a day's entry uncounted", ["day_miscounted"], "UPDATE sums SET count = count - 1 WHERE name = 'ledger'"),
        Tampering("a day forgotten", ["day_miscounted"], "DELETE FROM sums WHERE name = 'ledger'"),
        Tampering("a day's change forgotten", ["day_miscounted"], "DELETE FROM sum_changes WHERE name = 'ledger'"),
        Tampering("a day too many", ["day_miscounted"], "INSERT INTO sums VALUES ('ledger', 'trial', 1, 1, 10)"),
        Tampering(
            "a sale too much", ["money_miscounted"], "UPDATE sums SET amount = amount + 1 WHERE name = 'sold'"),
        Tampering(
            "a day without its sale", ["money_miscounted"], "UPDATE sums SET count = count - 1 WHERE name = 'sold'"),
        Tampering("a sale's change forgotten", ["money_miscounted"], "DELETE FROM sum_changes WHERE name = 'sold'"),
        Tampering("a refund forgotten", ["money_miscounted"], "DELETE FROM sums WHERE name = 'refunded'"),
        Tampering(
            "a generation uncounted", ["generations_miscounted"],
            "DELETE FROM sum_changes WHERE name = 'generations' AND count < 0"),
        Tampering("a balance below zero", ["file_damaged"], "UPDATE users SET balance = -1"),
        Tampering(
            "an amount changed",
            ["entry_does_not_continue", "balance_is_not_its_sum", "entries_miss_the_target"],
            "UPDATE ledger_entry SET amount = 421 WHERE kind = 'purchase' AND order_id = '\(order)'"),
        Tampering(
            "an entry gone", ["entry_does_not_continue", "balance_is_not_its_sum"],
            "DELETE FROM ledger_entry WHERE kind = 'adjustment'"),
        Tampering(
            "the newest entry gone", ["balance_is_not_its_sum", "balance_is_not_the_newest", "charges_miscounted"],
            "DELETE FROM ledger_entry WHERE id = (SELECT max(id) FROM ledger_entry)"),
        Tampering(
            "two entries that cancel each other out", ["entry_does_not_continue"],
            "UPDATE ledger_entry SET balance_after = balance_after + 1 WHERE kind = 'adjustment'"),
        Tampering("a debt forgiven by hand", ["debt_is_not_owed"], "UPDATE users SET debt = 1"),
        Tampering(
            "a payment's debt forgotten", ["debt_is_not_owed", "entries_miss_the_target"],
            "UPDATE payments SET debt_credits = 0"),
        Tampering(
            "a payment gone", ["order_without_payment", "money_miscounted"],
            "DELETE FROM payments WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "a target that the order does not give", ["target_is_not_due", "entries_miss_the_target"],
            "UPDATE payments SET target_credits = 7 WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "a refund that Polar never told of", ["target_is_not_due"],
            "UPDATE payments SET snapshot = replace(snapshot, '\"refunded_amount\":0', '\"refunded_amount\":1') "
                + "WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "a dispute that took nothing", ["target_is_not_due"],
            "UPDATE payments SET dispute_lost = 1 WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "a snapshot that does not read", ["payment_unreadable"],
            "UPDATE payments SET snapshot = '{' WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "a snapshot of a subscription", ["payment_is_not_applicable"],
            "UPDATE payments SET snapshot = replace(snapshot, '\"subscription_id\":null', '\"subscription_id\":\"x\"') "
                + "WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "a snapshot in euros that counts as dollars", ["payment_is_not_applicable"],
            "UPDATE payments SET snapshot = replace(snapshot, 'usd', 'eur') WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "another pack", ["target_is_not_due"],
            "UPDATE payments SET pack_credits = 500 WHERE order_id = '\(uuid(2))'"),
        Tampering(
            "another user's payment", ["order_of_another_user", "debt_is_not_owed"],
            "INSERT INTO users (id, created_ms) VALUES ('bob', 0)",
            "UPDATE payments SET user_id = 'bob' WHERE order_id = '\(order)'"),
        Tampering(
            "an order granted twice", ["second_purchase", "entries_miss_the_target"],
            "\(anEntry) (99, 'ada', 'purchase', 5, 334, 'order:\(order):target:5:clock:1', '\(order)', NULL, 0)"),
        Tampering(
            "a second trial", ["second_trial", "entry_names_another_event"],
            "\(anEntry) (99, 'ada', 'trial', 5, 334, 'trial:bob', NULL, NULL, 0)"),
        Tampering(
            "a key of another event", ["entry_names_another_event"],
            "UPDATE ledger_entry SET idempotency_key = 'adjusted:spend' WHERE kind = 'adjustment'"),
        Tampering(
            "a refund that was never charged", ["refund_without_charge", "entry_without_generation"],
            "\(anEntry) (99, 'ada', 'refund', 1, 330, 'generation:g:refund:1', NULL, 'g', 0)"),
        Tampering(
            "a refund of another charge", ["refund_without_charge"],
            "\(anEntry) (99, 'ada', 'refund', 1, 330, 'generation:\(generation):refund:3', NULL, '\(generation)', 0)"),
        Tampering(
            "a refund of more than was charged", ["refund_is_not_its_charge", "refund_is_not_noted"],
            "\(anEntry) (99, 'ada', 'refund', 2, 331, 'generation:\(generation):refund:2', NULL, '\(generation)', 0)"),
        Tampering(
            "a refund that the row does not know", ["refund_is_not_noted"],
            "\(anEntry) (99, 'ada', 'refund', 1, 330, 'generation:\(generation):refund:2', NULL, '\(generation)', 0)"),
        Tampering(
            "a refund that the ledger does not know", ["refund_is_not_noted", "generations_miscounted"],
            "UPDATE generations SET status = 'failed', error = 'input_missing', refunded = 1"),
        Tampering(
            "a picture that was given back", ["file_damaged"],
            "UPDATE generations SET status = 'completed', result_blob = 'b', refunded = 1"),
        Tampering(
            "charged again without a refund", ["charged_again", "charges_miscounted"],
            "\(anEntry) (99, 'ada', 'charge', -1, 328, 'generation:\(generation):charge:3', NULL, '\(generation)', 0)"),
        Tampering(
            "charged two credits", ["charge_is_not_the_price", "charged_again"],
            "\(anEntry) (99, 'ada', 'charge', -2, 327, 'generation:\(generation):charge:3', NULL, '\(generation)', 0)",
            "UPDATE generations SET charge = 3"),
        Tampering(
            "an earlier refund gone", ["charged_again", "entry_does_not_continue", "balance_is_not_its_sum"],
            "DELETE FROM ledger_entry WHERE kind = 'refund'"),
        Tampering(
            "a charge that the ledger does not know", ["charges_miscounted"], "UPDATE generations SET charge = 3"),
        Tampering(
            "a charge numbered otherwise", ["charges_miscounted"],
            "UPDATE ledger_entry SET idempotency_key = 'generation:\(generation):charge:02' "
                + "WHERE idempotency_key = 'generation:\(generation):charge:2'"),
        Tampering(
            "a generation gone", ["entry_without_generation", "images_miscounted"],
            "DELETE FROM generations"),
        Tampering(
            "another user's generation", ["generation_of_another_user", "images_miscounted"],
            "INSERT INTO users (id, created_ms) VALUES ('bob', 0)", "UPDATE generations SET user_id = 'bob'"),
        Tampering(
            "an entry of nobody", ["reference_dangles"],
            "\(anEntry) (99, 'bob', 'trial', 5, 5, 'trial:bob', NULL, NULL, 0)"),
    ])
    func namesTheFault(_ tampering: Tampering) throws {
        let test = try Self.history()
        let connection = try test.connection()
        for trigger in try test.texts("SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
            try connection.execute("DROP TRIGGER \(trigger ?? "")")
        }
        try connection.execute("PRAGMA foreign_keys = OFF")
        try connection.execute("PRAGMA ignore_check_constraints = ON")
        for sql in tampering.sql {
            try connection.execute(sql)
            // An entry added by hand takes its balance with it.
            guard sql.hasPrefix(Self.anEntry) else { continue }
            try connection.execute(
                "UPDATE users SET balance = (SELECT balance_after FROM ledger_entry WHERE user_id = users.id "
                    + "ORDER BY id DESC LIMIT 1)")
        }
        if !tampering.codes.contains("day_miscounted") {
            for table in ["sums", "sum_changes"] {
                try connection.execute("DELETE FROM \(table) WHERE name = 'ledger'")
            }
            try connection.execute(
                "INSERT INTO sums SELECT 'ledger', kind, created_ms / 86400000, count(*), sum(amount) FROM ledger_entry "
                    + "GROUP BY 2, 3")
        }
        let faults = try test.store.ledger.verify()
        #expect(Set(faults.map(\.code)) == tampering.codes, "\(faults)")
        #expect(faults.allSatisfy { !$0.description.isEmpty })
    }

    @Test func aDamagedPageIsNamed() throws {
        let test = try Self.history()
        let connection = try test.connection()
        let page = try connection.query(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ledger_entry_by_order'"
        ) { $0.integer(0) }[0]
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        // The last bytes of the page: what the index holds of its first entry.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: test.path))
        try file.seek(toOffset: UInt64(page) * 4096 - 20)
        try file.write(contentsOf: Data(repeating: 0x41, count: 16))
        try file.close()
        let faults = try Store(at: SQLiteFile(test.path)) { _ in }.ledger.verify()
        #expect(!faults.isEmpty && faults.allSatisfy { $0.code == "file_damaged" }, "\(faults)")
    }

    @Test func thousandsOfFaultsAreCutShort() throws {
        let test = try TestStore()
        try test.connection().execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
            INSERT INTO users (id, created_ms) SELECT 'u' || i, 0 FROM n
            """)
        try test.connection().execute("UPDATE users SET debt = 1")
        #expect(try test.store.ledger.verify().count == 1000)
    }
}
