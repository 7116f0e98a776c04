import Foundation
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
                longest.withLock { $0 = max($0, size(of: log)) }
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

    private func size(of path: String) -> Int64 {
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
