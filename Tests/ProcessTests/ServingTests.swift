import Glibc
import TestSupport
import Testing

/// The built `polar-orders` over a real socket, with nothing of nginx between.
@Suite(.serialized) struct ServingTests {
    private let handler: Handler

    init() throws { handler = try Handler() }

    private func webhook(_ body: [UInt8] = Array(OrderEvent(product: Handler.product).body.utf8)) -> SignedWebhook {
        SignedWebhook(body, secret: Handler.secret)
    }

    @Test func anOrderIsTaken() throws {
        let answer = try #require(try handler.deliver(OrderEvent(product: Handler.product)))
        #expect(answer.status == 202 && answer.body.isEmpty)
        #expect(
            try handler.lines().contains {
                $0.contains(#""event":"order.applied""#) && $0.contains(#""request.id":"r1""#)
            })
        #expect(try handler.creditctl("ledger", "verify").status == 0)
    }

    @Test func whatTransactionsAddedUpIsFoldedMeanwhile() throws {
        func sqlite(_ sql: String) throws -> String {
            let ended = try Program("/usr/bin/sqlite3").run(["\(handler.directory.path)/credits.db", sql])
            #expect(ended.status == 0, "\(ended.errors)")
            return ended.output
        }
        _ = try sqlite(
            """
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
            INSERT INTO sum_changes (name, key, day, count, amount) SELECT 'counters', 'a', 0, 1, 0 FROM n
            """)
        try eventually("it is folded", within: .seconds(30)) {
            try sqlite("SELECT count(*) FROM sum_changes WHERE key = 'a'") == "0\n"
        }
        #expect(try sqlite("SELECT count FROM sums WHERE key = 'a'") == "5000\n")
    }

    @Test func aBodyUpToTheLimitIsReadAndOneByteMoreIsNot() throws {
        let limit = 1 << 20
        let whole = try #require(
            try handler.answer(to: FastCGIRequest(webhook([UInt8](repeating: 0x20, count: limit)))))
        #expect(whole.status == 400, "read, verified, and no event")
        let more = try #require(
            try handler.answer(to: FastCGIRequest(webhook([UInt8](repeating: 0x20, count: limit + 1)))))
        #expect(more.status == 413)
        #expect(String(decoding: more.body, as: UTF8.self).contains(#""limit_bytes":1048576"#))
    }

    @Test func aBodyThatEndsEarlyIsRefused() throws {
        let request = FastCGIRequest(webhook())
        for length in [0, 1, request.body.count - 1] {
            let connection = try handler.connect()
            connection.write(request.beginning(bodyBytes: length) + request.ending())
            #expect(FastCGIAnswer(records: connection.readToEnd())?.status == 400)
        }
        #expect(try handler.answer(to: request)?.status == 202, "and harms nobody")
    }

    @Test func aConnectionThatBreaksHarmsNobody() throws {
        let request = FastCGIRequest(webhook())
        for length in [0, 4, 8, 16, 40, request.beginning().count - 1] {
            let connection = try handler.connect()
            connection.write(Array(request.beginning().prefix(length)))
        }
        #expect(try handler.answer(to: request)?.status == 202)
        #expect(try handler.creditctl("ledger", "verify").status == 0)
    }

    @Test(arguments: [
        ("a length below zero", "CONTENT_LENGTH", "-1"), ("a length in words", "CONTENT_LENGTH", "ten"),
        ("a length with an exponent", "CONTENT_LENGTH", "1e2"), ("a length with a sign", "CONTENT_LENGTH", "+10"),
        ("a length beyond Int", "CONTENT_LENGTH", "99999999999999999999"),
        ("a length with a space", "CONTENT_LENGTH", " 10"),
    ])
    func aLengthThatIsNoneIsRefused(_ description: String, _ name: String, _ value: String) throws {
        var request = FastCGIRequest(webhook())
        request.set(name, value)
        #expect(try handler.answer(to: request)?.status == 400, "\(description)")
    }

    @Test func aNameThatStandsTwiceIsRefused() throws {
        for name in ["REMOTE_USER", "HTTP_WEBHOOK_ID", "CONTENT_LENGTH"] {
            var request = FastCGIRequest(webhook())
            request.parameters += [(name, "1"), (name, "2")]
            #expect(try handler.answer(to: request)?.status == 400, "\(name)")
        }
    }

    @Test func anotherMethodIsNotAllowed() throws {
        let answer = try #require(try handler.answer(to: FastCGIRequest("GET", "/polar/orders")))
        #expect(answer.status == 405 && answer.head.contains("allow: POST"))
    }

    @Test func aForgeryIsRefused() throws {
        var request = FastCGIRequest(webhook())
        request.body[0] ^= 1
        #expect(try handler.answer(to: request)?.status == 403)
        #expect(try handler.creditctl("ledger", "verify").status == 0)
    }

    @Test func anotherSchemaIsAFaultOfTheSettings() throws {
        _ = try handler.deliver(OrderEvent(product: Handler.product))
        let tampered = try Program("/usr/bin/sqlite3").run([
            handler.environment["CREDITS_DATABASE"] ?? "", "PRAGMA user_version = 99",
        ])
        #expect(tampered.status == 0)
        handler.signal(SIGTERM)
        #expect(try handler.end(within: .seconds(10)) == 0)
        try handler.start()
        #expect(try handler.end(within: .seconds(10)) == 78, "another schema is a fault of the settings")
        #expect(try handler.lines().last?.contains("run creditctl migrate") == true)
    }

    /// Whoever can connect can say who the caller is.
    @Test(
        .enabled(if: geteuid() == 0, "only root can be another user"),
        arguments: [
            ("nobody", false), ("www-data", true), ("root", true),
        ])
    func onlyNginxMayConnect(_ user: String, _ isServed: Bool) throws {
        let request = FastCGIRequest(webhook())
        let script = """
            import socket, sys
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(10)
            peer.connect(sys.argv[1])
            try:
                peer.sendall(sys.stdin.buffer.read())
                while data := peer.recv(65536): sys.stdout.buffer.write(data)
            except (BrokenPipeError, ConnectionResetError): pass
            """
        let client = try Program("/usr/bin/setpriv").run(
            ["--reuid", user, "--clear-groups", "/usr/bin/python3", "-c", script, handler.socketPath],
            environment: ["PATH": "/usr/bin:/bin"], input: request.beginning() + request.ending())
        #expect(client.status == 0, "\(client.errors)")
        #expect(client.output.contains("Status: 202") == isServed)
        #expect(client.output.isEmpty == !isServed)
    }
}
