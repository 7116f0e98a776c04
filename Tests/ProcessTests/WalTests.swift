import Foundation
import Glibc
import TestSupport
import Testing
import Threads

/// Looking for faults and backing up, again and again, while deliveries come: no reader is in the log's way.
@Suite(.serialized) struct WalTests {
    @Test func theLogStaysShortWhileEverythingIsReadUnderLoad() throws {
        let handler = try Handler("polar-orders", ["FASTCGI_THREADS": "8"])
        let log = handler.directory.path + "/credits.db-wal"
        let (path, environment) = (handler.socketPath, handler.environment)
        let isOver = Monitor(false)
        let looks = Monitor<[String: Int]>([:])
        let longest = Monitor<Int64>(0)
        let delivered = Monitor(0)
        let looking = Monitor(3)

        func again(_ arguments: [String]) {
            startThread {
                while !isOver.withLock({ $0 }) {
                    let ended = try? Program("creditctl").run(arguments, environment: environment)
                    #expect(ended?.status == 0, "\(arguments): \(ended?.output ?? "") \(ended?.errors ?? "")")
                    looks.withLock { $0[arguments[0], default: 0] += 1 }
                }
                looking.withLock { $0 -= 1 }
            }
        }
        for _ in 0..<2 { again(["ledger", "verify"]) }
        again(["backup", "--keep", "1"])
        atOnce(4) { _ in
            for _ in 0..<Self.deliveries / 4 {
                let status = try? Self.deliver(to: path)
                #expect(status == 202)
                delivered.withLock { $0 += status == 202 ? 1 : 0 }
                longest.withLock { $0 = max($0, Self.size(of: log)) }
            }
        }
        isOver.withLock { $0 = true }
        looking.wait { $0 == 0 ? () : nil }
        let done = looks.withLock { $0 }
        #expect(delivered.withLock { $0 } == Self.deliveries)
        #expect(done["ledger"] ?? 0 > 2 && done["backup"] ?? 0 > 1, "\(done)")
        let most = longest.withLock { $0 }
        #expect(most < 48 << 20, "of \((Self.deliveries * Self.bytes) >> 20) MiB: \(most >> 20) MiB")
        print("the log had at most \(most >> 20) MiB of \((Self.deliveries * Self.bytes) >> 20) MiB; \(done)")
    }

    /// One that dies half-way as well: then the log is everybody's again.
    @Test func aBackupThatStandsStillKeepsNobodyFromWriting() throws {
        let handler = try Handler()
        let database = handler.directory.path + "/credits.db"
        let filled = try Program("/usr/bin/sqlite3").run([
            database,
            """
            CREATE TABLE ballast AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
                SELECT i, randomblob(4000) FROM n;
            PRAGMA wal_checkpoint(TRUNCATE);
            """,
        ])
        #expect(filled.status == 0, "\(filled.errors)")
        let backup = try Program("creditctl").start(["backup"], environment: handler.environment)
        try eventually("it copies", within: .seconds(30)) { Self.copiedBytes(beside: database) > 1 << 20 }
        backup.signal(SIGSTOP)

        func deliver(_ number: Int) throws {
            for _ in 0..<number { #expect(try Self.deliver(to: handler.socketPath) == 202) }
        }
        try deliver(160)
        #expect(Self.copiedBytes(beside: database) < 100 << 20, "it was stopped half-way")
        #expect(Self.size(of: database + "-wal") > 32 << 20, "it reads")
        backup.signal(SIGKILL)
        #expect(backup.wait(within: .seconds(10)) == -SIGKILL)
        try eventually("the log is everybody's again") {
            try deliver(1)
            return Self.size(of: database + "-wal") < 17 << 20
        }
        for arguments in [["backup"], ["backup", "check"], ["ledger", "verify"]] {
            let ended = try Program("creditctl").run(arguments, environment: handler.environment)
            #expect(ended.status == 0, "\(arguments): \(ended.output)\(ended.errors)")
        }
    }

    private static func copiedBytes(beside database: String) -> Int64 {
        let backups = database.replacing("credits.db", with: "backups")
        let unfinished = FileManager.default.enumerator(atPath: backups)?.compactMap { $0 as? String } ?? []
        return unfinished.map { size(of: backups + "/" + $0) }.max() ?? 0
    }

    private static func size(of path: String) -> Int64 {
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64
        return size ?? 0
    }

    private static let deliveries = 400
    private static let bytes = 256 << 10

    private static func deliver(to path: String) throws -> Int? {
        let event = OrderEvent(product: Handler.product)
        let body = #"{"padding":""# + String(repeating: "x", count: bytes) + #"","# + event.body.dropFirst()
        let request = FastCGIRequest(SignedWebhook(Array(body.utf8), secret: Handler.secret))
        let connection = try UnixSocket.connected(to: path)
        connection.write(request.beginning() + request.ending())
        return FastCGIAnswer(records: connection.readToEnd())?.status
    }
}
