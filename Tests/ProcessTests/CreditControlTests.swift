import JSON
import TestSupport
import Testing

/// The built `creditctl`: what it answers, and with which exit code.
@Suite struct CreditControlTests {
    private let directory: TemporaryDirectory
    private var environment: [String: String] { ["CREDITS_DATABASE": directory.path + "/credits.db"] }

    init() throws {
        directory = try TemporaryDirectory()
        #expect(try run("migrate").status == 0)
    }

    private func run(_ arguments: String...) throws -> Program.Ended { try run(arguments) }

    private func run(_ arguments: [String]) throws -> Program.Ended {
        try Program("creditctl").run(arguments, environment: environment)
    }

    private func json(_ arguments: String...) throws -> JSON {
        let ended = try run(arguments + ["--json"])
        #expect(ended.status == 0, "\(ended.errors)")
        return try JSON(Array(ended.output.utf8.dropLast()))
    }

    /// A user with the trial, made past the store.
    private func see(_ user: String) throws {
        let sql = """
            INSERT INTO users (id, created_ms) VALUES ('\(user)', 0);
            INSERT INTO ledger_entry (user_id, kind, amount, balance_after, idempotency_key, created_ms)
            VALUES ('\(user)', 'trial', 10, 10, 'trial:\(user)', 0);
            UPDATE users SET balance = 10 WHERE id = '\(user)';
            INSERT INTO sum_changes (name, key, day, count, amount) VALUES ('ledger', 'trial', 0, 1, 10);
            """
        let database = environment["CREDITS_DATABASE"] ?? ""
        #expect(try Program("/usr/bin/sqlite3").run([database, sql]).status == 0)
    }

    /// Each line: what is asked, and how it ends.
    @Test(
        arguments: [
            ([], 0), (["--help"], 0), (["help", "adjust"], 0), (["adjust", "--help"], 0), (["ledger"], 0),
            (["bogus"], 2), (["--bogus"], 2), (["admin", "grant"], 2), (["admin", "grant", ""], 2),
            (["user", "show"], 2),
            (["user", "show", "bob"], 1), (["user", "show", "ada"], 0), (["user", "show", "ada", "--limit", "0"], 2),
            (["order", "show", "bogus"], 2), (["order", "show", "57107b74-8400-4d80-a2fc-54c2b4239cb3"], 1),
            (["adjust", "ada", "5"], 2), (["adjust", "ada", "5", "--reason", " "], 2),
            (["adjust", "ada", "--reason", "x"], 2),
            (["adjust", "ada", "5", "6", "--reason", "x"], 2), (["adjust", "ada", "0", "--reason", "x"], 2),
            (["adjust", "ada", "1.5", "--reason", "x"], 2), (["adjust", "ada", "1000000001", "--reason", "x"], 2),
            (["adjust", "ada", "99999999999999999999", "--reason", "x"], 2),
            (["adjust", "bob", "5", "--reason", "x"], 1),
            (["adjust", "ada", "-11", "--reason", "x"], 1), (["adjust", "ada", "-10", "--reason", "x"], 0),
            (["adjust", "ada", "--", "-5", "--reason", "x"], 0), (["adjust", "--reason", "x", "--", "ada", "-5"], 0),
            (["adjust", "ada", "5", "--reason", "x", "--actor", ""], 2), (["settings", "get"], 0),
            (["settings", "set"], 2),
            (["settings", "set", "credits_per_pack=500"], 0), (["settings", "set", "credits_per_pack=0"], 1),
            (["settings", "set", "credits_per_pack"], 2), (["settings", "set", "bogus=1"], 2),
            (["settings", "set", "credits_per_pack=1", "credits_per_pack=2"], 2), (["admin", "revoke", "ada"], 1),
            (["admin", "list"], 0), (["ledger", "verify"], 0), (["migrate"], 0),
        ] as [([String], Int32)])
    func endsWith(_ arguments: [String], _ status: Int32) throws {
        try see("ada")
        let ended = try run(arguments)
        #expect(ended.status == status, "\(ended.output)\(ended.errors)")
        #expect(ended.output.isEmpty == (status != 0))
        #expect(ended.errors.isEmpty == (status == 0))
        #expect(try run("ledger", "verify").status == 0)
    }

    @Test func withoutItsSettingsItSaysWhichAndEndsWith78() throws {
        for arguments in [["migrate"], ["ledger", "verify"], ["admin", "list"]] {
            let ended = try Program("creditctl").run(arguments)
            #expect(ended.status == 78 && ended.errors == "CREDITS_DATABASE is missing\n")
        }
    }

    @Test func anotherSchemaIsAFaultOfTheSettings() throws {
        let other = ["CREDITS_DATABASE": directory.path + "/empty.db"]
        #expect(
            try Program("/usr/bin/sqlite3").run([directory.path + "/empty.db", "PRAGMA user_version = 1"]).status == 0)
        let ended = try Program("creditctl").run(["admin", "list"], environment: other)
        #expect(ended.status == 78 && ended.errors.contains("run creditctl migrate"))
    }

    @Test func theLastAdminStays() throws {
        #expect(try json("admin", "grant", "ada")["granted"] == true)
        #expect(try json("admin", "grant", "ada")["granted"] == false)
        #expect(try run("admin", "revoke", "ada").status == 1)
        #expect(try json("admin", "grant", "bob", "--actor", "root")["granted"] == true)
        #expect(try json("admin", "revoke", "ada")["revoked"] == true)
        let items = try #require(try json("admin", "list")["items"]?.array)
        #expect(items.count == 1 && items[0]["user_id"] == "bob" && items[0]["granted_by"] == "root")
    }

    @Test func everyFaultOfTheSettingsIsNamedAtOnceAndNothingIsChanged() throws {
        let ended = try run("settings", "set", "pack_price_cents=1", "credits_per_pack=0", "refund_on_failure=false")
        #expect(ended.status == 1)
        #expect(
            ended.errors == """
                pack_price_cents is not a whole number from 50 to 1000000
                credits_per_pack is not a whole number from 1 to 1000000

                """)
        #expect(try json("settings", "get")["refund_on_failure"] == true)
        let changed = try json("settings", "set", "refund_on_failure=false", "pack_price_cents=700", "--actor", "ada")
        #expect(changed["version"] == 2 && changed["updated_by"] == "ada" && changed["pack_price_cents"] == 700)
    }

    @Test func aKeyIsAppliedOnce() throws {
        try see("ada")
        let first = try json("adjust", "ada", "-4", "--reason", "x", "--key", "k")
        #expect(first["applied"] == true && first["entry"]?["balance_after"] == 6 && first["key"] == "k")
        #expect(try json("adjust", "ada", "-4", "--reason", "x", "--key", "k")["applied"] == false)
        #expect(try run("adjust", "ada", "-5", "--reason", "x", "--key", "k").status == 1)
        for _ in 0..<2 { #expect(try json("adjust", "ada", "-1", "--reason", "x")["applied"] == true) }
        let user = try json("user", "show", "ada", "--limit", "2")
        #expect(user["credits"] == 4 && user["trial_credits"] == 10 && user["entries"]?.array?.count == 2)
        #expect(user["entries"]?.array?.first?["reason"] == "x")
    }

    @Test func everyFaultOfTheLedgerIsNamed() throws {
        try see("ada")
        let sql = "UPDATE users SET debt = 3"
        #expect(try Program("/usr/bin/sqlite3").run([environment["CREDITS_DATABASE"] ?? "", sql]).status == 0)
        let ended = try run("ledger", "verify")
        #expect(ended.status == 1)
        #expect(ended.output == "user ada: the debt is 3, orders and repayments leave 0\n")
        let found = try JSON(Array(try run("ledger", "verify", "--json").output.utf8.dropLast()))
        #expect(found["ok"] == false && found["faults"]?.array?.first?["code"] == "debt_is_not_owed")
    }
}
