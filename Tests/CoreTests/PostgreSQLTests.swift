import Database
import Foundation
import Glibc
import SQLite
import TestSupport
import Testing

@testable import Core

/// Every statement is spelt so that PostgreSQL takes it too: prepared by the server's own parser, on tables with the same
/// columns and keys.
///
/// Source: https://www.postgresql.org/docs/15/app-postgres.html, single-user mode
@Suite struct PostgreSQLTests {
    @Test func everyStatementIsTakenByPostgreSQL() throws {
        let statements = try Self.statements()
        #expect(statements.count > 200)
        let refused = try PostgreSQL(tables: TestStore().tables()).refused(statements)
        #expect(refused == [], "\(refused.joined(separator: "\n"))")
    }

    @Test(arguments: [
        "SELECT iif(balance > 0, 1, 0) FROM users", "SELECT id FROM users WHERE email IS $1",
        "SELECT id FROM users WHERE email = $1 COLLATE NOCASE", "SELECT count(*) FROM (SELECT 1 FROM users)",
        "INSERT INTO sums VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO UPDATE SET count = 1",
    ])
    func whatSQLiteAloneTakesIsSeen(_ sql: String) throws {
        let test = try TestStore()
        #expect(try PostgreSQL(tables: test.tables()).refused(["SELECT id FROM users WHERE id = $1", sql]).count == 1)
    }

    /// Of requests, worker and timers, and of `verify`, backup and restore.
    private static func statements() throws -> [String] {
        let everything = try Everything()
        var run = try everything.run()
        let copy = everything.path + ".copy"
        StatementLog.watch(everything.path)
        StatementLog.watch(copy)
        let file = SQLiteFile(copy)
        _ = try Store(at: SQLiteFile(everything.path)) { _ in }.ledger.verify()
        try Store.copy(SQLiteFile(everything.path), to: copy)
        _ = try Store.facts(ofCopy: file)
        _ = try Store.blobs(ofCopy: file)
        _ = try Store.entries(of: file, after: 0)
        _ = try Store.revocations(in: file, after: 1)
        _ = try Store.settle(file, knowing: nil, at: TestStore.now)
        run.merge(StatementLog.end(everything.path)) { $1 }
        run.merge(StatementLog.end(copy)) { $1 }
        return run.keys.filter { sql in
            !StatementTests.isFrame(sql) && !sql.contains("pragma_") && !sql.contains("instr(")
        }.sorted()
    }
}

/// A server's parser, without a server.
struct PostgreSQL {
    /// Of the newest version that is installed.
    private static let programs: String = {
        let versions = try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")
        return "/usr/lib/postgresql/\(versions?.compactMap { Int($0) }.max() ?? 0)/bin"
    }()

    private let directory: TemporaryDirectory

    init(tables: [String]) throws {
        directory = try TemporaryDirectory()
        if getuid() == 0 { _ = try Program("/bin/chown").run(["postgres", directory.path]) }
        let made = try run(
            "initdb", ["--no-sync", "-E", "UTF8", "--locale=C", "-A", "trust", "-D", directory.path + "/data"])
        #expect(made.status == 0, "\(made.errors)")
        #expect(try errors(of: tables) == [])
    }

    /// What PostgreSQL says of each statement that it does not take.
    func refused(_ statements: [String]) throws -> [String] {
        try errors(of: statements.enumerated().map { "PREPARE s\($0) AS \(StatementSource.normal($1))" })
    }

    private func errors(of statements: [String]) throws -> [String] {
        let ended = try run(
            "postgres", ["--single", "-j", "-c", "log_min_messages=error", "-D", directory.path + "/data", "postgres"],
            input: statements.map { $0 + ";\n\n" }.joined())
        #expect(ended.status == 0, "\(ended.errors)")
        return ended.errors.split(separator: "\n").filter { $0.contains("ERROR:") || $0.contains("STATEMENT:") }
            .map(String.init).chunked()
    }

    /// It refuses to be run by root.
    private func run(_ name: String, _ arguments: [String], input: String = "") throws -> Program.Ended {
        let command = ["\(Self.programs)/\(name)"] + arguments
        return getuid() == 0
            ? try Program("/usr/sbin/runuser").run(["-u", "postgres", "--"] + command, input: Array(input.utf8))
            : try Program(command[0]).run(Array(command.dropFirst()), input: Array(input.utf8))
    }
}

extension [String] {
    /// An error and its statement in one.
    fileprivate func chunked() -> [String] {
        stride(from: 0, to: count, by: 2).map { self[$0..<Swift.min($0 + 2, count)].joined(separator: "\n") }
    }
}

extension TestStore {
    /// The tables as PostgreSQL makes them: columns and keys, without what they refuse.
    func tables() throws -> [String] {
        let connection = try connection()
        let names = try connection.query(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ) { $0.text(0) }
        return try names.map { name in
            let columns = try connection.query("SELECT name, type, pk FROM pragma_table_info($1)", .text(name)) {
                (name: $0.text(0), type: $0.text(1), key: $0.integer(2))
            }
            let types = ["INTEGER": "BIGINT", "TEXT": "TEXT", "BLOB": "BYTEA"]
            var parts = columns.map { "\"\($0.name)\" \(types[$0.type] ?? "?")" }
            let key = columns.filter { $0.key > 0 }.sorted { $0.key < $1.key }
            if key.count == 1, key[0].type == "INTEGER", let place = columns.firstIndex(where: { $0.key > 0 }) {
                parts[place] += " GENERATED BY DEFAULT AS IDENTITY"
            }
            if !key.isEmpty { parts.append("PRIMARY KEY (\(key.map { "\"\($0.name)\"" }.joined(separator: ", ")))") }
            let unique = try connection.query(
                "SELECT name FROM pragma_index_list($1) WHERE \"unique\" = 1 AND origin <> 'pk' AND partial = 0",
                .text(name)
            ) { $0.text(0) }
            for index in unique {
                let columns = try connection.query("SELECT name FROM pragma_index_info($1)", .text(index)) {
                    $0.text(0)
                }
                parts.append("UNIQUE (\(columns.joined(separator: ", ")))")
            }
            return "CREATE TABLE \(name) (\(parts.joined(separator: ", ")))"
        }
    }
}
