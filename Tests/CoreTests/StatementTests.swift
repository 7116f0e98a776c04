import Database
import JSON
import TestSupport
import Testing

@testable import Core

/// Every statement that handlers, the worker and timers run, in a large database and without statistics, as in production:
/// found by an index, in the index's order, and by a bounded number of steps.
///
/// A statement that is new has to be run in ``Everything``, and to read no more than it needs; or it stands in the list
/// below, with the reason.
@Suite(.serialized) struct StatementTests {
    /// A part of a statement, and why it may read more than it returns.
    struct Exception {
        let part: String
        let reason: String

        init(_ part: String, _ reason: String) { (self.part, self.reason) = (part, reason) }
    }

    static let exceptions = [
        Exception("SELECT count(*) FROM users", "a page of an index for each hundred users, beside all writes"),
        Exception("FROM sums WHERE name = $1 GROUP BY key", "eight rows a day, and what is not folded yet"),
        Exception("FROM sum_changes WHERE name = $1 AND key = $2", "what is not folded yet, beside all writes"),
        Exception("DELETE FROM sum_changes WHERE id IN", "those that it removes"),
        Exception("SELECT count(*) FROM generations WHERE status", "jobs that wait, beside all writes"),
        Exception("FROM provider_calls WHERE day = $1), 0) +", "jobs that wait, no further than the limit of a day"),
        Exception("FROM ledger_entry WHERE user_id = $1 GROUP BY kind", "one user's entries, for that user's page"),
        Exception("FROM admins ORDER BY granted_ms", "admins are few"),
        Exception("FROM generations WHERE (CAST($1 AS TEXT) IS NULL", "creditctl's list, for a person"),
        Exception("AND instr(body, $3) > 0", "creditctl's: one window of a thousand bodies, read beside all writes"),
        Exception("DELETE FROM sessions WHERE user_id", "creditctl's, when a person is forgotten"),
    ]

    /// `verify` recomputes everything by its nature, at night; migrations run alone, and backup and inspection on files of
    /// their own.
    static func isLeftOut(_ file: String) -> Bool {
        ["Verify", "Migrations/", "Store+Backup", "Store+Inspect", "Revocations"].contains { file.contains($0) }
    }

    /// Tables of a few rows, whatever happens, and what is none of the file's.
    static let small: Set<String> = [
        "billing_settings", "admins", "keys", "operations", "generation_turns", "waiting", "CONSTANT",
        "pragma_user_version",
    ]
    /// Indexes of the very rows that are asked for.
    static let indexesOfFew: Set<String> = ["generations_waiting", "generations_failed"]
    static let mostSteps = 5000

    @Test func everyStatementIsFoundByAnIndex() throws {
        let test = try Everything()
        let run = try test.run()
        let statements = run.keys.filter { !Self.isFrame($0) }.sorted()
        #expect(statements.count > 100)
        #expect(try test.integers("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'") == [0])

        let planner = try #require(Planner(test.path))
        var faults: [String] = []
        for sql in statements {
            let steps = run[sql] ?? 0
            let wrong = planner.plan(of: sql).filter { Self.isWrong($0, in: sql) }
            guard !wrong.isEmpty || steps > Self.mostSteps else { continue }
            if Self.exceptions.contains(where: { StatementSource.normal(sql).contains($0.part) }) { continue }
            faults.append("\(StatementSource.normal(sql)): \(steps) steps, \(wrong)")
        }
        #expect(faults == [], "\(faults.joined(separator: "\n"))")
        for exception in Self.exceptions {
            #expect(
                statements.contains { StatementSource.normal($0).contains(exception.part) },
                "nothing runs «\(exception.part)» any more")
        }
    }

    @Test func everyStatementOfTheTextIsRun() throws {
        let run = try Everything().run().keys.filter { !Self.isFrame($0) }
        let texts = try StatementSource.all(below: "Sources/Core", without: Self.isLeftOut)
        #expect(texts.count > 100)
        let missing = texts.filter { text in !run.contains { text.made($0) } }
        #expect(missing.isEmpty, "\(missing.map(\.description).joined(separator: "\n"))")
    }

    @Test(arguments: [
        ("SELECT * FROM ledger_entry WHERE reason = $1", "SCAN ledger_entry"),
        ("SELECT id FROM ledger_entry WHERE user_id = $1 ORDER BY amount", "USE TEMP B-TREE FOR ORDER BY"),
        ("SELECT id FROM users WHERE name = $1 LIMIT 1", "SCAN users"),
        ("DELETE FROM idempotency_keys WHERE created_ms < $1 OR status IS NULL", "SCAN idempotency_keys"),
    ])
    func aWrongPlanIsSeen(_ sql: String, _ step: String) throws {
        let test = try TestStore()
        let planner = try #require(Planner(test.path))
        #expect(planner.plan(of: sql).filter { Self.isWrong($0, in: sql) } == [step])
    }

    /// The frame of a transaction, and what is asked of the file itself.
    static func isFrame(_ sql: String) -> Bool {
        ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA"].contains { sql.hasPrefix($0) }
    }

    private static func isWrong(_ step: String, in sql: String) -> Bool {
        if ["TEMP B-TREE", "AUTOMATIC", "cannot be explained"].contains(where: step.contains) { return true }
        guard step.hasPrefix("SCAN ") else { return false }
        let words = step.split(separator: " ").map(String.init)
        // The first page of a list: an index from its end, as far as the limit. Inner queries have steps of their own.
        let isWalkedAsFarAsNeeded =
            sql.contains(" LIMIT ") && (!sql.contains("WHERE") || indexesOfFew.contains(words.last ?? ""))
        return !small.contains(words[1]) && !words[1].hasPrefix("(") && !isWalkedAsFarAsNeeded
    }
}
