import JSON
import TestSupport
import Testing

/// Somebody else holds everything up: the built `polar-orders` says so in time, and goes on by itself afterwards.
@Suite(.serialized) struct PatienceTests {
    private let handler: Handler

    init() throws { handler = try Handler() }

    /// How it is held, by whom.
    private static let obstacles = [
        ("the lane", #"exec 9>"$0.lane" && flock 9 && echo held && exec >&- && read -r _"#),
        (
            "SQLite's lock",
            #"""
            coproc S { stdbuf -oL sqlite3 "$0"; }; echo 'BEGIN IMMEDIATE; SELECT 1;' >&${S[1]}
            read -r _ <&${S[0]}; echo held; exec >&-; read -r _
            """#
        ),
    ]

    @Test(arguments: obstacles)
    func whoWaitsTooLongIsToldSoAndNothingIsWritten(_ name: String, _ script: String) throws {
        let holder = try Holder(script, "\(handler.directory.path)/credits.db", environment: ["PATH": "/usr/bin:/bin"])
        #expect(holder.said() == "held\n")
        let event = OrderEvent(product: Handler.product)
        let started = ContinuousClock.now
        let asked = try (0..<4).map { number in
            let request = FastCGIRequest(
                SignedWebhook(Array(event.body.utf8), id: "held-\(number)", secret: Handler.secret))
            let connection = try handler.connect()
            connection.write(request.beginning() + request.ending())
            return connection
        }
        for connection in asked { #expect(FastCGIAnswer(records: connection.readToEnd())?.status == 503) }
        let waited = started.duration(to: .now)
        #expect(waited > .seconds(3.5) && waited < .seconds(5.5), "\(waited)")
        // Reading goes on, and telling what was found too.
        #expect(try handler.creditctl("inbox", "list", "--json").output == #"{"items":[],"next_cursor":null}"# + "\n")
        let verify = try handler.creditctl("ledger", "verify")
        #expect(verify.status == 0 && verify.output == "no faults\n")
        #expect(verify.errors.contains("could not be noted"))
        holder.release()

        try eventually("it takes deliveries again", within: .seconds(5)) {
            try handler.deliver(event, id: "free")?.status == 202
        }
        let kept = try JSON(Array(try handler.creditctl("inbox", "list", "--json").output.utf8.dropLast()))
        #expect(kept["items"]?.array?.map { $0["webhook_id"] } == ["free"], "what was refused never came")
        #expect(try handler.creditctl("ledger", "verify").errors.isEmpty)
    }

    @Test func notBeingAbleToLookIsNoFault() throws {
        let database = "\(handler.directory.path)/credits.db"
        func sqlite(_ sql: String) throws { #expect(try Program("/usr/bin/sqlite3").run([database, sql]).status == 0) }
        try sqlite(
            "DROP TRIGGER a_user_begins_with_nothing; INSERT INTO users (id, created_ms, balance) VALUES ('ada', 0, 5)")
        let faults = try handler.creditctl("ledger", "verify")
        #expect(faults.status == 1 && faults.output.contains("ada"))
        #expect(try handler.creditctl("migrate").status == 0)
        let unlooked = try Program("creditctl").run(
            ["ledger", "verify"], environment: ["CREDITS_DATABASE": handler.directory.path + "/none.db"])
        #expect(unlooked.status == 75 && unlooked.errors.hasPrefix("could not look: ") && unlooked.output.isEmpty)
    }

    /// The programs have the database open; the disk has not a block left.
    private static let fullDisk = #"""
        mount -t tmpfs -o size=4m none "$1" || exit 99
        export CREDITS_DATABASE=$1/credits.db
        "$0" migrate >&2 || exit 98
        coproc S { stdbuf -oL sqlite3 "$CREDITS_DATABASE"; }
        echo "DROP TRIGGER a_user_begins_with_nothing;
              INSERT INTO users (id, created_ms, balance) VALUES ('ada', 0, 5); SELECT 1;" >&${S[1]}
        read -r _ <&${S[0]}
        head -c 16m /dev/zero > "$1/filling" 2>/dev/null
        "$0" ledger verify
        """#

    @Test func whatWasFoundOnAFullDiskIsTold() throws {
        let ended = try Program("/usr/bin/unshare").run(
            [
                "--mount", "--propagation", "private", "/bin/bash", "-c", Self.fullDisk,
                "\(Places.products)/creditctl", handler.directory.path,
            ], environment: ["PATH": "/usr/bin:/bin"])
        #expect(ended.status == 1, "\(ended.status): \(ended.output) \(ended.errors)")
        #expect(ended.output.contains("ada") && ended.errors.contains("could not be noted"))
    }
}
