import Database
import TestSupport
import Testing

/// What a statement is to every engine: values as they went in, parameters by their numbers, errors by their kinds.
@Suite struct StatementContractTests {
    static let values: [Value] = [
        .integer(.min), .integer(.max), .integer(0), .integer(-1), .text(""), .text("\u{1F600}"), .text("e\u{301}"),
        .text("$1 ? ' \" \\"), .blob([]), .blob([0]), .blob([0, 255]), .blob([UInt8](repeating: 7, count: 1 << 20)),
        .text(String(repeating: "x", count: 1 << 20)), .null,
    ]

    @Test(arguments: EngineUnderTest.all, values)
    func aValueComesBackAsItWentIn(_ kind: EngineUnderTest, _ value: Value) throws {
        let column =
            switch value {
            case .integer: "a"
            case .text, .null: "b"
            case .blob: "c"
            }
        let ground = try Ground(kind)
        let returned = try ground.engine.write { transaction throws(DatabaseError) in
            try transaction.connection.query("INSERT INTO t (\(column)) VALUES ($1) RETURNING \(column)", value) {
                $0[0]
            }
        }
        #expect(returned == [value])
        let found = try ground.engine.read { connection throws(DatabaseError) in
            try connection.query("SELECT \(column) FROM t") { $0[0] }
        }
        #expect(found == [value])
    }

    @Test(arguments: EngineUnderTest.all)
    func optionalValuesKnowNull(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        let rows = try ground.engine.write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            try connection.execute("INSERT INTO t (a, b) VALUES ($1, $2), ($2, $3)", 1, .null, "x")
            return try connection.query("SELECT a, b FROM t ORDER BY id") {
                [$0.optionalInteger(0).map(String.init), $0.optionalText(1)]
            }
        }
        #expect(rows == [["1", nil], [nil, "x"]])
    }

    /// An engine may number them as they appear, which is another order.
    @Test(arguments: EngineUnderTest.all)
    func aParameterIsTheOneOfItsNumber(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        for _ in 1...2 {
            let found = try ground.engine.read { connection throws(DatabaseError) in
                try connection.query(
                    "SELECT CAST($2 AS TEXT), CAST($1 AS TEXT), CAST($2 AS TEXT) || CAST($3 AS TEXT)", "a", "b", "c"
                ) { [$0.text(0), $0.text(1), $0.text(2)] }
            }
            #expect(found == [["b", "a", "bc"]])
        }
    }

    @Test(
        arguments: EngineUnderTest.all,
        [("INSERT INTO t (a) VALUES ($1)", Value.integer(13)), ("INSERT INTO t (b) VALUES ($1)", "hunter2")])
    func aBrokenRuleIsOneAndNamesNoValue(_ kind: EngineUnderTest, _ change: (sql: String, value: Value)) throws {
        let ground = try Ground(kind)
        _ = try ground.engine.write { transaction throws(DatabaseError) in
            try transaction.connection.execute("INSERT INTO t (b) VALUES ('hunter2')")
        }
        let error = #expect(throws: WriteError.self) {
            try ground.engine.write { transaction throws(DatabaseError) in
                try transaction.connection.execute(change.sql, change.value)
            }
        }
        guard case .failed(let reason) = error else { Issue.record("\(String(describing: error))"); return }
        #expect(reason.kind == .brokenRule && reason.isTransient && !reason.isOfTheFile)
        #expect(reason.sql == change.sql && !reason.description.contains("hunter2"))
        #expect(try ground.engine.write(Ground.insert(1)) == 1, "the statement and the engine are usable again")
    }

    @Test(arguments: EngineUnderTest.all)
    func nonsenseIsAMisuse(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        let error = #expect(throws: DatabaseError.self) {
            try ground.engine.read { connection throws(DatabaseError) in try connection.execute("SELECT nothing FROM t")
            }
        }
        #expect(error?.kind == .misuse)
    }

    @Test(arguments: EngineUnderTest.all)
    func whatWasTouchedIsCounted(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        let counts = try ground.engine.write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            var counts: [Int] = []
            for sql in [
                "INSERT INTO t (a) VALUES (1), (2), (3)", "UPDATE t SET a = a + 1 WHERE a > 1",
                "DELETE FROM t WHERE a = 9",
                "DELETE FROM t",
            ] {
                try connection.execute(sql)
                counts.append(connection.changes)
            }
            return counts
        }
        #expect(counts == [3, 2, 0, 3])
    }

    @Test(arguments: EngineUnderTest.all)
    func whoReadsCannotWrite(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        #expect(throws: DatabaseError.self) {
            try ground.engine.read { connection throws(DatabaseError) in
                try connection.execute("INSERT INTO t (a) VALUES (1)")
            }
        }
        #expect(try ground.numbers() == [])
    }

    /// Whatever the dialect is asked for, the engine takes.
    @Test(arguments: EngineUnderTest.all)
    func aDialectIsTheEnginesOwn(_ kind: EngineUnderTest) throws {
        let ground = try Ground(kind)
        let version = try ground.engine.write { transaction throws(DatabaseError) in
            let connection = transaction.connection
            try connection.execute(connection.dialect.setSchemaVersion(7))
            return try connection.integer(connection.dialect.schemaVersion)
        }
        #expect(version == 7)
        try ground.engine.examine(room: nil) { connection throws(DatabaseError) in
            let dialect = connection.dialect
            for sql in [dialect.damages, dialect.danglingReferences] {
                let faults = try connection.query(sql) { $0.text(0) }
                #expect(faults == [])
            }
            let places = try connection.query(
                "SELECT \(dialect.position(of: "$1", in: "$2")), \(dialect.position(of: "$3", in: "$2"))",
                .blob([2, 0]),
                .blob([1, 2, 0, 2, 0]), .blob([3])
            ) { [$0.integer(0), $0.integer(1)] }
            #expect(places == [[2, 0]])
        }
    }
}
