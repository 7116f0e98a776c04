import Foundation
import Glibc
import TestSupport
import Testing
import Threads

/// SIGTERM finishes what is in hand and takes nothing more; kill -9 loses nothing that was acknowledged.
@Suite(.serialized) struct StoppingTests {
    private let handler: Handler

    init() throws { handler = try Handler() }

    private func webhook() -> SignedWebhook {
        SignedWebhook(Array(OrderEvent(product: Handler.product).body.utf8), secret: Handler.secret)
    }

    @Test func anIdleProcessEndsAtOnce() throws {
        #expect(try handler.deliver(OrderEvent(product: Handler.product))?.status == 202)
        handler.signal(SIGTERM)
        #expect(try handler.end(within: .seconds(3)) == 0)
        #expect(try handler.lines().last?.contains("process.stopped") == true)
    }

    @Test func asSystemdStartsItItServesAndEnds() throws {
        let handler = try Handler(by: .systemd(process: "$$"))
        #expect(try handler.deliver(OrderEvent(product: Handler.product))?.status == 202)
        handler.signal(SIGTERM)
        #expect(try handler.end(within: .seconds(3)) == 0)
        #expect(try handler.lines().last?.contains("process.stopped") == true)
    }

    /// What systemd says to one process is inherited by those that it starts.
    @Test func aSocketThatIsAnothersIsLeftAlone() throws {
        let handler = try Handler(by: .systemd(process: "1"))
        #expect(try handler.end(within: .seconds(10)) == 0, "it answered one request as a CGI program")
        #expect(try handler.lines().contains { $0.hasPrefix("Status: ") })
    }

    @Test func aRequestInHandIsFinished() throws {
        let request = FastCGIRequest(webhook())
        let connections = try (0..<3).map { _ in try handler.connect() }
        for connection in connections { connection.write(request.beginning(bodyBytes: 10)) }
        // A fourth thread is free: once it has answered, the three before it are in hand.
        #expect(try handler.deliver(OrderEvent(product: Handler.product))?.status == 202)
        handler.signal(SIGTERM)
        let late = try handler.connect()
        late.write(request.beginning() + request.ending())
        for connection in connections { connection.write(request.ending(bodyBytes: 10)) }
        let statuses = connections.map { FastCGIAnswer(records: $0.readToEnd())?.status }
        #expect(statuses == [202, 202, 202])
        #expect(try handler.end(within: .seconds(10)) == 0)

        // What came too late for this process waits in the socket for the next.
        try handler.start()
        #expect(FastCGIAnswer(records: late.readToEnd())?.status == 202)
        #expect(try handler.creditctl("ledger", "verify").status == 0)
    }

    @Test func aRequestThatNeverEndsDoesNotKeepTheProcess() throws {
        let connection = try handler.connect()
        connection.write(FastCGIRequest(webhook()).beginning(bodyBytes: 10))
        #expect(try handler.deliver(OrderEvent(product: Handler.product))?.status == 202)
        handler.signal(SIGTERM)
        #expect(try handler.end(within: .seconds(10)) == 0)
    }

    @Test func killedTwentyTimesNothingAcknowledgedIsLostOrDoubled() throws {
        let path = handler.socketPath
        let acknowledged = Monitor<[String]>([])
        let isOver = Monitor(false)
        let running = Monitor(8)
        for _ in 0..<8 {
            startThread {
                while !isOver.withLock({ $0 }) {
                    var event = OrderEvent(product: Handler.product)
                    event.user = "user-\(event.order)"
                    let body = Array(event.body.utf8)
                    let id = UUID().uuidString
                    // As Polar does: the same event until it is taken, each time under a new signature.
                    while true {
                        let request = FastCGIRequest(SignedWebhook(body, id: id, secret: Handler.secret))
                        guard let connection = try? UnixSocket.connected(to: path) else { continue }
                        connection.write(request.beginning() + request.ending())
                        if FastCGIAnswer(records: connection.readToEnd())?.status == 202 { break }
                        if isOver.withLock({ $0 }) { break }
                    }
                    if !isOver.withLock({ $0 }) { acknowledged.withLock { $0.append(event.order) } }
                }
                running.withLock { $0 -= 1 }
            }
        }
        for round in 1...20 {
            let before = acknowledged.withLock { $0.count }
            try eventually("orders go on in round \(round)") { acknowledged.withLock { $0.count } > before + 20 }
            handler.signal(SIGKILL)
            #expect(try handler.end(within: .seconds(10)) == -SIGKILL)
            try handler.start()
        }
        isOver.withLock { $0 = true }
        running.wait { $0 == 0 ? () : nil }

        let orders = acknowledged.withLock { $0 }
        let granted = try Program("/usr/bin/sqlite3").run([
            handler.environment["CREDITS_DATABASE"] ?? "",
            "SELECT order_id FROM ledger_entry WHERE kind = 'purchase' AND amount = 420",
        ]).output.split(separator: "\n").map(String.init)
        #expect(orders.count > 400)
        #expect(granted.count == Set(granted).count, "none is doubled")
        #expect(Set(orders).isSubset(of: granted), "none is lost")
        let verified = try handler.creditctl("ledger", "verify")
        #expect(verified.status == 0, "\(verified.output)")
    }
}
